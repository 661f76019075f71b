"""What a file defines, imports and uses, in each language; and that no text does harm."""

import json
import random
import textwrap
from typing import Any

import pytest

from signoff.context.grammars import PARSED
from signoff.context.outline import LARGEST, MOST_SYMBOLS, Outline, outline

# Language by language: a file, its symbols as `line-line kind parent.name`, its imports.
CASES: dict[str, tuple[str, str, str]] = {
    "a.py": (
        """\
        import os, sys as system
        from ..geometry.util import (
            area,  # of a shape
            volume as v,
        )
        from . import shapes
        LIMIT: int = 3
        first, second = 1, 2
        if LIMIT:
            FLAG = True

        @cache
        def top(a):
            local = 1
            def inner(): ...
            return inner

        class Color(Enum):
            RED = 1
            @property
            async def name(self): ...
        """,
        "7-7 constant LIMIT; 8-8 constant first; 8-8 constant second; 10-10 constant FLAG; 12-16 function top;"
        " 15-15 function top.inner; 18-21 class Color; 19-19 constant Color.RED; 20-21 method Color.name",
        "os sys ..geometry.util ..geometry.util.area ..geometry.util.volume .shapes",
    ),
    "a.ts": (
        """\
        import { a } from "./a";
        import b = require("b");
        export * from '../c.js';
        const lazy = () => import("./lazy");
        export const LIMIT = 3, OTHER = 4;
        export default class Shape<T> {
          private size = 1;
          area(): number { const local = 1; return local; }
          handler = () => { work(); };
          #hidden() {}
        }
        interface Named { name: string; rename(to: string): void }
        export enum Color { Red, Green = 2 }
        type Pair = [number, number];
        declare const VERSION: string;
        abstract class Base { abstract run(): void }
        namespace Inner { export function deep() {} }
        function overload(a: string): void;
        """,
        "4-4 function lazy; 5-5 constant LIMIT; 5-5 constant OTHER; 6-11 class Shape; 8-8 method Shape.area;"
        " 9-9 method Shape.handler; 10-10 method Shape.#hidden; 12-12 interface Named; 12-12 method Named.rename;"
        " 13-13 enum Color; 13-13 member Color.Red; 13-13 member Color.Green; 14-14 type Pair; 15-15 constant VERSION;"
        " 16-16 class Base; 16-16 method Base.run; 17-17 namespace Inner; 17-17 function Inner.deep;"
        " 18-18 function overload",
        "./a b ../c.js ./lazy",
    ),
    "a.js": (
        """\
        const fs = require("fs");
        exports.parse = function (text) { return text; };
        module.exports = { visit: function () {}, leave() {} };
        class A extends B { static make() {} }
        function* walk() {}
        describe("a parser", () => {
          it("reads", () => {});
        });
        """,
        "1-1 constant fs; 2-2 function parse; 3-3 method visit; 3-3 method leave; 4-4 class A; 4-4 method A.make;"
        " 5-5 function walk; 6-8 test a parser; 7-7 test a parser.reads",
        "fs",
    ),
    "a.tsx": (
        'import React from "react";\nexport const App = () => <div id="x">{name}</div>;\n',
        "2-2 function App",
        "react",
    ),
    "a.go": (
        """\
        package a

        import (
          "fmt"
          tools "golang.org/x/tools/go/ast"
        )

        const Limit = 3

        var (
          first, second int
        )

        type Shape struct{ size int }
        type Named interface {
          Name() string
        }
        type ID = string

        func Area(s Shape) int { return 1 }
        func (s *Shape) Grow(by int) {}
        func (l List[T]) Len() int { return 0 }
        """,
        "8-8 constant Limit; 11-11 variable first; 11-11 variable second; 14-14 struct Shape; 15-17 interface Named;"
        " 16-16 method Named.Name; 18-18 type ID; 20-20 function Area; 21-21 method Shape.Grow; 22-22 method List.Len",
        "fmt golang.org/x/tools/go/ast",
    ),
    "a.rs": (
        """\
        use std::{io::{self, Read}, fmt as f};
        use crate::config::*;
        mod parser;
        pub const LIMIT: u8 = 3;
        pub struct Shape<T> { size: T }
        enum Color { Red, Green(u8) }
        trait Named { fn name(&self) -> String; }
        impl<T> Named for Shape<T> {
            fn name(&self) -> String { String::new() }
        }
        mod inner { pub fn deep() {} }
        macro_rules! say { () => {}; }
        type Id = u64;
        """,
        "4-4 constant LIMIT; 5-5 struct Shape; 6-6 enum Color; 6-6 member Color.Red; 6-6 member Color.Green;"
        " 7-7 trait Named; 7-7 method Named.name; 8-10 impl Shape; 9-9 method Shape.name; 11-11 module inner;"
        " 11-11 function inner.deep; 12-12 macro say; 13-13 type Id",
        "std::io std::io::Read std::fmt crate::config self::parser",
    ),
    "A.java": (
        """\
        package a;
        import java.util.List;
        public class Shape {
          static final int LIMIT = 3;
          private int size;
          Shape() {}
          int area() { return 1; }
          enum Color { RED }
          interface Named { String name(); }
        }
        """,
        "3-10 class Shape; 4-4 constant Shape.LIMIT; 6-6 method Shape.Shape; 7-7 method Shape.area;"
        " 8-8 enum Shape.Color; 8-8 member Shape.Color.RED; 9-9 interface Shape.Named; 9-9 method Shape.Named.name",
        "java.util.List",
    ),
    "a.c": (
        """\
        #include <stdio.h>
        #include "shape.h"
        #define LIMIT 3
        #define AREA(a) ((a) * 2)
        struct shape { int size; };
        typedef struct { int x; } point;
        enum color { RED, GREEN };
        static int count = 0;
        int area(struct shape *s);
        static char *name(void) { return 0; }
        """,
        "3-3 macro LIMIT; 4-4 macro AREA; 5-5 struct shape; 6-6 type point; 7-7 enum color; 7-7 member color.RED;"
        " 7-7 member color.GREEN; 8-8 variable count; 9-9 function area; 10-10 function name",
        "stdio.h shape.h",
    ),
    "a.cpp": (
        """\
        #include "shape.hpp"
        namespace geo {
        class Shape {
         public:
          int area() const { return 1; }
          void grow(int by);
          ~Shape();
        };
        using Id = int;
        }
        void geo::Shape::grow(int by) {}
        template <typename T> T most(T a) { return a; }
        """,
        "2-10 namespace geo; 3-8 class geo.Shape; 5-5 method geo.Shape.area; 6-6 method geo.Shape.grow;"
        " 9-9 type geo.Id; 11-11 function Shape.grow; 12-12 function most",
        "shape.hpp",
    ),
    "a.rb": (
        """\
        require "json"
        require_relative "./shape"
        module Geo
          LIMIT = 3
          class Shape < Base
            def area; end
            def self.make; end
          end
        end
        """,
        "3-9 module Geo; 4-4 constant Geo.LIMIT; 5-8 class Geo.Shape; 6-6 method Geo.Shape.area;"
        " 7-7 method Geo.Shape.make",
        "json ./shape",
    ),
    "a.php": (
        """\
        <?php
        use App\\Models\\Shape;
        require_once 'util.php';
        const LIMIT = 3;
        interface Named { public function name(); }
        class Circle implements Named { public function name() { return ''; } }
        function area($a) { return $a; }
        """,
        "4-4 constant LIMIT; 5-5 interface Named; 5-5 method Named.name; 6-6 class Circle; 6-6 method Circle.name;"
        " 7-7 function area",
        "App\\Models\\Shape util.php",
    ),
    "a.cs": (
        """\
        using System.Text;
        namespace Geo {
          public class Shape {
            const int Limit = 3;
            public int Size { get; set; }
            public Shape() {}
            public int Area() { return 1; }
          }
          enum Color { Red }
        }
        """,
        "2-10 namespace Geo; 3-8 class Geo.Shape; 4-4 constant Geo.Shape.Limit; 5-5 property Geo.Shape.Size;"
        " 6-6 method Geo.Shape.Shape; 7-7 method Geo.Shape.Area; 9-9 enum Geo.Color; 9-9 member Geo.Color.Red",
        "System.Text",
    ),
    "a.sh": (
        '. ./lib.sh\nLIMIT=3\nexport PATH_TO=x\nrun() {\n  local a=1\n  echo "$a"\n}\n',
        "2-2 variable LIMIT; 3-3 variable PATH_TO; 4-7 function run",
        "./lib.sh",
    ),
    "a.css": (
        '@import "base.css";\n:root { --gap: 1px; }\n.card > a,\n.b {\n  color: red;\n}\n',
        "2-2 rule :root; 2-2 constant :root.--gap; 3-6 rule .card > a, .b",
        "base.css",
    ),
    "a.html": (
        '<p>\n<script src="app.js"></script>\n<div id="main">x</div>\n<script>\nfunction go() {}\n</script>\n',
        "3-3 element main; 5-5 function go",
        "app.js",
    ),
    "a.vue": (
        '<template>\n  <p>{{ n }}</p>\n</template>\n<script setup lang="ts">\nimport { ref } from "vue"\n'
        "const n = ref<number>(0)\nfunction more() {}\n</script>\n",
        "1-3 block template; 4-8 block script; 6-6 constant n; 7-7 function more",
        "vue",
    ),
    "a.json": (
        '{\n  "name": "x",\n  "scripts": {\n    "test": "y"\n  }\n}\n',
        "2-2 key name; 3-5 key scripts; 4-4 key scripts.test",
        "",
    ),
    "a.toml": ('name = "x"\n[tool.a]\nb = 1\n[[c]]\nd = 2\n', "1-1 key name; 2-3 table tool.a; 4-5 table c", ""),
    "a.yaml": ("on: push\njobs:\n  build:\n    steps: []\n", "1-1 key on; 2-4 key jobs; 3-4 key jobs.build", ""),
    "a.md": (
        "# Title\ntext\n```sh\n# no heading\n```\n## One ##\nTwo\n---\n# Last\n",
        "1-8 heading Title; 6-6 heading Title.One; 7-8 heading Title.Two; 9-9 heading Last",
        "",
    ),
    "a.rst": ("Title\n=====\n\nOne\n---\ntext\n", "1-6 heading Title; 4-6 heading Title.One", ""),
    "a.kt": (
        "data class Shape(val a: Int) {\n    fun area(): Int {\n        return 1\n    }\n}\nprivate fun top() = 1\n",
        "1-5 class Shape; 2-4 function Shape.area; 6-6 function top",
        "",
    ),
}


