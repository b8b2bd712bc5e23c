//! The shape of brace languages (JavaScript, TypeScript, Go, C, C++, Java): what each brace belongs to, which functions
//! there are and how far they reach. By tokens alone, and for any text.

use crate::embedded::rules::lexer::{Kind, Language, Source};

/// What a brace belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brace {
    /// Members of a class, struct, interface or the like: its keyword and its name.
    Type { keyword: usize, name: Option<usize> },
    /// The body of the function with these parameter brackets.
    Function(usize),
    /// An object, a composite or an initialiser; also a type written out.
    Literal,
    /// Names between `import` or `export` and `from`.
    Names,
    /// Statements.
    Block,
}

/// A function; token indices.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    pub name: Option<usize>,
    /// The brackets of the parameters, or the one parameter of an arrow function twice.
    pub params: (usize, usize),
    /// First token of the body and the one behind its last.
    pub body: (usize, usize),
}

/// A file with its shape.
#[derive(Debug)]
pub struct Syntax<'t> {
    pub source: Source<'t>,
    pub partner: Vec<usize>,
    /// For every token the innermost bracket open around it, `usize::MAX` for none.
    pub around: Vec<usize>,
    pub functions: Vec<Function>,
    /// For every opening brace what it belongs to.
    braces: Vec<(usize, Brace)>,
}

impl<'t> Syntax<'t> {
    pub fn of(source: Source<'t>) -> Syntax<'t> {
        let partner = source.partners();
        let mut around = Vec::with_capacity(partner.len());
        let mut open: Vec<usize> = Vec::new();
        for (token, other) in partner.iter().enumerate() {
            if *other < token {
                open.pop();
            }
            around.push(open.last().copied().unwrap_or(usize::MAX));
            if *other > token {
                open.push(token);
            }
        }
        let mut syntax = Syntax { source, partner, around, functions: Vec::new(), braces: Vec::new() };
        for token in 0..syntax.source.code.len() {
            match syntax.at(token) {
                "{" => {
                    let brace = syntax.classify(token);
                    syntax.braces.push((token, brace));
                    if let Brace::Function(open) = brace {
                        let params = (open, syntax.partner[open].max(open));
                        let body = (token, syntax.partner[token]);
                        syntax.functions.push(Function { name: syntax.function_name(open), params, body });
                    }
                }
                "=>" if syntax.source.after(token) != "{" && syntax.is_ecma() => {
                    let params = syntax.arrow_params(token);
                    let body = (token + 1, syntax.expression_end(token + 1));
                    syntax.functions.push(Function { name: None, params, body });
                }
                _ => {}
            }
        }
        syntax
    }

    pub fn at(&self, token: usize) -> &'t str {
        self.source.at(token)
    }

    pub fn is_ecma(&self) -> bool {
        matches!(self.source.language, Language::Ecma { .. })
    }

    /// What an opening brace belongs to.
    pub fn brace(&self, open: usize) -> Option<Brace> {
        let index = self.braces.binary_search_by_key(&open, |(open, _)| *open).ok()?;
        Some(self.braces[index].1)
    }

    /// The type whose members a token is directly among: keyword and name.
    pub fn member_of(&self, token: usize) -> Option<(usize, usize)> {
        match self.brace(self.around[token])? {
            Brace::Type { keyword, name } => Some((keyword, name?)),
            _ => None,
        }
    }

    /// The innermost type around a token: keyword and name.
    pub fn type_around(&self, token: usize) -> Option<(usize, usize)> {
        let mut open = self.around[token];
        while open != usize::MAX {
            if let Some(Brace::Type { keyword, name: Some(name) }) = self.brace(open) {
                return Some((keyword, name));
            }
            open = self.around[open];
        }
        None
    }

    /// The innermost function whose body holds a token.
    pub fn function_around(&self, token: usize) -> Option<&Function> {
        let inside = self.functions.iter().filter(|function| function.body.0 <= token && token < function.body.1);
        inside.min_by_key(|function| function.body.1 - function.body.0)
    }

    /// The function whose parameters a token is among.
    pub fn params_around(&self, token: usize) -> Option<&Function> {
        let inside = self.functions.iter().filter(|function| function.params.0 <= token && token <= function.params.1);
        inside.min_by_key(|function| function.params.1 - function.params.0)
    }

    /// Where the statement or member that a token is part of begins.
    pub fn statement_start(&self, token: usize) -> usize {
        let mut at = token;
        loop {
            let Some(before) = at.checked_sub(1) else { return at };
            // Without semicolons a line end is all there is.
            if self.source.code[at].first && self.ends_statement(before, at) {
                return at;
            }
            match self.at(before) {
                ";" | "{" | "(" | "[" => return at,
                "}" if self.brace(self.partner[before]).is_some_and(|brace| brace != Brace::Literal) => return at,
                ")" | "]" | "}" => at = self.partner[before].min(before),
                _ => at = before,
            }
        }
    }

