//! How the parameters of a function changed, and what that makes of the arguments of a call.
//!
//! An argument is never made up: what is added without a default value is passed only where the caller has it by that
//! very name.

use super::call::Argument;
use super::parameters::{Kind, Parameter};

/// The parameters before and after, and which became which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrangement {
    pub old: Vec<Parameter>,
    pub new: Vec<Parameter>,
    /// For every new parameter the old one it was; nothing for an added one.
    pub from: Vec<Option<usize>>,
}

/// What stands at a place of the new list of arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot {
    /// This argument of the call.
    Passed(usize),
    /// This argument of the call, from now on with a keyword.
    PassedAs(usize, String),
    /// The caller's own variable of the parameter's name.
    Variable(String),
    /// The caller's own variable, with a keyword.
    VariableAs(String),
}

/// Why a call stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stays {
    /// Rules do not reach; why.
    Left(&'static str),
    /// The arguments of these new parameters are not known.
    Unknown(Vec<usize>),
}

const FEWER: &str = "it passes fewer arguments than there were parameters";
const MORE: &str = "it passes more arguments than there were parameters";
const KEYWORD: &str = "it passes a keyword that was no parameter";
const GAP: &str = "an argument before others was left out or added in between";

impl Arrangement {
    /// Compares two lists of parameters. `is_rename` says whether the user put the second name in place of the first.
    pub fn between(
        old: Vec<Parameter>,
        new: Vec<Parameter>,
        is_rename: impl Fn(&Parameter, &Parameter) -> bool,
    ) -> Arrangement {
        let same = |one: &Parameter, other: &Parameter| match (one.kind, other.kind) {
            (Kind::Receiver, Kind::Receiver) => true,
            (Kind::Receiver, _) | (_, Kind::Receiver) => false,
            _ if one.name.is_empty() => other.text == one.text,
            _ => one.name == other.name,
        };
        let mut from: Vec<Option<usize>> =
            new.iter().map(|parameter| old.iter().position(|other| same(other, parameter))).collect();
        let free = |from: &[Option<usize>], index: usize| !from.contains(&Some(index));
        for (index, parameter) in new.iter().enumerate() {
            if from[index].is_none() {
                let mut renamed = old.iter().enumerate().filter(|(other, _)| free(&from, *other));
                from[index] = renamed.find(|(_, other)| is_rename(other, parameter)).map(|(other, _)| other);
            }
        }
        Arrangement { old, new, from }
    }

    /// The old parameters that are gone.
    pub fn removed(&self) -> impl Iterator<Item = &Parameter> {
        let gone = self.old.iter().enumerate().filter(|(index, _)| !self.from.contains(&Some(*index)));
        gone.map(|(_, parameter)| parameter)
    }

    /// The new parameters that were not there before.
    pub fn added(&self) -> impl Iterator<Item = &Parameter> {
        let added = self.new.iter().zip(&self.from).filter(|(_, from)| from.is_none());
        added.map(|(parameter, _)| parameter)
    }

    /// The parameters whose declared type is another one now.
    pub fn retyped(&self) -> impl Iterator<Item = &Parameter> {
        let pairs = self.new.iter().zip(&self.from).filter_map(|(new, from)| Some((&self.old[(*from)?], new)));
        let other = |(old, new): &(&Parameter, &Parameter)| match new.kind {
            Kind::Receiver => old.text != new.text,
            _ => old.ty != new.ty,
        };
        pairs.filter(other).map(|(_, new)| new)
    }

    /// Whether parameters changed places.
    pub fn is_reordered(&self) -> bool {
        let kept: Vec<usize> = self.from.iter().flatten().copied().collect();
        !kept.is_sorted()
    }

    /// Whether nothing changed but names and the way they are written.
    pub fn is_silent(&self) -> bool {
        let kinds = |(new, from): (&Parameter, &Option<usize>)| {
            from.is_some_and(|from| {
                let old = &self.old[from];
                old.kind == new.kind
                    && (new.optional || !old.optional)
                    && (old.kind != Kind::Receiver || old.text == new.text)
            })
        };
        let same = self.new.iter().zip(&self.from).all(kinds);
        same && self.removed().next().is_none() && self.retyped().next().is_none() && !self.is_reordered()
    }

