//! Python.

use super::check_finish;

#[test]
fn positions_and_keywords_are_told_apart() {
    let said = check_finish(
        "//- /m.py
def send(to, text, times=1, *, urgent=False):
    return send(to, text, times)

class Other:
    def send(self, to, text, times):
        self.send(1, 2, 3)

handler = send
//- /n.py
from m import send
import m

def f(items, options):
    send('a, (b)', f\"{items[0]}, )\", 2)
    send(text='x', to='y')
    send('a', times=3, text='b', urgent=True)
    m.send(
        'a',
        lambda x, y: (x, y),
        times=4,
    )
    send(*items)
    send('a', **options)
",
        &[("def send(to, text, times=1", "def send(text, times=1")],
        "//- /m.py
def send(text, times=1, *, urgent=False):
    return send(text, times)

class Other:
    def send(self, to, text, times):
        self.send(1, 2, 3)

handler = send
//- /n.py
from m import send
import m

def f(items, options):
    send(f\"{items[0]}, )\", 2)
    send(text='x')
    send(times=3, text='b', urgent=True)
    m.send(
        lambda x, y: (x, y),
        times=4,
    )
    send(*items)
    send('a', **options)
",
    );
    assert!(said.contains("Left alone: m.py:8: it is passed on as a value."), "{said}");
    assert!(said.contains("Left alone: n.py:13, n.py:14: it passes a list whose length is not known here."), "{said}");
}

#[test]
fn a_default_value_needs_nothing_of_the_callers() {
    let said = check_finish(
        "//- /m.py
def send(to):
    pass

send(1)
",
        &[("def send(to)", "def send(to, times=1)")],
        "//- /m.py
def send(to, times=1):
    pass

send(1)
",
    );
    assert!(said.contains("`times` can be left out, so its callers need nothing."), "{said}");
}

#[test]
fn behind_a_new_default_and_behind_a_star_arguments_are_passed_by_name() {
    check_finish(
        "//- /m.py
def one(a, b):
    pass

def two(a, b):
    pass

one(1, 2)
one(1, b=2)
two(
    1,
    2,
)
",
        &[("def one(a, b)", "def one(a, c=0, b=1)"), ("def two(a, b)", "def two(a, *, b)")],
        "//- /m.py
def one(a, c=0, b=1):
    pass

def two(a, *, b):
    pass

one(1, b=2)
one(1, b=2)
two(
    1,
    b=2,
)
",
    );
}

#[test]
fn methods_are_called_on_objects_and_on_classes() {
    check_finish(
        "//- /m.py
class Base:
    def run(self, speed, depth):
        self.run(speed, depth)

    @classmethod
    def make(cls, kind, size):
        return cls()

    @staticmethod
    def scale(factor, by):
        return factor

class Derived(Base):
    def run(self, speed, depth):
        super().run(speed, depth)
        Base.run(self, 1, 2)

class Stranger:
    def run(self, speed, depth):
        pass

def f(base: Base, stranger: Stranger):
    base.run(1, 2)
    stranger.run(1, 2)
    Base.make('a', 3)
    Base.scale(4, 5)
",
        &[
            ("class Base:\n    def run(self, speed, depth)", "class Base:\n    def run(self, depth, speed)"),
            ("cls, kind, size", "cls, size"),
            ("factor, by", "by, factor"),
        ],
        "//- /m.py
class Base:
    def run(self, depth, speed):
        self.run(depth, speed)

    @classmethod
    def make(cls, size):
        return cls()

    @staticmethod
    def scale(by, factor):
        return factor

class Derived(Base):
    def run(self, depth, speed):
        super().run(depth, speed)
        Base.run(self, 2, 1)

class Stranger:
    def run(self, speed, depth):
        pass

def f(base: Base, stranger: Stranger):
    base.run(2, 1)
    stranger.run(1, 2)
    Base.make(3)
    Base.scale(5, 4)
",
    );
}

#[test]
fn constructors_are_called_by_their_class() {
    check_finish(
        "//- /shape.py
class Shape:
    def __init__(self, name, sides):
        self.name = name

    def copy(self):
        return Shape(self.name, 3)

class Square(Shape):
    def __init__(self):
        super().__init__('square', 4)

def f(shape: Shape):
    return [Shape('a', 1), Square(), isinstance(shape, Shape)]
//- /use.py
import shape
s = shape.Shape(sides=5, name='b')
",
        &[("self, name, sides", "self, sides, name")],
        "//- /shape.py
class Shape:
    def __init__(self, sides, name):
        self.name = name

    def copy(self):
        return Shape(3, self.name)

class Square(Shape):
    def __init__(self):
        super().__init__(4, 'square')

def f(shape: Shape):
    return [Shape(1, 'a'), Square(), isinstance(shape, Shape)]
//- /use.py
import shape
s = shape.Shape(sides=5, name='b')
",
    );
}

#[test]
fn what_is_added_is_passed_where_it_is_bound_for_sure() {
    let said = check_finish(
        "//- /m.py
def log(text):
    log(text)

def has(level):
    log('a')

def sets(flag):
    level = 3
    if flag:
        log('b')

def may(flag):
    if flag:
        level = 3
    log('c')

level = 9
log('d')
",
        &[("def log(text)", "def log(text, level)")],
        "//- /m.py
def log(text, level):
    log(text, level)

def has(level):
    log('a', level)

def sets(flag):
    level = 3
    if flag:
        log('b', level)

def may(flag):
    if flag:
        level = 3
    log('c')

level = 9
log('d')
",
    );
    assert!(said.contains("What to pass for `level` only you or a model can say: m.py:15, m.py:18."), "{said}");
}

#[test]
fn a_decorator_that_is_not_known_stops_it() {
    let said = check_finish(
        "//- /m.py
@app.task
def send(to, text):
    pass

send(1, 2)
",
        &[("def send(to, text)", "def send(text)")],
        "",
    );
    assert!(
        said.contains("a decorator may change what it takes; what its callers pass is yours to decide: m.py:5."),
        "{said}"
    );
}

#[test]
fn renamed_and_reordered_parameters_are_not_mistaken_for_each_other() {
    check_finish(
        "//- /m.py
def f(a, b, c):
    return (a, b, c)

f(1, 2, c=3)
",
        &[("def f(a, b, c)", "def f(c, a, b)")],
        "//- /m.py
def f(c, a, b):
    return (a, b, c)

f(a=1, b=2, c=3)
",
    );
}
