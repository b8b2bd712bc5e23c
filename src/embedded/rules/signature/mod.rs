//! Changed signatures: what the user changed in a function's parameters is done to its calls and other declarations.
//!
//! Only where it is determined by names and places; everything else is named with the reason. No value is ever made up.

mod arrangement;
mod call;
mod declaration;
mod detect;
mod parameters;
mod sites;
mod value;

use super::conversation::Conversation;
use super::lexer::{Language, Source};
use super::lists::Lists;
use super::rename::{Found, Outcome, Rename, listed, place, plural};
use super::rewrite::Rewrite;
use super::symbol::{Function, Reach};
use super::{Reply, analysis};
use arrangement::{Arrangement, Stays};
pub use detect::detect;

use parameters::Parameter;
use sites::{File, Site};

/// The name that uses are looked for under: no text has it, so that it collides with nothing.
const NOWHERE: &str = "\u{1}";

/// A function whose parameters changed.
#[derive(Debug)]
pub struct Reshaped {
    /// Its name now.
    name: String,
    /// Its name before.
    former: String,
    path: String,
    /// Byte offset of its name.
    offset: usize,
    /// What its calls name, where that is not the function: a constructor's class.
    class: Option<(String, usize)>,
    /// How the parameters changed, or why nothing can be done about it.
    change: Result<Arrangement, &'static str>,
}

/// What became of the places of one function.
#[derive(Default)]
struct Tally {
    calls: usize,
    declarations: usize,
    files: usize,
    /// Calls of arguments that are passed no more.
    lost: Vec<String>,
    /// Calls that lack an argument.
    unknown: Vec<String>,
    /// Calls that were not touched because nothing can be done, or because nothing was to do.
    kept: Vec<String>,
    left: Vec<(String, Option<&'static str>)>,
    /// Where its name was seen: declarations of the same function.
    declared: Vec<(String, usize)>,
}

/// Changes the calls and other declarations of functions, asking for what has to be known first.
pub fn carry_through(
    conversation: &Conversation<'_>,
    all: &[Reshaped],
    renames: &[Rename],
    outcome: &mut Outcome,
) -> Result<(), Reply> {
    let mut covered: Vec<(String, usize)> = Vec::new();
    for function in all {
        // A prototype that was changed together with its definition is done with it.
        if covered.contains(&(function.path.clone(), function.offset)) {
            continue;
        }
        let tally = function.carry(conversation, renames, outcome)?;
        function.say(conversation, &tally, outcome);
        covered.extend(tally.declared);
    }
    Ok(())
}

/// The functions, of this name where there is one, that have a parameter of a name: byte offsets of their names.
pub fn with_parameter(source: &Source<'_>, name: Option<&str>, parameter: &str) -> Vec<usize> {
    let lists = Lists::of(source.clone());
    let has = |function: &Function| {
        name.is_none_or(|name| lists.at(function.name) == name)
            && parameters::read(&lists, function).iter().any(|one| one.name == parameter)
    };
    let functions = analysis::functions(source).into_iter().filter(has);
    functions.map(|function| source.code[function.name].start).collect()
}

/// Removes a parameter of the function whose name stands at a place, and what its calls pass for it.
pub fn without_parameter(
    conversation: &Conversation<'_>,
    (path, offset): (&str, usize),
    parameter: &str,
    outcome: &mut Outcome,
) -> Result<(), Reply> {
    let Some(text) = conversation.text(path) else { return Ok(()) };
    let lists = Lists::of(Source::lex(path, text));
    let functions = analysis::functions(&lists.source);
    let named = |function: &&Function| lists.source.code[function.name].start == offset;
    let Some(function) = functions.iter().find(named) else { return Ok(()) };
    let old = parameters::read(&lists, function);
    let new = old.iter().filter(|one| one.name != parameter).cloned().collect();
    let count = old.len();
    let arrangement = Arrangement::between(old, new, |_, _| false);
    let name = lists.at(function.name).to_owned();
    let at = place(conversation, path, offset);
    let declared = match detect::obstacle(&lists, &functions, function, &arrangement, count) {
        Some(why) => Err(why),
        None => declaration::follow(&lists, function, &arrangement, path),
    };
    match declared {
        Ok(Some(rewrite)) => outcome.rewrites.entry(path.to_owned()).or_default().push(rewrite),
        Ok(None) => return Ok(()),
        Err(why) => {
            outcome.say(format!("the parameter `{parameter}` of `{name}` ({at}) was left alone: {why}."));
            return Ok(());
        }
    }
    let reshaped = Reshaped {
        former: name.clone(),
        name,
        path: path.to_owned(),
        offset,
        class: sites::constructed(&lists, function.name),
        change: Ok(arrangement),
    };
    carry_through(conversation, &[reshaped], &[], outcome)
}

impl Reshaped {
    fn carry(
        &self,
        conversation: &Conversation<'_>,
        renames: &[Rename],
        outcome: &mut Outcome,
    ) -> Result<Tally, Reply> {
        let found = self.found(conversation, renames)?;
        let mut tally = Tally::default();
        for why in &found.refusals {
            tally.left.push((format!("the calls of `{}` ({why})", self.name), None));
        }
        for (path, offset, why) in &found.left {
            tally.left.push((place(conversation, path, *offset), Some(why)));
        }
        tally.left.extend(found.unknown.iter().map(|path| (format!("{path} (it could not be read)"), None)));
        let class = self.class.is_some();
        for (path, edits) in &found.edits {
            let Some(file) = File::of(conversation, path) else { continue };
            let mut offsets: Vec<usize> =
                edits.iter().filter(|edit| edit.text.contains(NOWHERE)).map(|edit| edit.start).collect();
            offsets.sort_unstable();
            offsets.dedup();
            let sites: Vec<Site> = match &self.class {
                Some((name, _)) => sites::constructions(&file, &offsets, name),
                None => offsets.iter().filter_map(|offset| sites::classify(&file, *offset)).collect(),
            };
            let before = tally.calls + tally.declarations;
            for site in sites {
                self.judge(&file, site, class, outcome, &mut tally);
            }
            tally.files += usize::from(tally.calls + tally.declarations > before);
        }
        tally.unknown.dedup();
        tally.kept.dedup();
        tally.lost.dedup();
        Ok(tally)
    }

