//! Which identifiers of a brace language declare their name, and how far each declaration reaches.

use super::syntax::{Brace, Function, Syntax};
use crate::embedded::rules::lexer::{Kind, Language};

/// What is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Local,
    Param,
    Function,
    Type,
    /// A variable or constant outside functions.
    Global,
    /// A field, method, property or enum constant; the name of its type.
    Member(usize),
    /// A name that an import brings into the file.
    Import,
}

/// A declaration.
#[derive(Clone, Copy, Debug)]
pub struct Declaration {
    pub token: usize,
    pub sort: Sort,
    /// Tokens where it can be seen by its bare name.
    pub scope: (usize, usize),
}

/// All declarations of a name in a file.
pub fn of_name(syntax: &Syntax<'_>, name: &str) -> Vec<Declaration> {
    syntax.source.named(name).filter_map(|token| at(syntax, token)).collect()
}

/// What an identifier declares, if it does.
pub fn at(syntax: &Syntax<'_>, token: usize) -> Option<Declaration> {
    if !syntax.source.is_ident(token) || is_keyword(syntax.at(token)) {
        return None;
    }
    if matches!(syntax.source.before(token), "." | "?." | "->") {
        return None;
    }
    match syntax.source.language {
        Language::Ecma { .. } => ecma(syntax, token),
        Language::Go => go(syntax, token),
        _ => typed(syntax, token),
    }
}

fn block_scope(syntax: &Syntax<'_>, token: usize) -> (usize, usize) {
    let mut open = syntax.around[token];
    while open != usize::MAX && (syntax.at(open) != "{" || syntax.brace(open) == Some(Brace::Literal)) {
        open = syntax.around[open];
    }
    if open == usize::MAX { (0, syntax.source.code.len()) } else { (open, syntax.partner[open]) }
}

fn in_function(syntax: &Syntax<'_>, token: usize) -> bool {
    syntax.function_around(token).is_some()
}

fn param_scope(function: &Function) -> (usize, usize) {
    (function.params.0, function.body.1)
}

/// The scope of what the head of `for (…)`, `if …;` or `catch (…)` declares: to the end of the statement's block.
fn head_scope(syntax: &Syntax<'_>, from: usize) -> (usize, usize) {
    let mut at = from;
    while at < syntax.source.code.len() && syntax.at(at) != "{" {
        if matches!(syntax.at(at), "}" | ")") {
            break;
        }
        at = if syntax.at(at) == "(" { syntax.partner[at] + 1 } else { at + 1 };
    }
    let mut end = if syntax.at(at) == "{" { syntax.partner[at] } else { syntax.expression_end(at) };
    while syntax.at(end + 1) == "else" {
        let block = (end + 2..syntax.source.code.len()).find(|at| matches!(syntax.at(*at), "{" | ";"));
        match block.filter(|block| syntax.at(*block) == "{") {
            Some(block) => end = syntax.partner[block],
            None => break,
        }
    }
    (from, end)
}

fn ecma(syntax: &Syntax<'_>, token: usize) -> Option<Declaration> {
    let source = &syntax.source;
    let (before, after) = (source.before(token), source.after(token));
    let declare = |sort, scope| Some(Declaration { token, sort, scope });
    let block = block_scope(syntax, token);
    match before {
        "function" | "*"
            if syntax.functions.iter().any(|function| function.name == Some(token))
                && syntax.member_of(token).is_none() =>
        {
            return declare(Sort::Function, block);
        }
        "class" | "interface" | "enum" | "namespace" if after != "." => return declare(Sort::Type, block),
        "type" if matches!(after, "=" | "<") => return declare(Sort::Type, block),
        _ => {}
    }
    if syntax.at(syntax.statement_start(token)) == "import" || syntax.brace(syntax.around[token]) == Some(Brace::Names)
    {
        let exported = syntax.at(syntax.statement_start(syntax.around[token].min(token))) == "export";
        let bound = !exported && after != "as" && before != "from" && matches!(after, "," | "}" | "from");
        return if bound { declare(Sort::Import, (0, source.code.len())) } else { None };
    }
    if let Some((keyword, name)) = syntax.member_of(token) {
        let first = starts_member(syntax, token);
        let shape = matches!(after, "(" | "=" | ";" | ":" | "?" | "!" | "<" | "}" | ",")
            || source.code.get(token + 1).is_some_and(|next| next.first);
        let listed = syntax.at(keyword) == "enum" && matches!(before, "{" | ",");
        return if (first && shape) || listed { declare(Sort::Member(name), (0, 0)) } else { None };
    }
    if let Some(name) = type_literal(syntax, token)
        && matches!(after, ":" | "?" | "(")
        && matches!(before, "{" | ";" | "," | "readonly")
    {
        return declare(Sort::Member(name), (0, 0));
    }
    let pattern = pattern_start(syntax, token);
    if matches!(syntax.source.before(pattern), "const" | "let" | "var") || is_later_declarator(syntax, pattern) {
        let head = syntax.at(syntax.around[pattern].min(pattern)) == "("
            && syntax.source.before(syntax.around[pattern]) == "for";
        let sort = if in_function(syntax, token) { Sort::Local } else { Sort::Global };
        let sort = if block == (0, source.code.len()) || sort == Sort::Local { sort } else { Sort::Local };
        let scope = if head { head_scope(syntax, syntax.partner[syntax.around[pattern]] + 1) } else { block };
        let scope = if head { (syntax.around[pattern], scope.1) } else { scope };
        return declare(sort, scope);
    }
    let function = syntax.params_around(pattern)?;
    let one = function.params.0 == function.params.1;
    let direct = one || syntax.around[pattern] == function.params.0;
    let named = one
        || matches!(syntax.source.before(pattern), "(" | "," | "..." | "public" | "private" | "protected" | "readonly");
    let ends = one || matches!(after, "," | ")" | "=" | ":" | "?" | "}" | "]");
    (direct && named && ends).then_some(Declaration { token, sort: Sort::Param, scope: param_scope(function) })
}

