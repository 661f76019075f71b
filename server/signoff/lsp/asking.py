"""Questions of the agent in a window of the editor: only those with options, because the agent waits for them.

No answer, an empty one, an error or silence decide nothing: the question stays open and can be answered elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING

from lsprotocol import types

from signoff.core.state import Question, State
from signoff.core.visible import said, short
from signoff.lsp.windows import knows_us

if TYPE_CHECKING:
    from signoff.lsp.server import SignoffServer

MOST = 8
"""Options that a window can show; questions with more are answered in the document."""
WIDTH = 60


class Asking:
    """Asks each question once. `reply(session, question, text)` brings an answer to a question that is still open."""

    def __init__(self, server: SignoffServer, reply: Callable[[str, str, str], None]) -> None:
        self._server, self._reply = server, reply
        self._asked: set[str] = set()

    def changed(self, state: State) -> None:
        """A session is not what it was. A reply answers the oldest open question, so that one is asked."""
        question = next(iter(state.questions.values()), None)
        if question is None or state.archived or question.id in self._asked or not question.options:
            return
        window = self._server.client_capabilities.window
        if window is None or window.show_message is None or knows_us(self._server) or len(question.options) > MOST:
            return
        titles = {short(option, WIDTH): option for option in question.options}
        if any(title.endswith("…") for title in titles) or len(titles) < len(question.options):
            # A button says all that it answers, or there is none: the session document has the whole options.
            return
        self._asked.add(question.id)
        params = types.ShowMessageRequestParams(
            types.MessageType.Info,
            f"Signoff asks: {said(short(question.text, 500))}",
            [types.MessageActionItem(title) for title in titles],
        )
        future = self._server.window_show_message_request(params)
        future.add_done_callback(partial(self._answered, state.session, question, titles))

    def _answered(
        self, session: str, question: Question, titles: dict[str, str], future: Future[types.MessageActionItem | None]
    ) -> None:
        if future.cancelled() or future.exception() is not None:
            return
        option = titles.get(getattr(future.result(), "title", None) or "")
        if option is not None:
            self._reply(session, question.id, option)