    /// The places where the function, or the class it makes objects of, is named.
    fn found(&self, conversation: &Conversation<'_>, renames: &[Rename]) -> Result<Found, Reply> {
        let (name, place) = match &self.class {
            Some((class, offset)) => (class, (self.path.clone(), *offset)),
            None => (&self.name, sites::declared(conversation, &self.path, self.offset)?),
        };
        let renamed = renames.iter().find(|rename| rename.definitions.contains(&place));
        let old = renamed.map_or(if self.class.is_some() { name } else { &self.former }, |rename| &rename.old).clone();
        let done: Vec<_> =
            renames.iter().filter(|other| other.old == old).flat_map(|other| other.done.clone()).collect();
        let rename = Rename {
            old,
            new: NOWHERE.to_owned(),
            done,
            definitions: vec![place],
            what: "function",
            reach: Reach::Workspace,
        };
        Found::find(conversation, &rename, renames)
    }

    /// Does to one place what has to be done there.
    fn judge(&self, file: &File<'_>, site: Site, class: bool, outcome: &mut Outcome, tally: &mut Tally) {
        let path = file.lists.source.path;
        let at = |token: usize| format!("{path}:{}", file.lists.source.line_of(file.lists.source.code[token].start));
        match site {
            Site::Declaration(function) => {
                tally.declared.push((path.to_owned(), file.lists.source.code[function.name].start));
                let Ok(change) = &self.change else { return };
                match declaration::follow(&file.lists, &function, change, &self.path) {
                    Ok(Some(rewrite)) => {
                        let rewrites = outcome.rewrites.entry(path.to_owned()).or_default();
                        if !rewrites.contains(&rewrite) {
                            tally.declarations += 1;
                            rewrites.push(rewrite);
                        }
                    }
                    Ok(None) => {}
                    Err(why) => tally.left.push((at(function.name), Some(why))),
                }
            }
            Site::Value(token, why) if !class => tally.left.push((at(token), Some(why))),
            Site::Value(..) => {}
            Site::Call { name, brackets, on_object } => {
                if file.is_users_own(name, brackets.1, &self.former) {
                    return;
                }
                let Ok(change) = &self.change else { return tally.kept.push(at(name)) };
                match self.rearranged(file, name, brackets, on_object, change) {
                    Ok((Some(rewrite), lost)) => {
                        tally.calls += 1;
                        tally.lost.extend(lost.then(|| at(name)));
                        let rewrites = outcome.rewrites.entry(path.to_owned()).or_default();
                        if !rewrites.contains(&rewrite) {
                            rewrites.push(rewrite);
                        }
                    }
                    Ok((None, _)) => tally.kept.push(at(name)),
                    Err(Stays::Left(why)) => tally.left.push((at(name), Some(why))),
                    Err(Stays::Unknown(_)) => tally.unknown.push(at(name)),
                }
            }
        }
    }