def shown(found: Outline) -> str:
    names = [(s, f"{s.parent}.{s.name}" if s.parent else s.name) for s in found.symbols]
    return "; ".join(f"{s.start_line}-{s.end_line} {s.kind} {name}" for s, name in names)


@pytest.mark.parametrize("path", CASES)
def test_an_outline(path: str) -> None:
    text, symbols, imports = CASES[path]
    found = outline(path, textwrap.dedent(text))
    assert shown(found) == symbols
    assert " ".join(found.imports) == imports


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        ("a.py", 'def used(): ...\ndef unused(): ...\nused(1_000, "words", f"{inside}")  # a comment\n', "used inside"),
        ("a.py", '"""words"""\nx = """more {words}"""\nprint(self.name)\n', "print name"),
        ("a.ts", "// words\nconst a = call($scope, `${inside}`, 'words') /* more */\n", "call $scope inside"),
        ("a.go", "func F(s *Shape) { s.Grow(`words`) }\n", "Shape Grow"),
        ("a.rs", "fn f<'a>(x: &'a Str) { g('c', \"words\") }\n", "Str"),
        ("a.md", "Words, `call_it()` and\n```\nparse(text) and max_size\n```\n", "parse max_size call_it"),
        ("a.json", '{"a": "words"}', ""),
    ],
)
def test_the_names_that_a_text_uses(path: str, text: str, names: str) -> None:
    assert [name for name in outline(path, text).references if len(name) > 2 or name == "a"] == names.split()


