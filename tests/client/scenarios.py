"""What the tests of each file of host/ find."""

from __future__ import annotations

from client.book import edit, plan
from client.hosted import Scenario
from endpoint.server import Turn

CALC = "def add(a, b):\n    return a + b\n"

TWO = "import os\n\ndef add(a, b):\n    return a + b\n\ndef sub(a, b):\n    return a - b\n"
MANY = {
    "a.py": f"{TWO}# gone\n# gone too\nx = 1\n",
    "b.py": "one\r\ntwo\r\nthree\r\n",
    "docs/c.md": "x\n",
}
CHANGES = Turn(
    edit("a.py", ("def add(", "def plus("), ("def sub", "# put in\ndef sub"), ("# gone\n# gone too\n", "")),
    edit("b.py", ("two", "TWO")),
    edit("new.py", ("", "NEW = 1\n")),
    edit("docs/c.md", ("x", "y")),
)

RENAMES = Turn(edit("a.py", ("def add(", "def plus("), ("def sub(", "def minus(")))

# One file for each of the sessions of decisions.ts.
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven")

SCENARIOS = {
    "decisions": Scenario(
        {
            f"Rename in {each}": [
                Turn(edit(f"{each}.py", ("def add(a, b):\n", "def plus(a, b):\n"), ("def sub(", "def minus(")))
            ]
            for each in NUMBERS
        },
        {f"{each}.py": TWO.removeprefix("import os\n\n") for each in NUMBERS},
        {"signoff.plan": "never"},
    ),
    "manners": Scenario({"Rename": [RENAMES]}, {"a.py": TWO.removeprefix("import os\n\n")}, {"signoff.plan": "never"}),
    "review": Scenario({"Change many files": [CHANGES]}, MANY),
    "smoke": Scenario({"Add types": [plan("Annotate add", "Annotate sub")]}, {"calc.py": CALC}),
}
