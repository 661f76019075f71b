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

HUGE = "".join(f"line_{at} = {at}\n" for at in range(10_000))
HUNDREDS = [(f"line_{at} = {at}\n", f"renamed_{at} = {at}\n") for at in range(0, 10_000, 20)]

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
    "hostile": Scenario(
        {
            "Rename in kept": [Turn(edit("kept.py", ("def add(", "def plus(")))],
            "Paint": [Turn(edit("picture.png", ("PNG", "GIF"))), Turn(edit("painter.py", ("PNG", "GIF")))],
            "Rename in turned": [Turn(edit("turned.py", ("def add(", "def plus(")))],
            "Rename in huge": [Turn(edit("huge.py", *HUNDREDS))],
        },
        {
            "kept.py": CALC,
            "picture.png": b"\x89PNG\r\n\x1a\n\x00\x00",
            "painter.py": "KIND = 'PNG'\n",
            "turned.py": CALC,
            "huge.py": HUGE,
        },
        {"signoff.plan": "never", "files.readonlyInclude": {"kept.py": True}},
    ),
    "manners": Scenario({"Rename": [RENAMES]}, {"a.py": TWO.removeprefix("import os\n\n")}, {"signoff.plan": "never"}),
    "review": Scenario({"Change many files": [CHANGES]}, MANY),
    "smoke": Scenario({"Add types": [plan("Annotate add", "Annotate sub")]}, {"calc.py": CALC}),
}
