//! Python.

use super::check_finish;

#[test]
fn a_function_is_renamed_through_imports() {
    check_finish(
        "//- /pkg/__init__.py
from .core import load as load_it, fetch
__all__ = [\"fetch\", \"load_it\"]
//- /pkg/core.py
def fetch(url):
    return url

def load(fetch):
    return fetch

class Job:
    def fetch(self):
        return fetch(self)
//- /app.py
import pkg.core
import pkg.core as c
from pkg import fetch
from pkg.core import fetch as f

def main(job):
    text = f\"{fetch('a')!r:>{len(fetch('b'))}} {{fetch}}\"
    mock.patch(\"pkg.core.fetch\")
    return fetch(pkg.core.fetch(c.fetch(f(job.fetch()))))

def other():
    fetch = 3
    return fetch, [fetch for fetch in (1, 2)]
",
        &[("def fetch(url)", "def retrieve(url)")],
        "//- /pkg/__init__.py
from .core import load as load_it, retrieve
__all__ = [\"retrieve\", \"load_it\"]
//- /pkg/core.py
def retrieve(url):
    return url

def load(fetch):
    return fetch

class Job:
    def fetch(self):
        return retrieve(self)
//- /app.py
import pkg.core
import pkg.core as c
from pkg import retrieve
from pkg.core import retrieve as f

def main(job):
    text = f\"{retrieve('a')!r:>{len(retrieve('b'))}} {{fetch}}\"
    mock.patch(\"pkg.core.retrieve\")
    return retrieve(pkg.core.retrieve(c.retrieve(f(job.fetch()))))

def other():
    fetch = 3
    return fetch, [fetch for fetch in (1, 2)]
",
    );
}

#[test]
fn a_parameter_is_renamed_with_its_keyword_arguments() {
    check_finish(
        "//- /m.py
def send(to, times=1):
    \"\"\"Send to `to`.

    :param to: who
    \"\"\"
    def inner():
        nonlocal to
        to = to.strip()
    return lambda x: (to, x.to, {to: to}, f'{to}')

send(to=1)
other(to=1)
//- /n.py
from m import send
send(
    times=2,
    to='x',
)
",
        &[("def send(to,", "def send(recipient,")],
        "//- /m.py
def send(recipient, times=1):
    \"\"\"Send to `recipient`.

    :param recipient: who
    \"\"\"
    def inner():
        nonlocal recipient
        recipient = recipient.strip()
    return lambda x: (recipient, x.to, {recipient: recipient}, f'{recipient}')

send(recipient=1)
other(to=1)
//- /n.py
from m import send
send(
    times=2,
    recipient='x',
)
",
    );
}

#[test]
fn methods_and_attributes_are_attributed_by_class() {
    let said = check_finish(
        "//- /m.py
class Base:
    def __init__(self):
        self.total = 0
    def run(self):
        return self.total

class Derived(Base):
    def run(self):
        return super().run() + self.total

class Other:
    def run(self):
        return self.run()

def f(a: Base, b: Other, c):
    d = Derived()
    return a.run() + b.run() + c.run() + d.run() + Base.run(a) + getattr(a, \"run\")
",
        &[(
            "class Base:\n    def __init__(self):\n        self.total = 0\n    def run(",
            "class Base:\n    def __init__(self):\n        self.sum = 0\n    def start(",
        )],
        "//- /m.py
class Base:
    def __init__(self):
        self.sum = 0
    def start(self):
        return self.sum

class Derived(Base):
    def start(self):
        return super().start() + self.sum

class Other:
    def run(self):
        return self.run()

def f(a: Base, b: Other, c):
    d = Derived()
    return a.start() + b.run() + c.run() + d.start() + Base.start(a) + getattr(a, \"run\")
",
    );
    assert!(said.contains("Left alone: m.py:17: other classes have a member of this name"), "{said}");
}

#[test]
fn locals_and_globals_are_told_apart() {
    check_finish(
        "//- /m.py
count = 0

def bump(step):
    global count
    count += step
    return count

def local():
    count = 1
    return count

class C:
    count = count
    limit = count
    def get(self):
        return self.count + count
",
        &[("count = 0\n", "total = 0\n")],
        "//- /m.py
total = 0

def bump(step):
    global total
    total += step
    return total

def local():
    count = 1
    return count

class C:
    count = total
    limit = count
    def get(self):
        return self.count + total
",
    );
}

#[test]
fn dataclass_fields_are_arguments_too() {
    check_finish(
        "//- /m.py
@dataclass
class Point:
    x: int
    y: int = 0

p = Point(x=1, y=2)
q = Other(x=1)
print(p.x)
",
        &[("    x: int\n", "    left: int\n")],
        "//- /m.py
@dataclass
class Point:
    left: int
    y: int = 0

p = Point(left=1, y=2)
q = Other(x=1)
print(p.left)
",
    );
}

#[test]
fn a_name_that_an_import_binds_too_is_refused() {
    let before = "//- /m.py
try:
    import ssl
except ImportError:
    ssl = None
print(ssl)
";
    let said = check_finish(before, &[("    ssl = None", "    tls = None")], "");
    assert!(said.contains("an import in m.py binds `ssl` as well"), "{said}");
}
