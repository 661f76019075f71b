"""The words by which text is found: sub-words of identifiers and prose, lower case, stemmed.

`readURLs_fromDisk` has the terms `read`, `url`, `s`, `from`, `disk`. The index and the ranker use the same analyser, so
a term of a goal equals a term of a file exactly when both come from the same word.
"""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tantivy

# One capital and what follows it, or a run of capitals. Letters and digits of every script; no look-around, because
# the engine that reads this pattern has none.
PATTERN = r"\p{Lu}?[\p{Ll}\p{Lo}\p{Lm}\p{M}\p{N}]+|[\p{Lu}\p{Lt}]+"
TOKENIZER = "signoff"
LONGEST = 60
"""Longer terms (hashes, encoded data) are dropped; the unit is bytes."""


@cache
def analyzer() -> "tantivy.TextAnalyzer":
    """The analyser to register under `TOKENIZER` in an index; `terms` uses the same one."""
    import tantivy

    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.regex(PATTERN))
    filters = (tantivy.Filter.remove_long(LONGEST), tantivy.Filter.lowercase(), tantivy.Filter.stemmer("english"))
    for each in filters:
        builder = builder.filter(each)
    return builder.build()


def terms(text: str) -> list[str]:
    """The terms of `text` in their order, with repetitions. About 10 ms for 100,000 characters."""
    try:
        return analyzer().analyze(text)
    except UnicodeEncodeError:  # lone surrogates: JSON can bring them, native code takes none
        return analyzer().analyze(text.encode("utf-8", "replace").decode())
