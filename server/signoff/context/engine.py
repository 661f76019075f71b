"""Answers what of a codebase matters for a goal: the index, the history, the ranking and the packing, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, count
from operator import add

from signoff.context.features import file_signals
from signoff.context.features_chunks import Document, PieceSignals, piece_signals
from signoff.context.features_gather import Evidence, Gatherer
from signoff.context.features_goal import read_goal
from signoff.context.history import History
from signoff.context.index import Index
from signoff.context.pack import Run, pack
from signoff.context.rank import Weights, rank_files, value_pieces, why
from signoff.core.fragments import Found, Fragment, Query, RankedFile

READ = 10
"""Files whose pieces are looked at."""
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found and what it rests on; `documents` are the files whose pieces were looked at."""

    evidence: Evidence
    signals: Mapping[str, Mapping[str, float]]
    ranked: Sequence[tuple[str, float]]
    documents: Sequence[Document]
    pieces: Sequence[PieceSignals]
    values: Sequence[float]


class Engine:
    """One workspace's. May be asked in any thread, also while its index is being built."""

    def __init__(self, index: Index, history: Callable[[], History] = History, weights: Weights | None = None) -> None:
        """`history` gives what is known of the history by now. `weights`: those that come with the product."""
        self.index, self._history, self._weights = index, history, weights
        self._gatherer = Gatherer(index)

    def find(self, query: Query) -> Found:
        """The best files and fragments within the query's budget. Never raises for what a file holds."""
        answer = self.answer(query)
        parts = [one.piece for one in answer.pieces]
        runs = pack(parts, [one.characters for one in answer.pieces], answer.values, query.budget)
        fragments = tuple(self._fragment(answer, run) for run in runs)
        taken = {at for run in runs for at in run.pieces}
        order = sorted(range(len(parts)), key=lambda at: -answer.values[at])
        left_out = [parts[at] for at in order if at not in taken][:_SHOWN]
        return Found(
            tuple(RankedFile(*item) for item in answer.ranked[:_SHOWN]),
            fragments,
            tuple(f"{part.path}:{part.start_line}-{part.end_line}" for part in left_out),
            "full" if self.index.ready == "full" else "lexical",
        )

    def answer(self, query: Query, read: int = READ) -> Answer:
        """Everything up to the packing, for the `read` best files."""
        history = self._history()
        evidence = self._gatherer.gather(read_goal(query.goal), history)
        signals = file_signals(evidence, [path for path in _paths(query) if self.index.knows(path)])
        ranked = rank_files(signals, query, self._weights)
        documents = self.documents(ranked[:read])
        paths, goal = [one.path for one in documents], evidence.goal
        pieces = piece_signals(evidence, documents, self.index.pieces(goal.weights, paths))
        return Answer(evidence, signals, ranked, documents, pieces, value_pieces(pieces, query, self._weights))

    def documents(self, ranked: Sequence[tuple[str, float]]) -> list[Document]:
        """These files with their texts; those that can't be read now are passed over."""
        found: list[Document] = []
        for rank, (path, score) in enumerate(ranked):
            pieces = self.index.chunks_of(path)
            text = self.index.text(path) if pieces else None
            if text:
                # All in native code: there are some ten thousand lines.
                starts = [0, *map(add, accumulate(map(len, text.split("\n"))), count(1))]
                starts.pop()
                found.append(Document(path, text, starts, self.index.outline(path), pieces, score, rank))
        return found

    def _fragment(self, answer: Answer, run: Run) -> Fragment:
        best = answer.pieces[max(run.pieces, key=lambda at: answer.values[at])]
        first, last = answer.pieces[run.pieces[0]].piece, answer.pieces[run.pieces[-1]].piece
        starts = best.document.line_starts
        end = starts[last.end_line] - 1 if last.end_line < len(starts) else None
        text = best.document.text[starts[first.start_line - 1] : end]
        reason = why(best, answer.signals[first.path], answer.evidence)
        score = sum(answer.values[at] for at in run.pieces) / len(run.pieces)
        return Fragment("codebase", first.path, first.start_line, last.end_line, run.tokens, score, reason, text)


def _paths(query: Query) -> list[str]:
    """The files that the query speaks of."""
    places = [*query.failing, *([query.selected] if query.selected else [])]
    return [*query.open, *query.viewed, *query.changed, *(place.path for place in places)]
