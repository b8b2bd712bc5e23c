//! Python's scopes: which scope binds a name at a place, by indentation, `def`, `class` and assignment.

use crate::embedded::rules::lexer::Source;

/// What a scope belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    Module,
    Class,
    Function,
    /// A lambda or a comprehension.
    Expression,
}

/// A scope; token indices throughout.
#[derive(Clone, Debug)]
pub struct Scope {
    pub kind: ScopeKind,
    /// The name of a function or class.
    pub name: Option<usize>,
    /// The brackets of a function's parameters or a class's bases; a lambda's parameters without brackets.
    pub params: Option<(usize, usize)>,
    /// Its first token and the one behind its last.
    pub body: (usize, usize),
    /// The scope around it.
    pub parent: usize,
}

/// What an identifier stands for at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `base.name`
    Attribute,
    /// `name=` in the arguments of the call with this bracket.
    Keyword(usize),
    /// The name (not its alias) in `from … import name`.
    Imported,
    /// Part of a dotted module name in an import.
    ModulePath,
    /// A name that is looked up or bound.
    Plain,
}

/// A Python file with its scopes.
#[derive(Debug)]
pub struct Scopes<'t> {
    pub source: Source<'t>,
    pub partner: Vec<usize>,
    /// For every token the innermost bracket open around it, `usize::MAX` for none.
    around: Vec<usize>,
    /// For every token the first of its logical line.
    line: Vec<usize>,
    pub scopes: Vec<Scope>,
}

impl<'t> Scopes<'t> {
    pub fn of(source: Source<'t>) -> Scopes<'t> {
        let partner = source.partners();
        let mut around = Vec::with_capacity(partner.len());
        let mut line = Vec::with_capacity(partner.len());
        let mut open: Vec<usize> = Vec::new();
        for (token, other) in partner.iter().enumerate() {
            if *other < token {
                open.pop();
            }
            around.push(open.last().copied().unwrap_or(usize::MAX));
            line.push(if source.code[token].first { token } else { line.last().copied().unwrap_or(token) });
            if *other > token {
                open.push(token);
            }
        }
        let whole = Scope { kind: ScopeKind::Module, name: None, params: None, body: (0, partner.len()), parent: 0 };
        let mut scopes = Scopes { source, partner, around, line, scopes: vec![whole] };
        scopes.find_scopes();
        scopes
    }

    pub fn at(&self, token: usize) -> &'t str {
        self.source.at(token)
    }

    fn find_scopes(&mut self) {
        for token in 0..self.source.code.len() {
            let scope = match self.at(token) {
                "def" | "class" if self.source.is_ident(token + 1) && self.source.before(token) != "." => {
                    self.definition(token)
                }
                "lambda" => self.lambda(token),
                "for" if self.around[token] != usize::MAX => self.comprehension(token),
                _ => None,
            };
            if let Some(mut scope) = scope {
                scope.parent = self.scope_at(token);
                self.scopes.push(scope);
            }
        }
    }

    fn definition(&self, token: usize) -> Option<Scope> {
        let kind = if self.at(token) == "def" { ScopeKind::Function } else { ScopeKind::Class };
        let mut at = token + 2;
        if self.at(at) == "[" {
            at = self.partner[at] + 1;
        }
        let params = (self.at(at) == "(").then(|| (at, self.partner[at]));
        let length = self.source.code.len();
        let mut colon = params.map_or(at, |(_, close)| close + 1);
        while colon < length && self.at(colon) != ":" {
            colon = self.partner[colon].max(colon) + 1;
        }
        let start = colon + 1;
        let indent = self.indent(self.line[token]);
        let end = match self.source.code.get(start) {
            Some(first) if !first.first => (start..length).find(|at| self.source.code[*at].first),
            _ => (start..length).find(|at| self.source.code[*at].first && self.indent(*at) <= indent),
        };
        let body = (start.min(length), end.unwrap_or(length));
        Some(Scope { kind, name: Some(token + 1), params, body, parent: 0 })
    }

    fn lambda(&self, token: usize) -> Option<Scope> {
        let colon = self.find(token + 1, |text| text == ":")?;
        let end = self
            .find(colon + 1, |text| matches!(text, "," | ")" | "]" | "}" | ":" | "=" | "for"))
            .unwrap_or(self.line_end(token));
        let body = (colon + 1, end.min(self.line_end(token)));
        Some(Scope { kind: ScopeKind::Expression, name: None, params: Some((token, colon)), body, parent: 0 })
    }

    fn comprehension(&self, token: usize) -> Option<Scope> {
        let open = self.around[token];
        let known = self.scopes.iter().any(|scope| scope.body == (open + 1, self.partner[open]));
        let body = (open + 1, self.partner[open]);
        (!known).then_some(Scope { kind: ScopeKind::Expression, name: None, params: None, body, parent: 0 })
    }

    fn indent(&self, token: usize) -> usize {
        let start = self.source.code[token].start;
        let line = self.source.text[..start].rfind('\n').map_or(0, |end| end + 1);
        start - line
    }

