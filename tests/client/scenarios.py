"""What the tests of each file of host/ find."""

from __future__ import annotations

from client.book import plan
from client.hosted import Scenario

CALC = "def add(a, b):\n    return a + b\n"

SCENARIOS = {
    "smoke": Scenario({"Add types": [plan("Annotate add", "Annotate sub")]}, {"calc.py": CALC}),
}