/// The outermost bracket of the destructuring pattern that binds a token, or the token itself.
fn pattern_start(syntax: &Syntax<'_>, token: usize) -> usize {
    let mut at = token;
    loop {
        let open = syntax.around[at];
        let pattern = open != usize::MAX
            && matches!(syntax.at(open), "{" | "[")
            && !matches!(
                syntax.brace(open),
                Some(Brace::Block | Brace::Function(_) | Brace::Type { .. } | Brace::Names)
            );
        if !pattern {
            return at;
        }
        // `{ key: name }` binds the name, `{ name = 1 }` too; a key or a default value binds nothing.
        let (before, after) = (syntax.source.before(at), syntax.source.after(syntax.partner[at].max(at)));
        let key = at == token && after == ":";
        if key || !matches!(before, "{" | "," | "[" | ":" | "...") || !matches!(after, "," | "}" | "]" | "=") {
            return token;
        }
        at = open;
    }
}

/// `b` of `const a = 1, b = 2`.
fn is_later_declarator(syntax: &Syntax<'_>, token: usize) -> bool {
    syntax.source.before(token) == ","
        && matches!(syntax.at(syntax.statement_start(token)), "const" | "let" | "var")
        && matches!(syntax.source.after(syntax.partner[token].max(token)), "=" | ";" | "," | ":")
        && syntax.around[syntax.statement_start(token)] == syntax.around[token]
}

/// Whether a token is the name at the start of a class member, behind its modifiers.
fn starts_member(syntax: &Syntax<'_>, token: usize) -> bool {
    const MODIFIERS: [&str; 13] = [
        "public",
        "private",
        "protected",
        "static",
        "async",
        "get",
        "set",
        "readonly",
        "override",
        "abstract",
        "declare",
        "accessor",
        "*",
    ];
    let mut at = token;
    loop {
        let before = syntax.source.before(at);
        if matches!(before, "{" | ";" | "}" | ",") {
            return true;
        }
        if before == ")" {
            // A decorator's arguments.
            return true;
        }
        if MODIFIERS.contains(&before) {
            at -= 1;
            continue;
        }
        return syntax.source.code[at].first;
    }
}

/// The name of the type whose members are written out in the braces around a token: `type T = { … }`.
fn type_literal(syntax: &Syntax<'_>, token: usize) -> Option<usize> {
    let open = syntax.around[token];
    let start =
        (open != usize::MAX && syntax.brace(open) == Some(Brace::Literal)).then(|| syntax.statement_start(open))?;
    let at = if syntax.at(start) == "export" { start + 1 } else { start };
    (syntax.at(at) == "type" && syntax.source.is_ident(at + 1)).then_some(at + 1)
}

