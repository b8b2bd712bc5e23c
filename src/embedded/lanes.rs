//! Lanes of one connection: who may run, who waits, and the latest response of each lane.
//!
//! Pure bookkeeping, no I/O. Rules (official WebSocket guide): a lane is FIFO and never overlaps itself; lanes
//! interleave; at most 16 responses are active, more wait; at most 32 names in the life of a connection; only the
//! latest response of a lane can be continued. It must never hand out the same response twice to its own lane: a
//! continuation takes its parent, so that one that fails has evicted it.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use super::{conversation::Conversation, error::ApiError, request::Request};

/// Responses running at once on a connection.
const MAX_ACTIVE: usize = 16;
/// Names of lanes in the life of a connection.
const MAX_NAMES: usize = 32;
/// Requests waiting on a connection, all lanes together.
const MAX_WAITING: usize = 64;
/// Bytes of input waiting on a connection, all lanes together.
const MAX_WAITING_BYTES: usize = 64 * 1024 * 1024;

/// A lane's name; the default lane has none.
pub(super) type LaneName = Option<Arc<str>>;

/// A finished response that can be continued.
#[derive(Clone, Debug)]
pub(super) struct Latest {
    /// Its id.
    pub id: String,
    /// What was said, its own output included.
    pub conversation: Arc<Conversation>,
}

#[derive(Debug, Default)]
struct Lane {
    latest: Option<Latest>,
    queue: VecDeque<Request>,
    busy: bool,
}

/// All lanes of a connection.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: HashMap<LaneName, Lane>,
    /// Idle lanes with something queued, in the order they became so.
    ready: VecDeque<LaneName>,
    active: usize,
    waiting: usize,
    waiting_bytes: usize,
}

impl Lanes {
    /// Queues a request on its lane.
    ///
    /// # Errors
    /// `websocket_stream_limit_reached` for a name too many, `rate_limit_exceeded` when too much waits already.
    pub(super) fn admit(&mut self, request: Request) -> Result<(), ApiError> {
        let named = self.lanes.keys().flatten().count();
        if request.lane.is_some() && !self.lanes.contains_key(&request.lane) && named >= MAX_NAMES {
            let message = format!("A connection can use at most {MAX_NAMES} distinct `stream_id` values.");
            return Err(ApiError::invalid("websocket_stream_limit_reached", "stream_id", message));
        }
        if self.waiting >= MAX_WAITING || self.waiting_bytes + request.bytes > MAX_WAITING_BYTES {
            return Err(ApiError::too_many_waiting());
        }
        self.waiting += 1;
        self.waiting_bytes += request.bytes;
        let name = request.lane.clone();
        let lane = self.lanes.entry(name.clone()).or_default();
        if !lane.busy && lane.queue.is_empty() {
            self.ready.push_back(name);
        }
        lane.queue.push_back(request);
        Ok(())
    }

    /// The next request that may run; its lane is busy until [`Lanes::finish`].
    pub(super) fn next(&mut self) -> Option<Request> {
        if self.active >= MAX_ACTIVE {
            return None;
        }
        let lane = self.lanes.get_mut(&self.ready.pop_front()?)?;
        let request = lane.queue.pop_front()?;
        lane.busy = true;
        self.active += 1;
        self.waiting -= 1;
        self.waiting_bytes -= request.bytes;
        Some(request)
    }

    /// The response `id` to continue from `lane`: taken from the same lane, shared with another one (a fork).
    pub(super) fn parent(&mut self, lane: &LaneName, id: &str) -> Option<Arc<Conversation>> {
        let found = self.evict(lane, id).or_else(|| {
            let mut latest = self.lanes.values().filter_map(|lane| lane.latest.as_ref());
            latest.find(|latest| latest.id == id).cloned()
        });
        found.map(|latest| latest.conversation)
    }

    /// Gives up `id` where it is the latest response of `lane`.
    pub(super) fn evict(&mut self, lane: &LaneName, id: &str) -> Option<Latest> {
        self.lanes.get_mut(lane)?.latest.take_if(|latest| latest.id == id)
    }

