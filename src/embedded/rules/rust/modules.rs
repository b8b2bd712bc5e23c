//! Which item a Rust path names: module tree by file paths, `use` items, re-exports.
//!
//! Only files that were read take part; a path through anything else is *unknown*, never assumed.

use std::collections::{HashMap, HashSet};

use super::outline::{Item, ItemKind, Outline};
use super::roles::Roles;

/// A crate's root folder and the modules down from it: `("cli/src", ["a", "b"])`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Module {
    /// The folder of the crate's root file; for a root of its own such as `tests/x.rs`, that file.
    pub root: String,
    /// Names of the modules on the way.
    pub names: Vec<String>,
}

/// An item of a file.
pub type Place = (usize, usize);

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// These items of the name that was asked for.
    Items(Vec<Place>),
    /// Something outside the workspace, or another thing of the same name.
    Other,
    /// Something inside a type or trait: the type's name.
    Member(String),
    /// Nothing: the module was read and has no such name, so that it is the prelude's or the compiler's.
    Nothing,
    /// Cannot be told.
    Unknown,
}

/// One name that a `use` item brings in.
#[derive(Clone, Debug)]
struct Import {
    /// The path as written; `*` last for a glob.
    path: Vec<String>,
    /// The name it has here; nothing for a glob.
    alias: String,
    /// The function around it, if any.
    function: Option<usize>,
}

/// All modules of the files that were read.
#[derive(Debug)]
pub struct Modules {
    /// For every file its module.
    of_file: Vec<Module>,
    /// These and all modules on the way to them.
    known: HashSet<Module>,
    /// The roots of all crates, sorted.
    roots: Vec<String>,
    /// For every module its imports and its items by name.
    inside: HashMap<Module, Contents>,
    /// Imports by file and token of the imported name.
    imports: HashMap<(usize, usize), (Module, Vec<String>)>,
}

#[derive(Debug, Default)]
struct Contents {
    items: HashMap<String, Vec<Place>>,
    imports: Vec<(usize, Import)>,
}

/// How deep re-exports are followed.
const DEPTH: usize = 8;