fn go(syntax: &Syntax<'_>, token: usize) -> Option<Declaration> {
    let source = &syntax.source;
    let (before, after) = (source.before(token), source.after(token));
    let declare = |sort, scope| Some(Declaration { token, sort, scope });
    let whole = (0, source.code.len());
    let block = block_scope(syntax, token);
    let local = block != whole;
    if before == "func" {
        return declare(Sort::Function, whole);
    }
    if before == ")" && syntax.source.before(syntax.partner[token - 1]) == "func" {
        // A method: its receiver names the type.
        let receiver = (syntax.partner[token - 1]..token - 1).rev().find(|at| source.is_ident(*at))?;
        return declare(Sort::Member(receiver), (0, 0));
    }
    if let Some((_, name)) = syntax.member_of(token) {
        let field = source.code[token].first || matches!(before, "," | "{" | ";");
        let embedded = source.code.get(token + 1).is_none_or(|next| next.first) || after == "." || after == "}";
        return if field && !embedded { declare(Sort::Member(name), (0, 0)) } else { None };
    }
    let group = syntax.around[token];
    let keyword = if group != usize::MAX && syntax.at(group) == "(" { source.before(group) } else { before };
    let starts = keyword == before || source.code[token].first || before == "(";
    if matches!(keyword, "var" | "const" | "type") && starts && after != ")" {
        let sort = if keyword == "type" {
            Sort::Type
        } else if local {
            Sort::Local
        } else {
            Sort::Global
        };
        let scope = if local { (token, block.1) } else { whole };
        return declare(sort, scope);
    }
    // `a, b := …`
    let mut at = token;
    while source.after(at) == "," && source.is_ident(at + 2) {
        at += 2;
    }
    if source.after(at) == ":=" {
        let start = syntax.statement_start(token);
        let head = matches!(syntax.at(start), "if" | "for" | "switch" | "select" | "case")
            || matches!(source.before(start), "if" | "for" | "switch");
        let scope = if head && syntax.at(start) != "case" { head_scope(syntax, token) } else { (token, block.1) };
        return declare(Sort::Local, scope);
    }
    let function =
        syntax.params_around(token).or_else(|| receiver_of(syntax, token)).or_else(|| result_of(syntax, token))?;
    let open = syntax.around[token];
    let type_follows = source.is_ident(token + 1) || matches!(after, "*" | "[" | "..." | "<-");
    let listed = after == "," && {
        let last = (token..syntax.partner[open]).find(|at| {
            source.is_ident(*at) && (source.is_ident(at + 1) || matches!(source.after(*at), "*" | "[" | "..."))
        });
        last.is_some()
    };
    let names = matches!(before, "(" | ",") && syntax.at(open) == "(" && (type_follows || listed);
    names.then_some(Declaration { token, sort: Sort::Param, scope: (open, function.body.1) })
}

/// The method whose receiver brackets hold a token.
fn receiver_of<'s>(syntax: &'s Syntax<'_>, token: usize) -> Option<&'s Function> {
    let open = syntax.around[token];
    let receiver = open != usize::MAX && syntax.source.before(open) == "func";
    let params = receiver.then(|| syntax.partner[open] + 2)?;
    syntax.functions.iter().find(|function| function.params.0 == params)
}

/// The function whose named results hold a token.
fn result_of<'s>(syntax: &'s Syntax<'_>, token: usize) -> Option<&'s Function> {
    let open = syntax.around[token];
    (open != usize::MAX).then(|| syntax.functions.iter().find(|function| function.params.1 + 1 == open))?
}

/// C, C++, Java and what looks like them: a type stands before the name.
fn typed(syntax: &Syntax<'_>, token: usize) -> Option<Declaration> {
    let source = &syntax.source;
    let (before, after) = (source.before(token), source.after(token));
    let declare = |sort, scope| Some(Declaration { token, sort, scope });
    let whole = (0, source.code.len());
    let block = block_scope(syntax, token);
    if matches!(before, "class" | "interface" | "enum" | "record" | "struct" | "union" | "namespace") {
        let defines = matches!(after, "{" | "extends" | "implements" | ":" | "<" | "(" | "final" | "permits");
        return if defines { declare(Sort::Type, whole) } else { None };
    }
    if before == "define" && source.before(token - 1) == "#" {
        return declare(Sort::Global, whole);
    }
    if before == "}" && after == ";" && syntax.at(syntax.statement_start(token - 1)) == "typedef" {
        return declare(Sort::Type, whole);
    }
    let member = syntax.member_of(token);
    if let Some((keyword, name)) = member
        && syntax.at(keyword) == "enum"
        && matches!(before, "{" | ",")
        && matches!(after, "," | "}" | "=" | "(" | ";")
    {
        let sort = if source.language == Language::C { Sort::Global } else { Sort::Member(name) };
        return declare(sort, whole);
    }
    if !has_type_before(syntax, token) {
        return None;
    }
    if let Some(function) = syntax.params_around(token).filter(|function| syntax.around[token] == function.params.0) {
        return matches!(after, "," | ")" | "[" | "=").then_some(Declaration {
            token,
            sort: Sort::Param,
            scope: param_scope(function),
        });
    }
    let function = after == "(" && syntax.functions.iter().any(|function| function.name == Some(token));
    let prototype = after == "("
        && matches!(
            syntax.source.after(syntax.partner[token + 1]),
            ";" | "throws" | "const" | "override" | "noexcept" | "="
        );
    let variable = matches!(after, "=" | ";" | "," | "[" | ":" | "{");
    if let Some((keyword, name)) = member.filter(|(keyword, _)| syntax.at(*keyword) != "namespace") {
        let _ = keyword;
        return if function || prototype || variable { declare(Sort::Member(name), (0, 0)) } else { None };
    }
    if !in_function(syntax, token) {
        let defined = if function || prototype { Some(Sort::Function) } else { variable.then_some(Sort::Global) };
        let qualified = before == "::";
        return if qualified { None } else { declare(defined?, whole) };
    }
    let open = syntax.around[token];
    if open != usize::MAX && syntax.at(open) == "(" {
        let head = matches!(source.before(open), "for" | "catch" | "try" | "if" | "while" | "switch");
        let scope = (open, head_scope(syntax, syntax.partner[open] + 1).1);
        return (head && (variable || after == ")")).then_some(Declaration { token, sort: Sort::Local, scope });
    }
    if variable && after != ":" { declare(Sort::Local, (token, block.1)) } else { None }
}