    /// Whether every way to `token` leads through the line of `binding`: it stands before, in a block around.
    pub fn comes_first(&self, binding: usize, token: usize) -> bool {
        let (line, indent) = (self.line[binding], self.indent(self.line[binding]));
        let between = (line + 1..=self.line[token]).filter(|at| self.source.code[*at].first);
        line < self.line[token] && between.into_iter().all(|at| self.indent(at) >= indent)
    }

    /// The last names of the decorators of the function with this name.
    pub fn decorators(&self, name: usize) -> Vec<&'t str> {
        let mut decorators = Vec::new();
        let mut line = self.line[name];
        while let Some(last) = line.checked_sub(1) {
            line = self.line[last];
            if self.at(line) != "@" {
                break;
            }
            let mut decorator = line + 1;
            while self.source.after(decorator) == "." {
                decorator += 2;
            }
            decorators.push(self.at(decorator));
        }
        decorators
    }

    /// Behind the last token of the logical line.
    fn line_end(&self, token: usize) -> usize {
        (token + 1..self.source.code.len()).find(|at| self.source.code[*at].first).unwrap_or(self.source.code.len())
    }

    /// The first token from here on the same line and bracket level that satisfies `wanted`.
    fn find(&self, from: usize, wanted: impl Fn(&str) -> bool) -> Option<usize> {
        let mut token = from;
        while token < self.source.code.len() && (token == from || !self.source.code[token].first) {
            if wanted(self.at(token)) {
                return Some(token);
            }
            if matches!(self.at(token), ")" | "]" | "}") {
                return None;
            }
            token = self.partner[token].max(token) + 1;
        }
        None
    }

    /// The innermost scope whose body holds a token.
    pub fn scope_at(&self, token: usize) -> usize {
        let inside = |scope: &&(usize, &Scope)| scope.1.body.0 <= token && token < scope.1.body.1;
        let scopes = self.scopes.iter().enumerate();
        let inner: Vec<(usize, &Scope)> = scopes.collect();
        inner.iter().filter(inside).min_by_key(|(_, scope)| scope.body.1 - scope.body.0).map_or(0, |(index, _)| *index)
    }

    /// The function whose parameter a token names, if it does.
    pub fn parameter_of(&self, token: usize) -> Option<usize> {
        let bound = |scope: &Scope| {
            let (open, close) = scope.params?;
            let callable = scope.kind == ScopeKind::Function || (scope.kind == ScopeKind::Expression && open < close);
            let level = if scope.kind == ScopeKind::Function { open } else { self.around[open] };
            let own = callable && open < token && token < close && self.around[token] == level;
            (own && matches!(self.source.before(token), "(" | "," | "*" | "**" | "lambda")).then_some(())
        };
        self.scopes.iter().position(|scope| bound(scope).is_some())
    }

    /// The role of an identifier.
    pub fn role(&self, token: usize) -> Role {
        let before = self.source.before(token);
        let first = self.line[token];
        let keyword = (first..token).find(|at| self.at(*at) == "import");
        match self.at(first) {
            "from" if keyword.is_none() => return Role::ModulePath,
            "from" => return if before == "as" { Role::Plain } else { Role::Imported },
            "import" if before != "as" => return Role::ModulePath,
            _ => {}
        }
        if before == "." {
            return Role::Attribute;
        }
        let open = self.around[token];
        let argument = self.source.after(token) == "="
            && matches!(before, "(" | ",")
            && open != usize::MAX
            && self.at(open) == "(";
        if argument && self.parameter_of(token).is_none() {
            return Role::Keyword(open);
        }
        Role::Plain
    }

    /// The scope in which this identifier is bound here, if it is.
    pub fn binds(&self, token: usize) -> Option<usize> {
        if let Some(function) = self.parameter_of(token) {
            return Some(function);
        }
        let before = self.source.before(token);
        let here = self.scope_at(token);
        let scope = self.statement_scope(here);
        match self.role(token) {
            Role::Plain => {}
            Role::Imported if self.source.after(token) != "as" => return Some(scope),
            // `import a.b` binds `a`.
            Role::ModulePath
                if self.at(self.line[token]) == "import" && before != "." && self.source.after(token) != "as" =>
            {
                return Some(scope);
            }
            _ => return None,
        }
        if matches!(before, "def" | "class" | "as") || self.source.after(token) == ":=" {
            return Some(scope);
        }
        if let Some(target) = self.for_target(token) {
            return Some(if self.around[target] == usize::MAX { scope } else { here });
        }
        self.is_assigned(token).then_some(scope)
    }

    /// The scope that a statement binds in: comprehensions and lambdas have no statements.
    fn statement_scope(&self, mut scope: usize) -> usize {
        while self.scopes[scope].kind == ScopeKind::Expression {
            scope = self.scopes[scope].parent;
        }
        scope
    }

    /// The `for` whose target a token is part of.
    fn for_target(&self, token: usize) -> Option<usize> {
        let mut at = token;
        loop {
            at = at.checked_sub(1)?;
            match self.at(at) {
                "for" => return Some(at),
                "," | "(" | "*" | "[" => {}
                _ if self.source.is_ident(at)
                    && !matches!(self.at(at), "in" | "if" | "else" | "and" | "or" | "not" | "is") => {}
                ")" | "]" => at = self.partner[at],
                _ => return None,
            }
            if self.source.code[at].first && self.at(at) != "for" {
                return (self.at(at) == "async" && self.source.after(at) == "for").then_some(at + 1);
            }
        }
    }

    /// Whether a token is the target of an assignment statement.
    fn is_assigned(&self, token: usize) -> bool {
        let after = self.source.after(token);
        if matches!(after, "." | "[" | "(") {
            return false;
        }
        let first = self.line[token];
        if token == first
            && (after == ":"
                || (after.len() >= 2 && after.ends_with('=') && !matches!(after, "==" | "!=" | "<=" | ">=")))
        {
            return !matches!(self.at(token), "else" | "try" | "finally");
        }
        // Only brackets that group targets may be open around it: `(a, b) = …`.
        let mut open = self.around[token];
        while open != usize::MAX {
            let grouping = open == first || matches!(self.source.before(open), "," | "(" | "=" | "[" | "*");
            if !grouping || open < first {
                return false;
            }
            open = self.around[open];
        }
        let mut at = token;
        while at < self.line_end(token) {
            match self.at(at) {
                "=" if self.around[at] == usize::MAX => {
                    return !matches!(self.at(first), "return" | "assert" | "del" | "if" | "while");
                }
                "," | ")" | "]" | "*" | "." | "[" => {}
                ":" if self.around[at] == usize::MAX && at == token + 1 => {}
                _ if self.source.is_ident(at) => {}
                _ => return false,
            }
            at += 1;
        }
        false
    }

    /// The scope that a plain name at a token is looked up in.
    pub fn lookup(&self, token: usize, name: &str, bound: &[(usize, usize)]) -> Option<usize> {
        if let Some((scope, _)) = bound.iter().find(|(_, binding)| *binding == token) {
            return Some(self.declared_outside(*scope, name).unwrap_or(*scope));
        }
        let start = self.scope_at(token);
        let mut scope = start;
        loop {
            let visible = self.scopes[scope].kind != ScopeKind::Class || scope == start;
            if let Some(outside) = self.declared_outside(scope, name) {
                return Some(outside);
            }
            // In a class's body `name = name` takes the outer one: nothing is bound there yet.
            let yet =
                |binding: usize| self.scopes[scope].kind != ScopeKind::Class || self.line[binding] < self.line[token];
            if visible && bound.iter().any(|(other, binding)| *other == scope && yet(*binding)) {
                return Some(scope);
            }
            if scope == 0 {
                return None;
            }
            scope = self.scopes[scope].parent;
        }
    }

    /// All bindings of a name: scope and token.
    pub fn bindings(&self, name: &str) -> Vec<(usize, usize)> {
        self.source.named(name).filter_map(|token| Some((self.binds(token)?, token))).collect()
    }

    /// The scope that `global` or `nonlocal` in a function says the name belongs to.
    fn declared_outside(&self, scope: usize, name: &str) -> Option<usize> {
        let Scope { kind: ScopeKind::Function, body, parent, .. } = self.scopes[scope] else { return None };
        let declared = |token: &usize| {
            let statement = self.at(self.line[*token]);
            *token >= body.0
                && *token < body.1
                && self.scope_at(*token) == scope
                && matches!(statement, "global" | "nonlocal")
        };
        let token = self.source.named(name).find(declared)?;
        Some(if self.at(self.line[token]) == "global" { 0 } else { self.statement_scope(parent) })
    }

    /// The class that a method or attribute at this scope belongs to.
    pub fn class_around(&self, token: usize) -> Option<usize> {
        let mut scope = self.scope_at(token);
        loop {
            if self.scopes[scope].kind == ScopeKind::Class {
                return Some(scope);
            }
            if scope == 0 {
                return None;
            }
            scope = self.scopes[scope].parent;
        }
    }

    /// The names of a class's bases.
    pub fn bases(&self, class: usize) -> Vec<&'t str> {
        let Some((open, close)) = self.scopes[class].params else { return Vec::new() };
        let last = |token: &usize| matches!(self.source.after(*token), "," | ")" | "[") && self.source.is_ident(*token);
        (open + 1..close).filter(last).map(|token| self.at(token)).collect()
    }

    /// The name of a scope.
    pub fn name(&self, scope: usize) -> &'t str {
        self.scopes[scope].name.map_or("", |name| self.at(name))
    }

    /// Whether a name at a token is the first parameter of a method: `self` or `cls`, whatever it is called.
    pub fn is_self(&self, token: usize) -> bool {
        let mut scope = self.scope_at(token);
        while self.scopes[scope].kind != ScopeKind::Module {
            let Scope { kind, params, parent, .. } = self.scopes[scope];
            if kind == ScopeKind::Function && self.scopes[parent].kind == ScopeKind::Class {
                return params.is_some_and(|(open, _)| self.at(open + 1) == self.at(token))
                    && !self.at(token).is_empty();
            }
            scope = parent;
        }
        false
    }
}
