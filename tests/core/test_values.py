"""What holds for every public value of core: it never changes once it is made, and takes little room."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import is_dataclass

import pytest

import signoff.core
from signoff.core.fragments import ContextView, Fragment, RankedFile, as_json

MODULES = [module.name for module in pkgutil.iter_modules(signoff.core.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_values_are_frozen_and_slotted(name: str) -> None:
    module = importlib.import_module(f"signoff.core.{name}")
    own = [each for each in vars(module).values() if isinstance(each, type) and each.__module__ == module.__name__]
    for each in own:
        if not is_dataclass(each) or each.__name__.startswith("_"):
            continue
        assert each.__dataclass_params__.frozen, each  # pyright: ignore[reportAttributeAccessIssue]
        assert "__slots__" in vars(each), each


def test_a_context_in_the_words_of_the_contract() -> None:
    fragment = Fragment("codebase", "a.py", 1, 2, 3, 0.5, "why", "x\n")
    told = as_json(ContextView((fragment,), (RankedFile("a.py", 0.5),), ("b.py",), 3, 10))
    assert {"fragments", "files", "left_out", "tokens", "budget"} <= told.keys()
    assert told["fragments"][0]["start_line"] == 1 and told["files"][0] == {"path": "a.py", "score": 0.5}