    /// Whether the function takes an object where it did not, or no longer does.
    pub fn changes_receiver(&self) -> bool {
        let takes = |list: &[Parameter]| list.iter().any(|parameter| parameter.kind == Kind::Receiver);
        takes(&self.old) != takes(&self.new)
    }

    /// The new arguments of a call. `on_object` for `object.name(…)`, which does not pass its receiver as an argument;
    /// `has` says whether the caller has a variable for a parameter.
    pub fn arrange(
        &self,
        arguments: &[Argument],
        on_object: bool,
        keywords: bool,
        has: impl Fn(&Parameter) -> bool,
    ) -> Result<Vec<Slot>, Stays> {
        let bound = self.bind(arguments, on_object)?;
        let (mut plain, mut by_name, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        // Behind a parameter that is left out, or passed by its name, nothing can be passed by position.
        let mut gap = false;
        for (index, (parameter, from)) in self.new.iter().zip(&self.from).enumerate() {
            if on_object && parameter.kind == Kind::Receiver {
                continue;
            }
            let passed: &[usize] = from.map_or(&[], |from| bound[from].as_slice());
            let named = gap || parameter.kind == Kind::Keyword;
            match passed {
                [] if parameter.optional => gap |= parameter.kind == Kind::Plain,
                [] if from.is_none() && has(parameter) => match named {
                    false => plain.push(Slot::Variable(parameter.name.clone())),
                    true if keywords => by_name.push((usize::MAX, Slot::VariableAs(parameter.name.clone()))),
                    true => return Err(Stays::Left(GAP)),
                },
                [] if from.is_none() || self.old[from.unwrap_or(0)].optional => unknown.push(index),
                [] => return Err(Stays::Left(FEWER)),
                _ if passed.iter().all(|index| arguments[*index].keyword.is_some()) => {
                    gap |= parameter.kind == Kind::Plain;
                    by_name.extend(passed.iter().map(|index| (*index, Slot::Passed(*index))));
                }
                [one] if named && parameter.kind != Kind::Rest => match keywords {
                    true => by_name.push((*one, Slot::PassedAs(*one, parameter.name.clone()))),
                    false => return Err(Stays::Left(GAP)),
                },
                _ if named => return Err(Stays::Left(GAP)),
                _ => plain.extend(passed.iter().map(|index| Slot::Passed(*index))),
            }
        }
        if !unknown.is_empty() {
            return Err(Stays::Unknown(unknown));
        }
        by_name.sort_by_key(|(index, _)| *index);
        plain.extend(by_name.into_iter().map(|(_, slot)| slot));
        Ok(plain)
    }

    /// For every old parameter the arguments it is passed.
    fn bind(&self, arguments: &[Argument], on_object: bool) -> Result<Vec<Vec<usize>>, Stays> {
        let mut bound: Vec<Vec<usize>> = vec![Vec::new(); self.old.len()];
        let mut position = 0;
        for (index, argument) in arguments.iter().enumerate() {
            if let Some(keyword) = &argument.keyword {
                let named = self.old.iter().position(|old| old.name == *keyword && old.kind != Kind::Rest);
                let collects = || self.old.iter().position(|old| old.text.starts_with("**"));
                let taken = named.or_else(collects).ok_or(Stays::Left(KEYWORD))?;
                bound[taken].push(index);
                continue;
            }
            while self.old.get(position).is_some_and(|old| on_object && old.kind == Kind::Receiver) {
                position += 1;
            }
            let taken = self.old.get(position).filter(|old| old.kind != Kind::Keyword && !old.text.starts_with("**"));
            let rest = taken.ok_or(Stays::Left(MORE))?.kind == Kind::Rest;
            bound[position].push(index);
            position += usize::from(!rest);
        }
        Ok(bound)
    }
}