    /// A call with its new arguments, and whether a call among the old ones is gone.
    fn rearranged(
        &self,
        file: &File<'_>,
        name: usize,
        brackets: (usize, usize),
        on_object: bool,
        change: &Arrangement,
    ) -> Result<(Option<Rewrite>, bool), Stays> {
        let call = call::Call::read(&file.lists, brackets).map_err(Stays::Left)?;
        let keywords = file.lists.source.language == Language::Python;
        // A class method is called on its class.
        let on_object = on_object || change.old.first().is_some_and(|first| first.text == "cls");
        let has = |parameter: &Parameter| value::is_at_hand(&file.lists, &file.functions, name, parameter);
        let slots = change.arrange(&call.arguments, on_object, keywords, has)?;
        let rewrite = call.rewritten(file.lists.source.text, &slots).map_err(Stays::Left)?;
        Ok((rewrite, call.loses_a_call(&slots)))
    }

    fn say(&self, conversation: &Conversation<'_>, tally: &Tally, outcome: &mut Outcome) {
        let at = place(conversation, &self.path, self.offset);
        let mut sentence = format!("The parameters of `{}` ({at}) changed", self.name);
        let code = |names: Vec<&str>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        match &self.change {
            Err(why) if tally.kept.is_empty() => sentence.push_str(&format!(", but {why}; no call of it was found.")),
            Err(why) => sentence
                .push_str(&format!(", but {why}; what its callers pass is yours to decide: {}.", listed(&tally.kept))),
            Ok(change) => {
                let unsettled = |parameter: &&Parameter| !parameter.optional;
                let wanted: Vec<&str> = change.added().filter(unsettled).map(|one| one.name.as_str()).collect();
                let defaults: Vec<&str> =
                    change.added().filter(|one| one.optional).map(|one| one.name.as_str()).collect();
                let nothing = tally.calls + tally.declarations == 0;
                match (nothing, tally.kept.is_empty() && tally.unknown.is_empty() && tally.left.is_empty()) {
                    (true, true) => sentence.push_str("; no other place calls it."),
                    (true, false) => sentence.push('.'),
                    (false, _) => sentence.push_str(&format!("; {}.", tally.done())),
                }
                if !defaults.is_empty() {
                    sentence.push_str(&format!(" {} can be left out, so its callers need nothing.", code(defaults)));
                }
                if !tally.unknown.is_empty() {
                    let wanted = if wanted.is_empty() { "what may no longer be left out".into() } else { code(wanted) };
                    sentence.push_str(&format!(
                        " What to pass for {wanted} only you or a model can say: {}.",
                        listed(&tally.unknown)
                    ));
                }
                let retyped: Vec<&str> = change
                    .retyped()
                    .map(|one| if one.name.is_empty() { one.text.as_str() } else { &one.name })
                    .collect();
                if !retyped.is_empty() {
                    let callers =
                        if tally.kept.is_empty() { String::new() } else { format!(": {}", listed(&tally.kept)) };
                    sentence.push_str(&format!(
                        " {} has another type now; whether what is passed still fits is for you or a compiler to say{callers}.",
                        code(retyped)
                    ));
                }
                if !tally.lost.is_empty() {
                    sentence.push_str(&format!(
                        " An argument that called something went with its parameter: {}.",
                        listed(&tally.lost)
                    ));
                }
            }
        }
        outcome.say(sentence);
        outcome.say_left(tally.left.clone());
    }
}

impl Tally {
    /// `3 calls and 1 declaration in 2 files follow`
    fn done(&self) -> String {
        let count = |number: usize, what: &str| (number > 0).then(|| format!("{number} {what}{}", plural(number)));
        let counts: Vec<String> =
            [count(self.calls, "call"), count(self.declarations, "declaration")].into_iter().flatten().collect();
        format!("{} in {} file{} changed with them", counts.join(" and "), self.files, plural(self.files))
    }
}
