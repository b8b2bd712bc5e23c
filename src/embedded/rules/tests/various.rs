//! Go, C, C++, Java.

use super::check_finish;

#[test]
fn go_names_are_seen_in_their_package_and_behind_its_name() {
    check_finish(
        "//- /store/store.go
package store

type Item struct {
	Name string
	size int
}

func Open(path string) (*Item, error) {
	item := &Item{Name: path, size: 1}
	if err := check(item); err != nil {
		return nil, err
	}
	return item, nil
}

func (i *Item) Size() int { return i.size }
//- /store/check.go
package store

func check(item *Item) error {
	Open := item.Name
	_ = Open
	_, err := func() (*Item, error) { return nil, nil }()
	return err
}

func again() { Open(\"x\") }
//- /main.go
package main

import (
	\"fmt\"
	\"example.com/app/store\"
)

func main() {
	item, _ := store.Open(\"a\")
	fmt.Println(item.Size(), other.Open(\"b\"))
}
",
        &[("func Open(path", "func OpenAt(path"), ("\tsize int", "\tbytes int")],
        "//- /store/store.go
package store

type Item struct {
	Name string
	bytes int
}

func OpenAt(path string) (*Item, error) {
	item := &Item{Name: path, bytes: 1}
	if err := check(item); err != nil {
		return nil, err
	}
	return item, nil
}

func (i *Item) Size() int { return i.bytes }
//- /store/check.go
package store

func check(item *Item) error {
	Open := item.Name
	_ = Open
	_, err := func() (*Item, error) { return nil, nil }()
	return err
}

func again() { OpenAt(\"x\") }
//- /main.go
package main

import (
	\"fmt\"
	\"example.com/app/store\"
)

func main() {
	item, _ := store.OpenAt(\"a\")
	fmt.Println(item.Size(), other.Open(\"b\"))
}
",
    );
}

#[test]
fn c_functions_fields_and_locals() {
    check_finish(
        "//- /buf.h
#ifndef BUF_H
struct buf { int used; char *data; };
int buf_push(struct buf *b, char c); /* see `buf_push` */
#endif
//- /buf.c
#include \"buf.h\"
#define PUSH(b, c) buf_push(b, c)
static int grow(struct buf *b, int used) { return used + b->used; }
int buf_push(struct buf *b, char c) {
    int n = grow(b, 1), used = 2;
    b->data[b->used++] = c;
    char *s = \"buf_push\";
    return n + used;
}
//- /main.c
#include \"buf.h\"
int main(void) {
    struct buf b = { .used = 0 };
    return buf_push(&b, 'x') + b.used;
}
",
        &[
            ("int buf_push(struct buf *b, char c) {", "int buf_append(struct buf *b, char c) {"),
            ("int used; char", "int length; char"),
        ],
        "//- /buf.h
#ifndef BUF_H
struct buf { int length; char *data; };
int buf_append(struct buf *b, char c); /* see `buf_push` */
#endif
//- /buf.c
#include \"buf.h\"
#define PUSH(b, c) buf_append(b, c)
static int grow(struct buf *b, int used) { return used + b->length; }
int buf_append(struct buf *b, char c) {
    int n = grow(b, 1), used = 2;
    b->data[b->length++] = c;
    char *s = \"buf_push\";
    return n + used;
}
//- /main.c
#include \"buf.h\"
int main(void) {
    struct buf b = { .length = 0 };
    return buf_append(&b, 'x') + b.length;
}
",
    );
}

#[test]
fn java_methods_and_fields() {
    check_finish(
        "//- /Account.java
package bank;
public class Account {
    private int balance;
    public int total(int balance) {
        this.balance = balance;
        return total(1) + this.total(2);
    }
    int get() { return balance; }
}
//- /Main.java
package bank;
class Main {
    int run(Account account, Ledger ledger) {
        int total = account.total(3);
        return total + ledger.total(4);
    }
}
class Ledger { int total(int x) { return x; } }
",
        &[("public int total(", "public int sum("), ("private int balance;", "private int amount;")],
        "//- /Account.java
package bank;
public class Account {
    private int amount;
    public int sum(int balance) {
        this.amount = balance;
        return sum(1) + this.sum(2);
    }
    int get() { return amount; }
}
//- /Main.java
package bank;
class Main {
    int run(Account account, Ledger ledger) {
        int total = account.sum(3);
        return total + ledger.total(4);
    }
}
class Ledger { int total(int x) { return x; } }
",
    );
}

#[test]
fn cpp_methods_defined_outside_their_class() {
    check_finish(
        "//- /w.hpp
namespace ui {
class Widget {
public:
    void show(int times);
    int width_ = 0;
};
}
//- /w.cpp
#include \"w.hpp\"
void ui::Widget::show(int times) { width_ += times; show(times - 1); }
int main() { ui::Widget w; w.show(1); R\"(show)\"; return w.width_; }
",
        &[("    void show(int times);", "    void draw(int times);"), ("int width_ = 0", "int w_ = 0")],
        "//- /w.hpp
namespace ui {
class Widget {
public:
    void draw(int times);
    int w_ = 0;
};
}
//- /w.cpp
#include \"w.hpp\"
void ui::Widget::draw(int times) { w_ += times; draw(times - 1); }
int main() { ui::Widget w; w.draw(1); R\"(show)\"; return w.w_; }
",
    );
}
