"""Answers what of a codebase matters for a goal: the index, the history, the ranking and the packing, put together."""

from __future__ import annotations

from collections.abc import Callable

from signoff.context.history import History
from signoff.context.index import Index
from signoff.context.index_types import ChunkHit, FieldScores
from signoff.context.languages import is_test
from signoff.core.fragments import Found, Fragment, Query, RankedFile

_FILES, _CHUNKS = 300, 600
_SHOWN = 50
_CHARACTERS = 3.5
"""Of a token, on average."""


class Engine:
    """One workspace's. May be asked in any thread, also while its index is being built."""

    def __init__(self, index: Index, history: Callable[[], History] = History) -> None:
        """`history` gives what is known of the history by now."""
        self.index, self._history = index, history

    def find(self, query: Query) -> Found:
        """The best files and fragments within the query's budget. Never raises for what a file holds."""
        files = _ranked(self.index.files(query.goal, _FILES))
        for path, score in self._history().neighbours(query.goal).items():
            if self.index.knows(path):
                files[path] = files.get(path, 0.0) + 0.5 * score
        fragments, left_out = self._packed(query, files)
        best = sorted(files.items(), key=lambda item: (-item[1], item[0]))
        ready = "full" if self.index.ready == "full" else "lexical"
        return Found(tuple(RankedFile(*item) for item in best[:_SHOWN]), fragments, left_out, ready)

    def _packed(self, query: Query, files: dict[str, float]) -> tuple[tuple[Fragment, ...], tuple[str, ...]]:
        hits = self.index.chunks(query.goal, _CHUNKS)
        scored = sorted(((_chunk_score(hit) * files.get(hit.path, 0.0), hit) for hit in hits), key=lambda one: -one[0])
        taken: list[Fragment] = []
        left_out: list[str] = []
        left = query.budget
        for score, hit in scored:
            fragment = self._fragment(score, hit) if left > 50 else None
            if fragment is not None and fragment.tokens <= left:
                taken.append(fragment)
                left -= fragment.tokens
            elif len(left_out) < _SHOWN:
                left_out.append(f"{hit.path}:{hit.start_line}-{hit.end_line}")
        return tuple(taken), tuple(left_out)

    def _fragment(self, score: float, hit: ChunkHit) -> Fragment | None:
        text = self.index.text(hit.path, hit.start_line, hit.end_line)
        if not text:
            return None
        why = f"words of the goal in `{hit.symbol}`" if hit.symbol else "words of the goal"
        tokens = int(len(text) / _CHARACTERS) + 1
        return Fragment("codebase", hit.path, hit.start_line, hit.end_line, tokens, score, why, text)


def _chunk_score(hit: ChunkHit) -> float:
    return hit.body + 0.3 * hit.symbols


def _ranked(found: dict[str, FieldScores]) -> dict[str, float]:
    body = max((scores.body for scores in found.values()), default=0.0) or 1.0
    path = max((scores.path for scores in found.values()), default=0.0) or 1.0
    symbols = max((scores.symbols for scores in found.values()), default=0.0) or 1.0
    return {
        name: (scores.body / body + 0.5 * scores.path / path + 0.5 * scores.symbols / symbols)
        * (0.6 if is_test(name) else 1.0)
        for name, scores in found.items()
    }