def test_what_is_not_looked_into() -> None:
    code = "def f(): ...\n"
    assert outline("a.py", "") == Outline()
    assert outline("a.py", code * (LARGEST // len(code) + 1)) == Outline()
    assert outline("a.js", "function f(){};" * 60_000) == Outline()
    assert outline("a.py", code + "\0") == Outline()
    assert outline("a.unknown", code) == Outline()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_they_do_elsewhere(end: str) -> None:
    found = outline("a.py", f"x = 1{end}{end}def f():{end}    return x{end}class A: ...")
    assert shown(found) == "1-1 constant x; 3-4 function f; 5-5 class A"


def test_a_broken_file_keeps_the_symbols_around_its_errors() -> None:
    names = {s.name for s in outline("a.py", "def f():\n    x = = 1\n\ndef g():\n    return 1\n\nclass (:\n").symbols}
    assert "g" in names


def test_lone_surrogates_and_replaced_bytes_do_no_harm() -> None:
    assert [s.name for s in outline("a.py", "def f\udc80(): ...\ndef g(): '\ufffd'\n").symbols][-1] == "g"


def some_json(chance: random.Random, depth: int) -> Any:
    """A value of any kind, objects most often."""
    if depth == 0 or chance.random() < 0.3:
        plain: list[Any] = [None, True, -1.5e300, 10**30, "", "words\n{ \\", "\u2028 é", [], {}]
        return chance.choice(plain)
    keys = ["a", "", " b  c ", "`", '"', "\\", "\n", "é" * 150, "d", "\u2028", "{"]
    if chance.random() < 0.2:
        return [some_json(chance, depth - 1) for _ in range(3)]
    return {key: some_json(chance, depth - 1) for key in chance.sample(keys, chance.randint(0, 4))}


@pytest.mark.parametrize("indent", [None, 0, 2, "\t"])
@pytest.mark.parametrize("seed", range(40))
def test_plain_json_has_the_keys_that_a_grammar_finds(seed: int, indent: int | str | None) -> None:
    text = json.dumps(some_json(random.Random(seed), 4), indent=indent, ensure_ascii=seed % 2 == 0) + "\n" * (seed % 3)
    # A comment is beyond the short way, so the grammar reads this one.
    assert outline("a.json", text).symbols == outline("a.json", text + "// more").symbols


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ('{"a": 1} {"b": 2}', "1-1 key a; 1-1 key b"),
        ('// words\n{"a": 1}', "2-2 key a"),
        ('{"a": NaN, "b": 1}', "1-1 key a"),
        ("\ufeff" + '{"a": 1}', "1-1 key a"),
        ('{"a": {"b": 1, "b": {"c": 1}}}', "1-1 key a; 1-1 key a.b; 1-1 key a.b"),
        ('{"a":\r\n[1,\r\n2],\r\n"b": "c"}', "1-3 key a; 4-4 key b"),
        ("[" * 5_000 + "]" * 5_000, ""),
        ("{", ""),
        (" ", ""),
        ('["a"', ""),
    ],
)
def test_json_of_other_kinds(text: str, symbols: str) -> None:
    assert shown(outline("a.json", text)) == symbols