    /// Whether a statement can end between two neighbouring tokens on different lines.
    fn ends_statement(&self, before: usize, at: usize) -> bool {
        let lines = matches!(self.source.language, Language::Go | Language::Ecma { .. });
        let operand = match self.source.kind(before) {
            Some(Kind::Punct) => matches!(self.at(before), ")" | "]" | "}" | "++" | "--"),
            Some(Kind::Ident) => !matches!(
                self.at(before),
                "return" | "const" | "let" | "var" | "export" | "default" | "extends" | "implements"
            ),
            _ => true,
        };
        let continues = matches!(
            self.at(at),
            "." | "?." | "," | "=" | "=>" | "?" | ":" | "&&" | "||" | "+" | "|" | "&" | "{" | ")" | "]" | "}"
        );
        lines && operand && !continues
    }

    /// The end of the expression that begins at a token.
    pub fn expression_end(&self, from: usize) -> usize {
        let mut token = from;
        while token < self.source.code.len() {
            match self.at(token) {
                "," | ";" | ")" | "]" | "}" => return token,
                _ if token > from && self.source.code[token].first && self.ends_statement(token - 1, token) => {
                    return token;
                }
                _ => token = self.partner[token].max(token) + 1,
            }
        }
        token
    }

    fn classify(&self, open: usize) -> Brace {
        let before = self.source.before(open);
        if let Some((keyword, name)) = self.type_header(open) {
            return Brace::Type { keyword, name };
        }
        if self.is_ecma()
            && matches!(before, "import" | "export" | "type")
            && self.statement_keyword(open, &["import", "export"])
        {
            return Brace::Names;
        }
        if self.is_ecma() && before == "," && self.at(self.statement_start(open)) == "import" {
            return Brace::Names;
        }
        if let Some(params) = self.function_header(open) {
            return Brace::Function(params);
        }
        let literal = match self.source.language {
            Language::Go => {
                // gofmt puts a space before a block and none before a composite's braces.
                let adjacent =
                    open.checked_sub(1).is_some_and(|last| self.source.code[last].end == self.source.code[open].start);
                adjacent || matches!(before, "{" | "," | ":")
            }
            Language::Ecma { .. } => matches!(
                before,
                "=" | "("
                    | ","
                    | ":"
                    | "["
                    | "return"
                    | "?"
                    | "&&"
                    | "||"
                    | "??"
                    | "default"
                    | "=>"
                    | "<"
                    | "|"
                    | "&"
                    | "const"
                    | "let"
                    | "var"
                    | "extends"
                    | "await"
                    | "yield"
                    | "as"
                    | "satisfies"
                    | "..."
                    | "throw"
                    | "in"
                    | "of"
            ),
            _ => {
                matches!(before, "=" | "(" | "," | "]" | "return" | "{")
                    && !(before == "{" && self.source.code[open].first)
            }
        };
        if literal { Brace::Literal } else { Brace::Block }
    }

    fn statement_keyword(&self, token: usize, keywords: &[&str]) -> bool {
        keywords.contains(&self.at(self.statement_start(token)))
    }

    /// The keyword and name if the brace is the body of a type.
    fn type_header(&self, open: usize) -> Option<(usize, Option<usize>)> {
        let start = self.statement_start(open);
        let mut keyword = None;
        let mut value = false;
        let mut token = start;
        while token < open {
            let text = self.at(token);
            let heads = match self.source.language {
                Language::Go => matches!(text, "struct" | "interface"),
                Language::C => matches!(text, "struct" | "class" | "union" | "enum" | "namespace"),
                Language::Java => matches!(text, "class" | "interface" | "enum" | "record"),
                _ => matches!(text, "class" | "interface" | "enum" | "namespace" | "trait" | "struct"),
            };
            let member = matches!(self.source.before(token), "." | "?.") || self.source.after(token) == ":";
            if heads && !member && (!value || text == "class") {
                keyword = Some(token);
                break;
            }
            // Behind these only a class expression can follow.
            value |= matches!(text, "=" | "=>" | "return") && self.source.language != Language::Go;
            token = if matches!(text, "(" | "[" | "{") { self.partner[token].max(token) + 1 } else { token + 1 };
        }
        let keyword = keyword?;
        let named = |token: usize| self.source.is_ident(token).then_some(token);
        if self.source.language == Language::Go {
            return (keyword + 1 == open).then(|| (keyword, named(keyword.wrapping_sub(1))));
        }
        // `struct S f() {` is a function that gives a struct.
        let call = (keyword..open).any(|at| self.at(at) == "(" && self.source.language == Language::C);
        if call {
            return None;
        }
        let mut name = keyword + 1;
        while matches!(self.at(name), "class" | "struct") {
            name += 1;
        }
        Some((keyword, named(name).filter(|name| *name < open)))
    }

