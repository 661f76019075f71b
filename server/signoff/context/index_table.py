"""One search index: documents with a number, words in fields, and whole names in others."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from signoff.context.terms import TOKENIZER, analyzer

if TYPE_CHECKING:
    import tantivy

# Bytes for each thread of a writer before it writes a segment.
_HEAP = 40_000_000
_NAMES = "names"
MOST_TERMS = 64
"""Words of one question; of a longer one, the rarest."""


def library_version() -> str:
    """The library that wrote a table has to be the one that reads it."""
    import tantivy

    return str(getattr(tantivy, "__version__", ""))


class Statistics(NamedTuple):
    """What BM25 needs to know of a field: documents in all, and words in one on average."""

    documents: int
    average: float


class Table:
    """Searched and written by any thread. Texts have to go through `split_words` before.

    `folder` None keeps it in memory. What is added or removed shows after `commit`. Raises what tantivy raises:
    ValueError or OSError, for a damaged folder and a full disk.
    """

    def __init__(self, words: Sequence[str], names: Sequence[str] = (), folder: str | None = None) -> None:
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_unsigned_field("number", fast=True)
        builder.add_unsigned_field("file", indexed=True)
        for field in words:
            builder.add_text_field(field, tokenizer_name=TOKENIZER, index_option="freq")
        for field in names:
            builder.add_text_field(field, tokenizer_name=_NAMES, index_option="basic")
        self._schema = builder.build()
        self._index = tantivy.Index(self._schema, path=folder) if folder else tantivy.Index(self._schema)
        plain = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).filter(tantivy.Filter.remove_long(200))
        self._index.register_tokenizer(TOKENIZER, analyzer())
        self._index.register_tokenizer(_NAMES, plain.build())
        # By hand: the library's own reloading holds a lock for which a second one would wait 100 ms.
        self._index.config_reader("manual")
        self._index.reload()
        self._writer: tantivy.IndexWriter | None = None
        self._writing = threading.Lock()
        self._dirty = False
        self._statistics: dict[str, Statistics] = {}

    # ------------------------------------------------------------------------------------------------------- writing

    def add(self, number: int, file: int, texts: Mapping[str, str]) -> None:
        """A document: `number` is its own, `file` is what `remove` knows it by."""
        import tantivy

        document = tantivy.Document()
        document.add_unsigned("number", number)
        document.add_unsigned("file", file)
        for field, text in texts.items():
            document.add_text(field, text)
        with self._writing:
            self._open().add_document(document)

    def remove(self, files: Iterable[int]) -> None:
        """Takes out all documents of the files."""
        import tantivy

        # Not by term: tantivy takes that number for a signed one and finds nothing.
        if gone := list(files):
            with self._writing:
                self._open().delete_documents_by_query(tantivy.Query.term_set_query(self._schema, "file", gone))

    def commit(self) -> None:
        """Makes what was written visible and durable."""
        with self._writing:
            if not self._dirty or self._writer is None:
                return
            self._writer.commit()
            self._dirty = False
        self._index.reload()
        self._statistics = {}

    def rest(self) -> None:
        """Commits, waits until segments are merged, and gives back the memory that writing takes."""
        self.commit()
        with self._writing:
            if self._writer is None:
                return
            writer, self._writer = self._writer, None
            writer.wait_merging_threads()
        self._index.reload()

    def close(self) -> None:
        """Lets go of the folder; what was not committed is gone."""
        with self._writing, contextlib.suppress(ValueError, OSError):
            if self._writer is not None:
                self._writer.rollback()
                writer, self._writer = self._writer, None
                writer.wait_merging_threads()

    def _open(self) -> tantivy.IndexWriter:
        if self._writer is None:
            self._writer = self._index.writer(heap_size=2 * _HEAP, num_threads=2)
        self._dirty = True
        return self._writer

    # ----------------------------------------------------------------------------------------------------- searching

    def scores(self, field: str, terms: Mapping[str, float], limit: int, files: Sequence[int] = ()) -> dict[int, float]:
        """The numbers of the `limit` best documents for any of the terms, with their BM25, best first.

        The BM25 of each term is multiplied by its value.

        With `files` only the documents of these, among them such as have none of the terms.
        """
        import tantivy

        if not terms:
            return {}
        wanted = [
            (tantivy.Occur.Should, tantivy.Query.boost_query(self._term(field, term), weight))
            for term, weight in terms.items()
        ]
        if files:
            inside = tantivy.Query.term_set_query(self._schema, "file", list(files))
            wanted.append((tantivy.Occur.Must, tantivy.Query.const_score_query(inside, 0.0)))
        return self._hits(tantivy.Query.boolean_query(wanted), limit)

    def having(self, field: str, name: str, limit: int) -> list[int]:
        """The numbers of up to `limit` documents that have the whole name in the field."""
        return list(self._hits(self._term(field, name), limit))

    def frequency(self, field: str, term: str) -> int:
        """How many documents have the term or name in the field; those removed lately may still count."""
        return self._index.searcher().doc_freq(field, term)

    def rarest(self, field: str, terms: Mapping[str, float]) -> dict[str, float]:
        """The terms that occur in the field at all, with their values, at most `MOST_TERMS` of them."""
        searcher = self._index.searcher()
        found = {term: count for term in terms if (count := searcher.doc_freq(field, term))}
        kept = sorted(found, key=lambda term: found[term])[:MOST_TERMS] if len(found) > MOST_TERMS else found
        return {term: terms[term] for term in kept}

    def statistics(self, field: str, terms: Sequence[str]) -> Statistics:
        """The field's statistics; of the terms, one has to occur in it (else the average is 0)."""
        known = self._statistics.get(field)
        if known is None:
            known = self._ask_statistics(field, terms)
            if known.average:
                self._statistics[field] = known
        return known

    def __len__(self) -> int:
        return self._index.searcher().num_docs

    def _term(self, field: str, term: str) -> tantivy.Query:
        import tantivy

        return tantivy.Query.term_query(self._schema, field, term, "freq")

    def _hits(self, query: tantivy.Query, limit: int) -> dict[int, float]:
        searcher = self._index.searcher()
        hits = searcher.search(query, max(limit, 1), count=False).hits
        numbers = searcher.fast_field_values("number", [address for _, address in hits])
        return {int(number or 0): float(score) for number, (score, _) in zip(numbers, hits, strict=True)}

    def _ask_statistics(self, field: str, terms: Sequence[str]) -> Statistics:
        searcher = self._index.searcher()
        for term in terms:
            query = self._term(field, term)
            hits = searcher.search(query, 1, count=False).hits
            if hits:
                explained = json.loads(query.explain(searcher, hits[0][1]).to_json())
                return Statistics(searcher.num_docs, _average(explained))
        return Statistics(searcher.num_docs, 0.0)


def _average(explained: Any) -> float:
    """The field's average length, out of the words in which tantivy explains a score; 0 when they don't say it."""
    if str(explained.get("description", "")).startswith("avgdl"):
        return float(explained["value"])
    parts: list[Any] = explained.get("details") or []
    return max((_average(part) for part in parts), default=0.0)