PIECES = [*"(){}[]<>;:,.=ab1#\n'`", '"', "=>", "->", "//", "/* ", "def", "class", "if", "else", "fn", "func"]
BAD = {
    "shuffled": " ".join(random.Random(4).choices(PIECES, k=40_000)),
    "brackets": "(" * 79 + "\n",
    "braces": "{\n",
    "pairs": "a<",
    "types": "A<B,",
    "splats": "/*/*/*/*/*\n",
    "arrows": "->" * 40 + "\n",
    "keywords": "def class fn func if else struct {\n",
    "quotes": "'\"`" * 30 + "\n",
    "tags": "<div><p>\n",
    "colons": "a:b a: - \n",
    "heredocs": "<<A $( ${\n",
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("language", sorted(PARSED))
def test_no_text_takes_long(language: str, kind: str) -> None:
    path = {"csharp": "a.cs", "typescript": "a.ts", "javascript": "a.js", "python": "a.py", "rust": "a.rs"}.get(
        language
    )
    path = path or {"ruby": "a.rb", "bash": "a.sh"}.get(language) or f"a.{language}"
    text = (BAD[kind] * (100_000 // len(BAD[kind]) + 1))[:100_000]
    # Without bounds some of these take minutes, or all memory.
    found = outline(path, text)
    assert len(found.symbols) <= MOST_SYMBOLS
