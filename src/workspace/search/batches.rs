//! Files searched by several threads at once, and what they find in the order of the files.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use super::Hits;
use crate::workspace::RelPath;

/// Files that a thread takes at once. A search in no more of them takes one thread.
const BATCH: usize = 16;

/// The most threads of one search: reading does not get faster with more.
const MAX_THREADS: usize = 8;

/// What `search` finds in the files, until more than `limit` hits stand in a row. The lock is held while the next files
/// are looked for, never while they are searched.
pub(super) fn side_by_side(
    files: impl Iterator<Item = RelPath> + Send,
    limit: usize,
    search: impl Fn(Vec<RelPath>) -> Hits + Sync,
) -> Hits {
    let batches = Mutex::new(Batches::new(files));
    let next = || locked(&batches).take(limit);
    let work = |first: Option<(usize, Vec<RelPath>)>| {
        let mut batch = first;
        while let Some((number, paths)) = batch.take().or_else(next) {
            let found = search(paths);
            locked(&batches).put(number, found);
        }
    };
    let first = next();
    thread::scope(|threads| {
        let others = if locked(&batches).ended { 0 } else { threads_of_a_search() - 1 };
        (0..others).for_each(|_| drop(threads.spawn(|| work(None))));
        work(first);
    });
    std::mem::take(&mut locked(&batches).in_order)
}

/// Half of the processors, so that the editor is answered meanwhile; at least two where there are so many.
fn threads_of_a_search() -> usize {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    (processors / 2).clamp(2, MAX_THREADS).min(processors)
}

/// The files that are left, and what was found.
struct Batches<I> {
    files: I,
    /// No files are left.
    ended: bool,
    taken: usize,
    /// Of batches of which one before is still searched.
    found: BTreeMap<usize, Hits>,
    /// Of all batches before those.
    in_order: Hits,
    /// How many those are.
    joined: usize,
}

impl<I: Iterator<Item = RelPath>> Batches<I> {
    fn new(files: I) -> Batches<I> {
        Batches { files, ended: false, taken: 0, found: BTreeMap::new(), in_order: Hits::default(), joined: 0 }
    }

    /// The next files to search, with their number in the order; none once there are enough hits.
    fn take(&mut self, limit: usize) -> Option<(usize, Vec<RelPath>)> {
        if self.ended || self.in_order.hits.len() > limit {
            return None;
        }
        let paths: Vec<RelPath> = self.files.by_ref().take(BATCH).collect();
        self.ended = paths.len() < BATCH;
        let number = self.taken;
        self.taken += 1;
        (!paths.is_empty()).then_some((number, paths))
    }

    /// Keeps what was found in a batch, and joins what is in a row.
    fn put(&mut self, number: usize, found: Hits) {
        self.found.insert(number, found);
        while let Some(mut next) = self.found.remove(&self.joined) {
            self.in_order.hits.append(&mut next.hits);
            self.in_order.unread.append(&mut next.unread);
            self.joined += 1;
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::Hit;
    use super::*;

    fn files(count: usize) -> impl Iterator<Item = RelPath> + Send {
        (0..count).map(|number| RelPath::parse(&format!("{number:05}")).expect("a path"))
    }

    /// One hit a file.
    fn hits(paths: Vec<RelPath>) -> Hits {
        let hit = |path| Hit { path, line: 1, text: String::new(), cut: false };
        Hits { hits: paths.into_iter().map(hit).collect(), ..Hits::default() }
    }

    #[test]
    fn what_is_found_stands_in_the_order_of_the_files() {
        for count in [0, 1, BATCH, BATCH + 1, 40 * BATCH - 1] {
            let found = side_by_side(files(count), usize::MAX, hits);
            assert!(found.hits.iter().map(|hit| &hit.path).eq(files(count).collect::<Vec<_>>().iter()), "{count}");
        }
    }

    #[test]
    fn nothing_more_is_taken_once_enough_stands_in_a_row() {
        let mut batches = Batches::new(files(10 * BATCH));
        let taken: Vec<_> = (0..3).filter_map(|_| batches.take(BATCH)).collect();
        let [first, second, third] = <[_; 3]>::try_from(taken).expect("three batches");
        batches.put(third.0, hits(third.1));
        batches.put(second.0, hits(second.1));
        assert!(batches.in_order.hits.is_empty() && batches.take(BATCH).is_some(), "the first is still searched");
        batches.put(first.0, hits(first.1));
        assert_eq!(batches.in_order.hits.len(), 3 * BATCH);
        assert!(batches.take(BATCH).is_none());
    }
}