    /// Whether `id` is the latest response of some lane.
    pub(super) fn holds(&self, id: &str) -> bool {
        self.lanes.values().filter_map(|lane| lane.latest.as_ref()).any(|latest| latest.id == id)
    }

    /// Keeps what a completed response left, in place of what its lane kept before.
    pub(super) fn keep(&mut self, name: &LaneName, latest: Latest) {
        if let Some(lane) = self.lanes.get_mut(name) {
            lane.latest = Some(latest);
        }
    }

    /// Frees a lane, however its response ended.
    pub(super) fn finish(&mut self, name: LaneName) {
        let Some(lane) = self.lanes.get_mut(&name).filter(|lane| lane.busy) else { return };
        lane.busy = false;
        self.active -= 1;
        if !lane.queue.is_empty() {
            self.ready.push_back(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::request::{ClientEvent, read_event};
    use super::*;

    fn request(lane: &str) -> Request {
        let lane = if lane.is_empty() { String::new() } else { format!(r#","stream_id":"{lane}""#) };
        let text = format!(r#"{{"type":"response.create","model":"m","input":"hi"{lane}}}"#);
        match read_event(&text) {
            Ok(ClientEvent::Create(request)) => *request,
            other => panic!("{other:?}"),
        }
    }

    fn latest(id: &str) -> Latest {
        Latest { id: id.into(), conversation: Arc::default() }
    }

    fn name(lane: &str) -> LaneName {
        Some(lane.into())
    }

    #[test]
    fn a_lane_never_overlaps_itself_and_lanes_do_not_wait_for_each_other() {
        let mut lanes = Lanes::default();
        for lane in ["a", "a", "b"] {
            lanes.admit(request(lane)).unwrap();
        }
        assert_eq!(lanes.next().unwrap().lane, name("a"));
        assert_eq!(lanes.next().unwrap().lane, name("b"));
        assert!(lanes.next().is_none());
        lanes.finish(name("a"));
        assert_eq!(lanes.next().unwrap().lane, name("a"));
    }

    #[test]
    fn sixteen_run_and_the_seventeenth_waits() {
        let mut lanes = Lanes::default();
        for index in 0..17 {
            lanes.admit(request(&format!("lane{index}"))).unwrap();
        }
        assert_eq!(std::iter::from_fn(|| lanes.next()).count(), 16);
        lanes.finish(name("lane3"));
        assert_eq!(lanes.next().unwrap().lane, name("lane16"));
    }

    #[test]
    fn the_thirty_third_name_is_refused_and_known_names_and_the_default_are_not() {
        let mut lanes = Lanes::default();
        lanes.admit(request("")).unwrap();
        for index in 0..32 {
            lanes.admit(request(&format!("lane{index}"))).unwrap();
        }
        let error = lanes.admit(request("lane32")).unwrap_err();
        assert_eq!((error.status, error.code), (400, "websocket_stream_limit_reached"));
        lanes.admit(request("lane31")).unwrap();
        lanes.admit(request("")).unwrap();
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut lanes = Lanes::default();
        for _ in 0..MAX_WAITING {
            lanes.admit(request("a")).unwrap();
        }
        assert_eq!(lanes.admit(request("a")).unwrap_err().code, "rate_limit_exceeded");
        lanes.next().unwrap();
        lanes.admit(request("a")).unwrap();
    }

    #[test]
    fn a_continuation_takes_its_parent_and_a_fork_shares_it() {
        let mut lanes = Lanes::default();
        lanes.admit(request("a")).unwrap();
        lanes.keep(&name("a"), latest("resp_1"));
        assert!(lanes.parent(&name("b"), "resp_1").is_some());
        assert!(lanes.parent(&name("a"), "resp_1").is_some());
        assert!(lanes.parent(&name("a"), "resp_1").is_none() && !lanes.holds("resp_1"));
    }

    #[test]
    fn a_failed_request_leaves_what_it_did_not_take() {
        let mut lanes = Lanes::default();
        lanes.admit(request("a")).unwrap();
        lanes.keep(&name("a"), latest("resp_1"));
        lanes.next().unwrap();
        lanes.finish(name("a"));
        assert!(lanes.holds("resp_1"));
    }
}
