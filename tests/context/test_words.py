"""Words: the boundaries inside identifiers, against a regular expression that says the same slowly."""

import re

from hypothesis import given
from hypothesis import strategies as st

from signoff.context.words import split_each, split_words

# Between a lower letter or digit and a capital; before the last of several capitals when a word follows that is more
# than the s of a plural.
SLOWLY = re.compile(rb"(?<=[a-z0-9\x80-\xff])(?=[A-Z])|(?<=[A-Z])(?=[A-Z](?:s[a-z\x80-\xff]|[a-rt-z\x80-\xff]))")
TEXTS = st.text(alphabet="aZbSsQ1_ é\n.AB中").map(str.encode)


def test_names_are_split_where_a_reader_splits_them() -> None:
    assert (
        split_words(b"readURLs_fromDisk HTTPServer IDs ES2015Class")
        == b"read URLs_from Disk HTTP Server IDs ES2015 Class"
    )


@given(TEXTS)
def test_boundaries_are_those_of_the_expression(text: bytes) -> None:
    assert split_words(text) == SLOWLY.sub(b" ", text)


@given(st.lists(st.one_of(TEXTS, st.binary())))
def test_many_texts_at_once_are_as_one_by_one(texts: list[bytes]) -> None:
    got = [text.replace(b"\xff", b"") for text in split_each(texts)]
    assert got == [split_words(text).replace(b"\xff", b"") for text in texts]


def test_a_long_text_keeps_its_lines() -> None:
    text = b"fooBar = 1\n" * 20_000
    assert split_words(text).count(b"\n") == 20_000
    assert split_words(text).startswith(b"foo Bar = 1\n")
