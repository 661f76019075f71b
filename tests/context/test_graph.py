"""The graph: which files imports mean in each language, and who still uses a name that is gone."""

from pathlib import Path

import pytest

from signoff.context.graph import Graph
from signoff.context.imports import meant, names_of
from support.indexing import indexed

TREE = [
    "src/app/__init__.py",
    "src/app/models.py",
    "src/app/views/__init__.py",
    "src/app/views/home.py",
    "web/index.ts",
    "web/store/index.ts",
    "web/store/user.tsx",
    "web/lib/date.js",
    "go/ast/astutil/imports.go",
    "go/ast/astutil/imports_test.go",
    "go/ast/astutil/util.go",
    "cmd/tool/main.go",
    "crates/core/src/lib.rs",
    "crates/core/src/config.rs",
    "crates/core/src/net/mod.rs",
    "crates/core/src/net/http.rs",
    "java/com/example/Shape.java",
    "java/com/example/Circle.java",
    "c/include/shape.h",
    "c/circle.c",
    "ruby/lib/shape.rb",
    "ruby/circle.rb",
]


class Listed:
    """The files of TREE."""

    def knows(self, path: str) -> bool:
        """Whether it is there."""
        return path in TREE

    def named(self, name: str) -> list[str]:
        """Those with the name."""
        return [path for path in TREE if name in names_of(path)]


IMPORTS = [
    ("src/app/views/home.py", "..models", "src/app/models.py"),
    ("src/app/views/home.py", "app.models", "src/app/models.py"),
    ("src/app/views/home.py", "app.models.User", ""),
    ("src/app/models.py", ".views", "src/app/views/__init__.py"),
    ("src/app/models.py", "json", ""),
    ("web/index.ts", "./store", "web/store/index.ts"),
    ("web/index.ts", "./store/user", "web/store/user.tsx"),
    ("web/store/index.ts", "../lib/date.js", "web/lib/date.js"),
    ("web/store/user.tsx", "./index.js", "web/store/index.ts"),
    ("web/index.ts", "../../outside", ""),
    ("web/index.ts", "react", ""),
    ("cmd/tool/main.go", "golang.org/x/tools/go/ast/astutil", "go/ast/astutil/imports.go go/ast/astutil/util.go"),
    ("cmd/tool/main.go", "fmt", ""),
    ("crates/core/src/lib.rs", "crate::config::Level", "crates/core/src/config.rs"),
    ("crates/core/src/net/http.rs", "super::super::config", "crates/core/src/config.rs"),
    ("crates/core/src/net/mod.rs", "self::http::Client", "crates/core/src/net/http.rs"),
    ("crates/core/src/config.rs", "crate::net", "crates/core/src/net/mod.rs"),
    ("crates/core/src/config.rs", "std::fmt", ""),
    ("java/com/example/Circle.java", "com.example.Shape", "java/com/example/Shape.java"),
    ("c/circle.c", "shape.h", "c/include/shape.h"),
    ("c/circle.c", "stdio.h", ""),
    ("ruby/circle.rb", "shape", "ruby/lib/shape.rb"),
]


@pytest.mark.parametrize(("path", "written", "files"), IMPORTS, ids=[f"{p}: {w}" for p, w, _ in IMPORTS])
def test_an_import_means_a_file(path: str, written: str, files: str) -> None:
    assert meant(path, written, Listed()) == files.split()


@pytest.mark.parametrize("written", ["", ".", "..", "/", "///", "::", "a" * 5_000, "../" * 500, "\0", "<>", "é/ü"])
@pytest.mark.parametrize("path", ["a.py", "a.ts", "a.go", "a.rs", "a.c", "a"])
def test_odd_imports_mean_nothing(path: str, written: str) -> None:
    assert meant(path, written, Listed()) == []


FILES: dict[str, str | bytes] = {
    "shop/prices.py": "def gross_price(net):\n    return net * 1.2\n\n\ndef get(key):\n    return TABLE[key]\n",
    "shop/cart.py": "from .prices import gross_price\n\n\ndef total(items):\n    return sum(map(gross_price, items))\n",
    "shop/report.py": "from shop import prices\n\n\ndef line():\n    return prices.gross_price(1) + prices.get(1)\n",
}


def test_files_hang_together_by_imports_and_rare_names(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES) as made:
        graph = Graph(made.index)
        assert graph.imports("shop/cart.py") == ["shop/prices.py"]
        assert graph.imports("shop/report.py") == ["shop/prices.py"]
        assert sorted(graph.imported_by("shop/prices.py")) == ["shop/cart.py", "shop/report.py"]
        assert graph.uses("shop/cart.py") == {"gross_price": ["shop/prices.py"]}
        assert graph.used_by("shop/prices.py") == {"gross_price": ["shop/cart.py", "shop/report.py"]}


def test_a_name_that_is_gone_is_still_used_by(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES) as made:
        graph = Graph(made.index)
        assert graph.still_used(["gross_price"]) == {}
        renamed = str(FILES["shop/prices.py"]).replace("gross_price", "with_tax")
        made.live.buffer("shop/prices.py", renamed)
        assert graph.still_used(["gross_price", "nobody"]) == {"gross_price": ["shop/cart.py", "shop/report.py"]}
        made.change({"shop/cart.py": "from .prices import with_tax\n"})
        assert graph.still_used(["gross_price"]) == {"gross_price": ["shop/report.py"]}


def test_a_file_that_comes_or_goes_changes_what_imports_mean(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES) as made:
        graph = Graph(made.index)
        made.change({"shop/prices.py": None})
        assert graph.imports("shop/cart.py") == []
        assert graph.imported_by("shop/prices.py") == []
        made.change({"shop/prices/__init__.py": "def gross_price(net): ...\n"})
        assert graph.imports("shop/cart.py") == ["shop/prices/__init__.py"]


def test_what_is_not_known_hangs_together_with_nothing(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES) as made:
        graph = Graph(made.index)
        assert graph.imports("gone.py") == graph.imported_by("gone.py") == []
        assert graph.uses("gone.py") == graph.used_by("gone.py") == {}
