//! Whether a caller has what a new parameter wants: a parameter or local of that very name and, where types are written,
//! of that very type. Nothing is ever made up.

use super::parameters::{self, Parameter};
use crate::embedded::rules::analysis;
use crate::embedded::rules::lexer::Language;
use crate::embedded::rules::lists::Lists;
use crate::embedded::rules::symbol::Function;

/// Whether a bare `parameter.name` at a token means a variable that fits the parameter.
pub fn is_at_hand(lists: &Lists<'_>, functions: &[Function], token: usize, parameter: &Parameter) -> bool {
    if parameter.name.is_empty() || lists.source.named(&parameter.name).next().is_none() {
        return false;
    }
    let Some(declared) = analysis::visible(&lists.source, token, &parameter.name) else { return false };
    if parameter.ty.is_empty() {
        return true;
    }
    let ty = parameter_type(lists, functions, declared).or_else(|| local_type(lists, declared));
    let fits = ty.is_some_and(|ty| ty == parameter.ty);
    fits && (lists.source.language != Language::Rust || is_free_to_pass(&parameter.ty))
}

/// The type of the parameter whose name is this token.
fn parameter_type(lists: &Lists<'_>, functions: &[Function], name: usize) -> Option<String> {
    let around = functions.iter().filter(|function| function.params.0 <= name && name <= function.params.1);
    let function = around.min_by_key(|function| function.params.1 - function.params.0)?;
    let offset = lists.source.code[name].start;
    let found = parameters::read(lists, function).into_iter().find(|parameter| parameter.offset == offset)?;
    Some(found.ty)
}

/// The type that a local is declared with.
fn local_type(lists: &Lists<'_>, name: usize) -> Option<String> {
    let end = lists.source.code.len();
    match lists.source.language {
        Language::Rust | Language::Ecma { .. } | Language::Python => {
            let equals = lists.find((name + 1, end), "=")?;
            (lists.source.after(name) == ":").then(|| lists.plain((name + 2, equals)))
        }
        Language::Go => {
            let equals = (name + 1..end).find(|at| lists.at(*at) == "=" || lists.source.code[*at].first)?;
            (lists.source.before(name) == "var").then(|| lists.text((name + 1, equals)).to_owned())
        }
        _ => {
            let stop = |at: &usize| matches!(lists.at(*at), ";" | "{" | "}" | "(" | ")" | "," | ":");
            let start = (0..name).rev().find(stop).map_or(0, |before| before + 1);
            let start = start + usize::from(lists.at(start) == "final");
            matches!(lists.source.after(name), "=" | ";").then(|| lists.plain((start, name)))
        }
    }
}

/// Whether passing a value of a Rust type does not take it away from the caller.
fn is_free_to_pass(ty: &str) -> bool {
    const COPIED: [&str; 16] = [
        "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "u128", "u16", "u32", "u64", "u8",
        "usize",
    ];
    ty.starts_with(['&', '*']) || COPIED.binary_search(&ty).is_ok()
}