/// Whether a type stands between the start of the statement, parameter or declarator list and the name.
fn has_type_before(syntax: &Syntax<'_>, token: usize) -> bool {
    let source = &syntax.source;
    let mut at = token;
    let mut words = 0;
    loop {
        let Some(before) = at.checked_sub(1) else { return words > 0 };
        match source.at(before) {
            "*" | "&" | "&&" | "::" | "." | "..." | "~" => at = before,
            "]" => at = syntax.partner[before],
            ">" => {
                let mut depth = 0;
                let mut angle = before;
                loop {
                    match source.at(angle) {
                        ">" => depth += 1,
                        "<" => depth -= 1,
                        ";" | "{" | "}" => return false,
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                    let Some(next) = angle.checked_sub(1) else { return false };
                    angle = next;
                }
                at = angle;
            }
            ";" | "{" | "}" | "(" => return words > 0,
            // A comma parts parameters, or declarators that share the type before the first.
            "," => {
                if words > 0 {
                    return true;
                }
                let start = syntax.statement_start(before);
                return syntax.around[start] == syntax.around[token]
                    && source.is_ident(start)
                    && !is_statement_word(source.at(start))
                    && (source.is_ident(start + 1) || matches!(source.after(start), "*" | "<" | "[" | "::" | "."))
                    && !(start..token).any(|at| {
                        source.at(at) == "("
                            && syntax.around[at] == syntax.around[token]
                            && source.is_ident(at.wrapping_sub(1))
                    });
            }
            ")" => return words > 0,
            ":" if matches!(source.before(before), "public" | "private" | "protected") => return words > 0,
            text if source.kind(before) == Some(Kind::Ident) => {
                if is_statement_word(text) {
                    return false;
                }
                words += 1;
                at = before;
            }
            _ => return false,
        }
    }
}

fn is_statement_word(word: &str) -> bool {
    matches!(
        word,
        "return"
            | "else"
            | "case"
            | "throw"
            | "goto"
            | "new"
            | "delete"
            | "do"
            | "break"
            | "continue"
            | "package"
            | "import"
            | "using"
            | "sizeof"
            | "assert"
            | "yield"
            | "instanceof"
            | "co_return"
            | "extends"
            | "implements"
    )
}

fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "if" | "else"
            | "for"
            | "while"
            | "do"
            | "switch"
            | "case"
            | "default"
            | "return"
            | "break"
            | "continue"
            | "function"
            | "func"
            | "class"
            | "const"
            | "let"
            | "var"
            | "new"
            | "this"
            | "super"
            | "import"
            | "export"
            | "from"
            | "try"
            | "catch"
            | "finally"
            | "throw"
            | "void"
            | "int"
            | "char"
            | "double"
            | "float"
            | "long"
            | "short"
            | "boolean"
            | "static"
            | "public"
            | "private"
            | "protected"
            | "struct"
            | "enum"
            | "union"
            | "typedef"
            | "package"
            | "typeof"
            | "async"
            | "await"
            | "constructor"
            | "null"
            | "true"
            | "false"
            | "extends"
            | "implements"
            | "in"
            | "of"
    )
}

/// The declaration that a bare name at a token means: the innermost, latest one that can be seen there.
pub fn lookup(declarations: &[Declaration], token: usize) -> Option<&Declaration> {
    if let Some(own) = declarations.iter().find(|declaration| declaration.token == token) {
        return Some(own);
    }
    declarations
        .iter()
        .filter(|declaration| declaration.scope.0 <= token && token < declaration.scope.1)
        .min_by_key(|declaration| (declaration.scope.1 - declaration.scope.0, usize::MAX - declaration.scope.0))
}
