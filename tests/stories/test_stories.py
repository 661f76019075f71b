"""Every story is still true. `UPDATE_STORIES=1` rewrites what came of each step: read the difference afterwards."""

import os
from pathlib import Path

import pytest

from stories.runner import check

STORIES = sorted(Path(__file__).parent.glob("*.md"))


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_story(story: Path) -> None:
    text = story.read_text(encoding="utf-8")
    now = check(text)
    if os.environ.get("UPDATE_STORIES"):
        story.write_text(now, encoding="utf-8")
    else:
        assert now == text


def test_a_story_that_is_not_true_is_noticed() -> None:
    told = "```user\nstart: Do it.\n```\n\n```then\nSessionFinished\n```\n\nThe end.\n"
    assert check(told).endswith('to the model: "Do it."\n```\n\nThe end.\n')
    assert check(check(told)) == check(told) != told


@pytest.mark.parametrize("body", ["user\ndance\n", "world\nends\n", "chorus\n"])
def test_words_that_no_story_has(body: str) -> None:
    with pytest.raises(ValueError, match=r"can't|has no"):
        check(f"```{body}```\n")
