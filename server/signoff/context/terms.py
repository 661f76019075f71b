"""The words by which text is found: sub-words of identifiers and prose, lower case, stemmed.

`readURLs_fromDisk` has the terms `read`, `url`, `from`, `disk`. The index and the ranker use the same analyser, so
a term of a goal equals a term of a file exactly when both come from the same word.
"""

from functools import cache
from typing import TYPE_CHECKING

from signoff.context.words import split_words

if TYPE_CHECKING:
    import tantivy

TOKENIZER = "signoff"
LONGEST = 60
"""Longer terms (hashes, encoded data) are dropped; the unit is bytes."""


@cache
def analyzer() -> "tantivy.TextAnalyzer":
    """The analyser to register under `TOKENIZER` in an index. It gets texts that went through `split_words`."""
    import tantivy

    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    filters = (tantivy.Filter.remove_long(LONGEST), tantivy.Filter.lowercase(), tantivy.Filter.stemmer("english"))
    for each in filters:
        builder = builder.filter(each)
    return builder.build()


def terms(text: str) -> list[str]:
    """The terms of `text` in their order, with repetitions."""
    # Lone surrogates: JSON can bring them, native code takes none.
    return analyzer().analyze(split_words(text.encode("utf-8", "replace")).decode("utf-8", "replace"))


def evenly(text: str) -> dict[str, float]:
    """The terms of `text`, each counting as much as every other."""
    return dict.fromkeys(terms(text), 1.0)