impl Modules {
    pub fn of(files: &[Roles<'_>]) -> Modules {
        let of_file: Vec<Module> = files.iter().map(|file| module_in(file, files)).collect();
        let mut known = HashSet::new();
        for module in &of_file {
            for depth in 0..=module.names.len() {
                known.insert(Module { root: module.root.clone(), names: module.names[..depth].to_vec() });
            }
        }
        let mut roots: Vec<String> = of_file.iter().map(|module| module.root.clone()).collect();
        roots.sort_unstable();
        roots.dedup();
        let mut modules = Modules { of_file, known, roots, inside: HashMap::new(), imports: HashMap::new() };
        for (index, file) in files.iter().enumerate() {
            for (position, item) in file.outline.items.iter().enumerate() {
                modules.add(files, index, position, item);
            }
        }
        modules
    }

    /// The module a token of a file is in.
    pub fn around(&self, files: &[Roles<'_>], file: usize, token: usize) -> Module {
        let outline = &files[file].outline;
        let mut module = self.of_file[file].clone();
        let mut inline = Vec::new();
        let mut item = outline.item_around(token);
        while let Some(index) = item {
            let around = &outline.items[index];
            let inside = around.body.is_some_and(|(open, close)| open < token && token < close);
            if around.kind == ItemKind::Mod && inside {
                inline.push(outline.name(index).to_owned());
            }
            item = around.parent;
        }
        module.names.extend(inline.into_iter().rev());
        module
    }

    /// What `name` means at a place where nothing local hides it.
    pub fn plain(&self, files: &[Roles<'_>], file: usize, token: usize, name: &str) -> Named {
        let outline = &files[file].outline;
        let module = self.around(files, file, token);
        let contents = self.inside.get(&module);
        let mut member = Named::Unknown;
        // Items and imports inside the functions around come first.
        let mut function = outline.enclosing(token, |item| item.kind == ItemKind::Fn);
        while let Some(index) = function {
            let nested = outline.items.iter().enumerate().filter(|(_, item)| item.parent == Some(index));
            // An item is seen in its block; the innermost block wins.
            let nested = nested.filter(|(item, _)| outline.name(*item) == name).filter(|(_, item)| {
                let block = outline.around[item.start];
                block != usize::MAX && block < token && token < outline.partner[block]
            });
            if let Some(block) = nested.clone().map(|(_, item)| outline.around[item.start]).max() {
                let inner = nested.filter(|(_, item)| outline.around[item.start] == block);
                return Named::Items(inner.map(|(item, _)| (file, item)).collect());
            }
            let imports = contents.into_iter().flat_map(|contents| &contents.imports);
            let inside = imports.filter(|(other, import)| *other == file && import.function == Some(index));
            match self.imported(inside.map(|(_, import)| import), &module, name, DEPTH) {
                // Perhaps one of an enum's variants that are all imported; else the module may still know better.
                Some(Named::Member(of)) if !has_variant(files, &of, name) => member = Named::Member(of),
                Some(named) => return named,
                None => {}
            }
            function = outline.items[index]
                .parent
                .and_then(|parent| outline.enclosing(outline.items[parent].start, |item| item.kind == ItemKind::Fn));
        }
        match self.lookup(&module, name, DEPTH) {
            Named::Unknown | Named::Nothing if member != Named::Unknown => member,
            // What a macro's body names is looked up where the macro is used.
            Named::Nothing if outline.enclosing(token, |item| item.kind == ItemKind::MacroRules).is_some() => {
                Named::Unknown
            }
            named => named,
        }
    }

    /// What a path means in the module around a token of a file.
    pub fn path(&self, files: &[Roles<'_>], file: usize, token: usize, path: &[&str]) -> Named {
        let path: Vec<String> = path.iter().map(|segment| (*segment).to_owned()).collect();
        self.resolve(&self.around(files, file, token), &path, DEPTH)
    }

    /// Whether a name at a place may come from a glob import.
    pub fn has_globs(&self, files: &[Roles<'_>], file: usize, token: usize) -> bool {
        let contents = self.inside.get(&self.around(files, file, token));
        contents.is_some_and(|contents| {
            contents.imports.iter().any(|(_, import)| import.path.last().is_some_and(|last| last == "*"))
        })
    }

    /// Whether a path that begins with `first` at a place can only lead to another crate.
    pub fn is_foreign(&self, files: &[Roles<'_>], file: usize, token: usize, first: &str) -> bool {
        let module = self.around(files, file, token);
        let known = matches!(first, "Self" | "$crate") || self.starts_known(&module, &[first.to_owned()]);
        // A glob of a module that was not read may bring anything.
        let contents = self.inside.get(&module).filter(|_| !known);
        contents.is_some_and(|contents| self.brings_nothing(&module, contents, first, DEPTH))
    }

    /// Whether a glob of this path surely brings no `first`: its module was read and has none, or it is of no module here.
    fn is_closed(&self, module: &Module, path: &[String], first: &str, depth: usize) -> bool {
        let mut at = module.clone();
        for step in path {
            match step.as_str() {
                "crate" => at.names.clear(),
                "self" => {}
                "super" => {
                    at.names.pop();
                }
                name if self.is_module(&at, name) => at.names.push(name.to_owned()),
                name => {
                    return name.starts_with(|first: char| first.is_uppercase())
                        || !self.starts_known(&at, &[name.to_owned()]);
                }
            }
        }
        let Some(contents) = self.inside.get(&at).filter(|_| depth > 0) else { return false };
        !self.starts_known(&at, &[first.to_owned()]) && self.brings_nothing(&at, contents, first, depth)
    }

    /// Whether some module of the files that were read is called `name`.
    pub fn has_module(&self, name: &str) -> bool {
        self.of_file.iter().any(|module| module.names.last().is_some_and(|last| last == name))
    }

    /// What the import whose path ends (or passes) at a token means, up to that token.
    pub fn import(&self, file: usize, token: usize) -> Option<Named> {
        let (module, path) = self.imports.get(&(file, token))?;
        Some(self.resolve_import(module, path, DEPTH))
    }

    fn add(&mut self, files: &[Roles<'_>], file: usize, position: usize, item: &Item) {
        let outline = &files[file].outline;
        let module = self.around(files, file, item.start);
        if item.kind == ItemKind::Use {
            let function = outline.enclosing(item.start, |item| item.kind == ItemKind::Fn);
            let mut tree = UseTree { outline, function, segments: Vec::new(), imports: Vec::new() };
            tree.read(item.start + 1, &mut Vec::new());
            for (token, path) in tree.segments {
                self.imports.insert((file, token), (module.clone(), path));
            }
            let imports = tree.imports.into_iter().map(|import| (file, import));
            self.inside.entry(module).or_default().imports.extend(imports);
            return;
        }
        let free = item.parent.is_none_or(|parent| outline.items[parent].kind == ItemKind::Mod);
        if free && item.name.is_some() {
            let items = &mut self.inside.entry(module).or_default().items;
            items.entry(outline.name(position).to_owned()).or_default().push((file, position));
        }
    }

    /// What `name` means in a module.
    fn lookup(&self, module: &Module, name: &str, depth: usize) -> Named {
        if depth == 0 {
            return Named::Unknown;
        }
        let Some(contents) = self.inside.get(module) else { return Named::Unknown };
        let imports = contents.imports.iter().map(|(_, import)| import).filter(|import| import.function.is_none());
        if let Some(items) = contents.items.get(name) {
            // Another name space may have the same name by an import.
            let mut items = items.clone();
            let named = imports.filter(|import| import.alias == name);
            if let Some(Named::Items(more)) = self.imported(named, module, name, depth) {
                items.extend(more);
            }
            return Named::Items(items);
        }
        match self.imported(imports.clone(), module, name, depth) {
            Some(named) => named,
            None if self.brings_nothing(module, contents, name, depth) => Named::Nothing,
            None => Named::Unknown,
        }
    }

    /// Whether no glob import of a module can bring a name.
    fn brings_nothing(&self, module: &Module, contents: &Contents, name: &str, depth: usize) -> bool {
        let mut globs =
            contents.imports.iter().filter(|(_, import)| import.path.last().is_some_and(|last| last == "*"));
        globs.all(|(_, glob)| self.is_closed(module, &glob.path[..glob.path.len() - 1], name, depth - 1))
    }

    fn imported<'i>(
        &self,
        imports: impl Iterator<Item = &'i Import> + Clone,
        module: &Module,
        name: &str,
        depth: usize,
    ) -> Option<Named> {
        let named = imports.clone().filter(|import| import.alias == name);
        let mut found: Vec<Place> = Vec::new();
        let mut other = None;
        for import in named {
            match self.resolve_import(module, &import.path, depth - 1) {
                Named::Items(items) => found.extend(items),
                named => other = Some(named),
            }
        }
        if found.is_empty() && other.is_none() {
            for glob in imports.filter(|import| import.path.last().is_some_and(|last| last == "*")) {
                let mut path = glob.path.clone();
                path.pop();
                path.push(name.to_owned());
                match self.resolve_import(module, &path, depth - 1) {
                    Named::Items(items) => found.extend(items),
                    // All variants of an enum; whether this is one of them, its declaration says.
                    Named::Member(of) => other = Some(Named::Member(of)),
                    _ => {}
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        if found.is_empty() { other } else { Some(Named::Items(found)) }
    }

    fn resolve_import(&self, module: &Module, path: &[String], depth: usize) -> Named {
        match self.resolve(module, path, depth) {
            // The first name of an import that is no module here is a crate.
            Named::Unknown if path.len() > 1 && !self.starts_known(module, path) => Named::Other,
            named => named,
        }
    }

    fn starts_known(&self, module: &Module, path: &[String]) -> bool {
        matches!(path[0].as_str(), "crate" | "self" | "super")
            || self.is_module(module, &path[0])
            || self.crate_root(module, &path[0]).is_some()
            || self.inside.get(module).is_some_and(|contents| {
                contents.imports.iter().any(|(_, import)| import.alias == path[0])
                    || contents.items.contains_key(&path[0])
            })
    }

    fn resolve(&self, module: &Module, path: &[String], depth: usize) -> Named {
        let Some((first, rest)) = path.split_first() else { return Named::Unknown };
        if depth == 0 {
            return Named::Unknown;
        }
        let within = |names: &[String]| Module { root: module.root.clone(), names: names.to_vec() };
        match first.as_str() {
            "crate" | "$crate" => self.walk(within(&[]), rest, depth),
            "self" => self.walk(module.clone(), rest, depth),
            "super" => {
                let parent = &module.names[..module.names.len().saturating_sub(1)];
                match rest.first().map(String::as_str) {
                    Some("super") => self.resolve(&within(parent), rest, depth - 1),
                    _ => self.walk(within(parent), rest, depth),
                }
            }
            "std" | "core" | "alloc" | "::" => Named::Other,
            _ if rest.is_empty() => self.lookup(module, first, depth),
            _ if self.is_module(module, first) => self.walk(module.clone(), path, depth),
            _ => self.resolve_first(module, first, rest, depth),
        }
    }

    /// A path whose first name is no child module: imported, an item, or another crate of the workspace.
    fn resolve_first(&self, module: &Module, first: &str, rest: &[String], depth: usize) -> Named {
        if depth == 0 {
            return Named::Unknown;
        }
        let contents = self.inside.get(module);
        // A type of the module and an import of the same name can only be a derive macro's.
        if contents.is_some_and(|contents| contents.items.contains_key(first)) {
            return Named::Member(first.to_owned());
        }
        let imports = contents.into_iter().flat_map(|contents| &contents.imports);
        for (_, import) in imports.filter(|(_, import)| import.alias == first) {
            let path: Vec<String> = import.path.iter().chain(rest).cloned().collect();
            if path.len() > rest.len() + 1 || path[0] != first {
                return self.resolve_import(module, &path, depth - 1);
            }
        }
        if let Some(root) = self.crate_root(module, first) {
            return self.walk(Module { root, names: Vec::new() }, rest, depth);
        }
        if first.starts_with(|first: char| first.is_uppercase()) {
            return Named::Member(first.to_owned());
        }
        let globs = contents.into_iter().flat_map(|contents| &contents.imports);
        for (_, glob) in globs.filter(|(_, import)| import.path.last().is_some_and(|last| last == "*")) {
            let base = &glob.path[..glob.path.len() - 1];
            let path: Vec<String> =
                base.iter().cloned().chain([first.to_owned()]).chain(rest.iter().cloned()).collect();
            let named = self.resolve(module, &path, depth - 1);
            if named != Named::Unknown {
                return named;
            }
        }
        Named::Unknown
    }

    /// Follows `path` down from a module.
    fn walk(&self, mut module: Module, path: &[String], depth: usize) -> Named {
        let Some((name, modules)) = path.split_last() else { return Named::Unknown };
        for (index, step) in modules.iter().enumerate() {
            if self.is_module(&module, step) {
                module.names.push(step.clone());
                continue;
            }
            if !self.inside.contains_key(&module) {
                return Named::Unknown;
            }
            return self.resolve_first(&module, step, &path[index + 1..], depth - 1);
        }
        self.lookup(&module, name, depth)
    }

    fn is_module(&self, module: &Module, name: &str) -> bool {
        let mut child = module.clone();
        child.names.push(name.to_owned());
        self.known.contains(&child) || self.inside.contains_key(&child)
    }

    /// The root of the workspace's crate that is called `name` from a module: by its folder's name, or the library
    /// beside a test, example or binary.
    fn crate_root(&self, from: &Module, name: &str) -> Option<String> {
        let roots = self.roots.iter().map(String::as_str);
        let folder = |root: &str| root.strip_suffix("src").map(|root| root.trim_end_matches('/').to_owned());
        let by_name = roots.clone().find(|root| {
            folder(root).is_some_and(|folder| {
                !folder.is_empty() && folder.rsplit('/').next().unwrap_or("").replace('-', "_") == name
            })
        });
        let beside = || {
            let own = from.root.ends_with(".rs");
            roots.clone().find(|root| own && folder(root).is_some_and(|folder| from.root.starts_with(&folder)))
        };
        let external = matches!(name, "std" | "core" | "alloc" | "self" | "super" | "crate");
        by_name.or_else(|| beside().filter(|_| !external)).map(str::to_owned)
    }
}

/// The module of a file among others. A `main.rs` beside a `lib.rs` is a crate of its own: it sees the library by its
/// name only. It is one as well when it declares none of the files around it, whether or not `lib.rs` was read.
fn module_in(file: &Roles<'_>, files: &[Roles<'_>]) -> Module {
    let path = file.outline.source.path;
    let module = module_of(path);
    let Some(folder) = path.strip_suffix("main.rs").filter(|_| module.names.is_empty()) else { return module };
    let library = format!("{folder}lib.rs");
    let has_library = files.iter().any(|other| other.outline.source.path == library);
    let declares = file.outline.items.iter().any(|item| item.kind == ItemKind::Mod && item.body.is_none());
    if has_library || !declares { Module { root: path.to_owned(), names: Vec::new() } } else { module }
}

/// The module of a file, by its path.
pub fn module_of(path: &str) -> Module {
    let folders: Vec<&str> = path.split('/').collect();
    let stem = folders.last().map_or("", |name| name.trim_end_matches(".rs"));
    let source = folders.iter().rposition(|folder| *folder == "src");
    match source {
        Some(source) if folders.get(source + 1) != Some(&"bin") => {
            let root = folders[..=source].join("/");
            let mut names: Vec<String> =
                folders[source + 1..folders.len() - 1].iter().map(|name| (*name).into()).collect();
            let top = names.is_empty() && matches!(stem, "lib" | "main");
            if !top && stem != "mod" {
                names.push(stem.to_owned());
            }
            Module { root, names }
        }
        _ => Module { root: path.to_owned(), names: Vec::new() },
    }
}

/// Reads the tree of a `use` item.
struct UseTree<'o, 't> {
    outline: &'o Outline<'t>,
    function: Option<usize>,
    /// Every name of the tree with the path down to it.
    segments: Vec<(usize, Vec<String>)>,
    imports: Vec<Import>,
}

impl UseTree<'_, '_> {
    /// Reads the branch that begins at `token`; gives the token behind it.
    fn read(&mut self, mut token: usize, prefix: &mut Vec<String>) -> usize {
        let depth = prefix.len();
        loop {
            match self.outline.at(token) {
                "::" => {
                    if prefix.is_empty() {
                        prefix.push("::".into());
                    }
                    token += 1;
                }
                "{" => {
                    let close = self.outline.partner[token];
                    token += 1;
                    while token < close {
                        token = self.read(token, prefix) + 1;
                    }
                    token = close + 1;
                    break;
                }
                "*" => {
                    let path = prefix.iter().cloned().chain(["*".into()]).collect();
                    self.imports.push(Import { path, alias: String::new(), function: self.function });
                    token += 1;
                    break;
                }
                name if self.outline.source.is_ident(token) => {
                    prefix.push(name.to_owned());
                    self.segments.push((token, prefix.clone()));
                    token += 1;
                    if self.outline.at(token) != "::" {
                        token = self.end_branch(token, prefix);
                        break;
                    }
                }
                _ => break,
            }
        }
        prefix.truncate(depth);
        token
    }

    /// The end of a branch: the name imported, and `as alias`.
    fn end_branch(&mut self, token: usize, prefix: &mut Vec<String>) -> usize {
        if prefix.len() > 1 && prefix.last().is_some_and(|last| last == "self") {
            prefix.pop();
        }
        let renamed = self.outline.at(token) == "as";
        let alias =
            if renamed { self.outline.at(token + 1).to_owned() } else { prefix.last().cloned().unwrap_or_default() };
        self.imports.push(Import { path: prefix.clone(), alias, function: self.function });
        if renamed { token + 2 } else { token }
    }
}

/// Whether an enum that was read has such a variant.
fn has_variant(files: &[Roles<'_>], of: &str, name: &str) -> bool {
    files.iter().any(|roles| {
        let outline = &roles.outline;
        outline.variants.iter().any(|variant| outline.at(variant.name) == name && outline.name(variant.item) == of)
    })
}
