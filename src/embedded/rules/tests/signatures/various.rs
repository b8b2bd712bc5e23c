//! Go, C, C++, Java.

use super::check_finish;

#[test]
fn go_functions_and_interfaces() {
    let said = check_finish(
        "//- /store/store.go
package store

type Store interface {
	Put(key string, value []byte, ttl int) error
}

type Memory struct{}

func (m *Memory) Put(key string, value []byte, ttl int) error { return m.Put(key, value, ttl) }

func Open(path string, size, depth int) *Memory { return Open(path, size, depth) }
//- /main.go
package main

import \"example.com/app/store\"

func main() {
	s := store.Open(\"a(,\", func(a, b int) int { return a }(1, 2), 3)
	store.Open(args...)
	_ = s.Put(\"k\", []byte{1, 2}, 5)
	open := store.Open
}
",
        &[
            ("size, depth int) *Memory", "depth int) *Memory"),
            ("Put(key string, value []byte, ttl int) error\n}", "Put(ttl int, key string, value []byte) error\n}"),
        ],
        "//- /store/store.go
package store

type Store interface {
	Put(ttl int, key string, value []byte) error
}

type Memory struct{}

func (m *Memory) Put(key string, value []byte, ttl int) error { return m.Put(key, value, ttl) }

func Open(path string, depth int) *Memory { return Open(path, depth) }
//- /main.go
package main

import \"example.com/app/store\"

func main() {
	s := store.Open(\"a(,\", 3)
	store.Open(args...)
	_ = s.Put(\"k\", []byte{1, 2}, 5)
	open := store.Open
}
",
    );
    for left in [
        "main.go:7: it passes a list whose length is not known here",
        "main.go:9: it is passed on as a value",
        "An argument that called something went with its parameter: main.go:6",
    ] {
        assert!(said.contains(left), "{left}\n{said}");
    }
}

#[test]
fn go_parameters_that_share_a_type() {
    check_finish(
        "//- /a.go
package a

func area(w, h int, unit string) int { return area(w, h, unit) }

func use(ctx context.Context, w int) int { return area(w, 2, \"m\") }
",
        &[("w, h int, unit string", "ctx context.Context, h, w int")],
        "//- /a.go
package a

func area(ctx context.Context, h, w int) int { return area(ctx, h, w) }

func use(ctx context.Context, w int) int { return area(ctx, 2, w) }
",
    );
}

#[test]
fn c_prototypes_follow_their_definitions() {
    let said = check_finish(
        "//- /buf.h
int buf_push(struct buf *b, char c, int flags); /* buf_push(b, c, flags) */
//- /buf.c
#include \"buf.h\"
#define PUSH(b, c) \\
    buf_push(b, c, 0)
int buf_push(struct buf *b, char c, int flags) {
    return buf_push(b, c, flags);
}
//- /main.c
#include \"buf.h\"
int main(void) {
    struct buf b = { 0 };
    int (*push)(struct buf *, char, int) = buf_push;
    return buf_push(&b, ',', MASK(1, 2)) + buf_push(&b, '(',
        3);
}
",
        &[("int buf_push(struct buf *b, char c, int flags) {", "int buf_push(int flags, struct buf *b, char c) {")],
        "//- /buf.h
int buf_push(int flags, struct buf *b, char c); /* buf_push(b, c, flags) */
//- /buf.c
#include \"buf.h\"
#define PUSH(b, c) \\
    buf_push(b, c, 0)
int buf_push(int flags, struct buf *b, char c) {
    return buf_push(flags, b, c);
}
//- /main.c
#include \"buf.h\"
int main(void) {
    struct buf b = { 0 };
    int (*push)(struct buf *, char, int) = buf_push;
    return buf_push(MASK(1, 2), &b, ',') + buf_push(3, &b,
        '(');
}
",
    );
    assert!(said.contains("buf.c:3: a macro decides what becomes of it"), "{said}");
    assert!(said.contains("main.c:4: it is passed on as a value"), "{said}");
}

#[test]
fn cpp_methods_with_default_arguments() {
    let said = check_finish(
        "//- /w.hpp
namespace ui {
class Widget {
public:
    void show(int times, const std::map<int, int> &at = {});
    void show_all();
};
}
//- /w.cpp
#include \"w.hpp\"
void ui::Widget::show(int times, const std::map<int, int> &at) { show(times - 1, at); }
void ui::Widget::show_all() { show(1); this->show(2, std::map<int, int>{{1, 2}}); }
int main() { ui::Widget w; w.show(make<int, int>(3, 4)); }
",
        &[("show(int times, const std::map<int, int> &at = {});", "show(const std::map<int, int> &at = {});")],
        "//- /w.cpp
#include \"w.hpp\"
void ui::Widget::show(int times, const std::map<int, int> &at) { show(at); }
void ui::Widget::show_all() { show(); this->show(std::map<int, int>{{1, 2}}); }
int main() { ui::Widget w; w.show(); }
",
    );
    assert!(said.contains("w.cpp:2: its body uses a parameter that goes"), "{said}");
}

#[test]
fn cpp_methods_changed_outside_their_class() {
    check_finish(
        "//- /w.hpp
class Widget {
    void show(int times, bool loud);
};
//- /w.cpp
#include \"w.hpp\"
void Widget::show(int times, bool loud) { show(times - 1, loud); }
",
        &[("void Widget::show(int times, bool loud)", "void Widget::show(int times)")],
        "//- /w.hpp
class Widget {
    void show(int times);
};
//- /w.cpp
#include \"w.hpp\"
void Widget::show(int times) { show(times - 1); }
",
    );
}

#[test]
fn java_methods_interfaces_and_constructors() {
    let said = check_finish(
        "//- /Shape.java
interface Shape { double area(int scale, List<Map<String, Integer>> units); }
class Circle implements Shape {
    private final int r;
    Circle(int r, String name) { this.r = r; }
    public double area(int scale, List<Map<String, Integer>> units) { return area(scale, units) * r; }
}
class Ledger { double area(int a, int b) { return a; } }
//- /Main.java
class Main {
    double run(Shape shape, Ledger ledger) {
        Circle circle = new Circle(1, \"a, b\");
        Function<Integer, Circle> make = Circle::new;
        return shape.area(1, new ArrayList<Map<String, Integer>>()) + ledger.area(2, 3)
            + circle.area(4, (a, b) -> a);
    }
}
",
        &[
            (
                "{ double area(int scale, List<Map<String, Integer>> units); }",
                "{ double area(List<Map<String, Integer>> units, int scale); }",
            ),
            ("Circle(int r, String name)", "Circle(String name, int r)"),
        ],
        "//- /Shape.java
interface Shape { double area(List<Map<String, Integer>> units, int scale); }
class Circle implements Shape {
    private final int r;
    Circle(String name, int r) { this.r = r; }
    public double area(List<Map<String, Integer>> units, int scale) { return area(units, scale) * r; }
}
class Ledger { double area(int a, int b) { return a; } }
//- /Main.java
class Main {
    double run(Shape shape, Ledger ledger) {
        Circle circle = new Circle(\"a, b\", 1);
        Function<Integer, Circle> make = Circle::new;
        return shape.area(new ArrayList<Map<String, Integer>>(), 1) + ledger.area(2, 3)
            + circle.area((a, b) -> a, 4);
    }
}
",
    );
    assert!(said.contains("1 declaration"), "{said}");
}

#[test]
fn java_overloads_are_left_to_the_user() {
    let said = check_finish(
        "//- /A.java
class A {
    void log(String text, int level) { }
    void log(String text) { log(text, 1); }
}
",
        &[("void log(String text, int level)", "void log(int level, String text)")],
        "",
    );
    assert!(said.contains("several functions of its name stand beside it"), "{said}");
}