    /// The parameter brackets if the brace is the body of a function.
    fn function_header(&self, open: usize) -> Option<usize> {
        let last = open.checked_sub(1)?;
        if self.at(last) == "=>" {
            return Some(self.arrow_params(last).0);
        }
        if self.at(last) == "->" && self.source.language == Language::Java {
            return Some(self.arrow_params(last).0);
        }
        // Back over a return type, `throws`, qualifiers or initialisers to the brackets of the parameters.
        let start = self.statement_start(open);
        let mut close = last;
        loop {
            match self.at(close) {
                ")" => {
                    let params = self.partner[close];
                    let before = self.source.before(params);
                    let control = matches!(
                        before,
                        "if" | "for" | "while" | "switch" | "with" | "synchronized" | "try" | "return"
                    );
                    let callee =
                        self.source.is_ident(params.wrapping_sub(1)) || matches!(before, ">" | "]" | ")" | "*");
                    if control || before == "else" {
                        return None;
                    }
                    let go = self.source.language == Language::Go;
                    // In Go results and parameters look alike: the first brackets behind the name are the parameters.
                    if go {
                        return self.go_params(start, open);
                    }
                    return (callee && (!self.is_ecma() || self.is_ecma_function(params, close))).then_some(params);
                }
                "=" | "," | "=>" | ";" | "return" | "" if !matches!(self.source.kind(close), Some(Kind::Str)) => {
                    return None;
                }
                "]" | "}" | ">" if close > start => close = self.partner[close].min(close),
                _ => {}
            }
            if self.source.language == Language::Go && close <= start {
                return self.go_params(start, open);
            }
            if close <= start {
                return None;
            }
            close -= 1;
        }
    }

    /// `func name(params) results {` and `func(params) results {`.
    fn go_params(&self, start: usize, open: usize) -> Option<usize> {
        let function = (start..open).rev().find(|token| self.at(*token) == "func")?;
        let mut params = function + 1;
        if self.at(params) == "("
            && self.source.is_ident(self.partner[params] + 1)
            && self.at(self.partner[params] + 2) == "("
        {
            params = self.partner[params] + 2;
        } else if self.source.is_ident(params) {
            params += 1;
            if self.at(params) == "[" {
                params = self.partner[params] + 1;
            }
        }
        (self.at(params) == "(").then_some(params)
    }

    /// Whether brackets before a brace are the parameters of a function rather than of a call.
    fn is_ecma_function(&self, params: usize, close: usize) -> bool {
        let typed = self.source.after(close) == ":";
        let name = params.wrapping_sub(1);
        let keyword = matches!(self.source.before(name), "function" | "*" | "get" | "set" | "async" | "static")
            || self.at(name) == "function";
        let member = self.around[params] != usize::MAX && !matches!(self.source.before(name), "." | "new");
        keyword || typed || self.at(name) == "catch" || member || self.at(name) == ">"
    }

    /// The parameters before `=>`: brackets, or one name.
    fn arrow_params(&self, arrow: usize) -> (usize, usize) {
        let mut last = arrow.saturating_sub(1);
        let one = |token: usize| (token, token);
        if self.at(last) == ")" {
            return (self.partner[last], last);
        }
        if self.source.is_ident(last)
            && matches!(
                self.source.before(last),
                "(" | "," | "=" | "async" | "=>" | ":" | "return" | "[" | "?" | "{" | "&&" | "||" | ""
            )
        {
            // `(a): Type =>` ends in a name as well; its colon stands behind brackets.
            let typed = self.source.before(last) == ":" && self.at(last.wrapping_sub(2)) == ")";
            if !typed {
                return one(last);
            }
        }
        while last > 0 && !(self.at(last) == ":" && self.source.before(last) == ")") {
            if matches!(self.at(last), ";" | "=" | "(" | "{") {
                return one(arrow.saturating_sub(1));
            }
            last = self.partner[last].min(last).saturating_sub(1);
        }
        let close = last.saturating_sub(1);
        (self.partner[close], close)
    }

    fn function_name(&self, params: usize) -> Option<usize> {
        let mut name = params.checked_sub(1)?;
        if self.at(name) == ">" {
            let mut depth = 1;
            while depth > 0 {
                name = name.checked_sub(1)?;
                match self.at(name) {
                    ">" => depth += 1,
                    "<" => depth -= 1,
                    _ => {}
                }
            }
            name = name.checked_sub(1)?;
        }
        if self.at(name) == "]" && self.source.language == Language::Go {
            name = self.partner[name].checked_sub(1)?;
        }
        let keyword = matches!(self.at(name), "function" | "func" | "catch" | "async");
        (self.source.is_ident(name) && !keyword).then_some(name)
    }
}
