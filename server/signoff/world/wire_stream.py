"""The body of a reply: events as they arrive, and what it means when there are none."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Final

from signoff.core.model import ModelFailure
from signoff.world.wire import DONE, EventStream, Json, Reader, mapping
from signoff.world.wire_failures import Target, Trouble, error_of, fail, failed, is_page, web_page

if TYPE_CHECKING:
    import httpx2

DRAIN_SECONDS: Final = 0.25
"""Reading the end of a body lets its connection be used again; a service that delays it is not waited for."""


async def read(response: httpx2.Response, reader: Reader, target: Target, alive: Callable[[], None]) -> None:
    """Feeds the reader from the body until it has its reply; `alive` is called for every piece that arrives."""
    chunks, headers = response.aiter_bytes(), response.headers
    if any(kind in headers.get("content-type", "") for kind in ("html", "json")):
        raise _not_a_stream(target, headers, b"".join([chunk async for chunk in chunks]))
    stream, head, found = EventStream(), b"", False
    async for chunk in chunks:
        alive()
        for data in stream.feed(chunk):
            found = True
            if _take(data, reader, target):
                return await _drain(chunks)
        head = b"" if found else (head + chunk)[:4096]
    last = stream.finish()
    if not found and not last:
        raise _not_a_stream(target, headers, head)
    if not any(_take(data, reader, target) for data in last):
        reader.end()


def _not_a_stream(target: Target, headers: Mapping[str, str], content: bytes) -> Trouble:
    text = content.decode("utf-8", "replace")
    if not text.strip():
        fail("empty_reply", f"{target.host} sent an empty answer. Trying again often helps.")
    if is_page(headers, text):
        return web_page(target)
    try:
        body = mapping(json.loads(text))
    except ValueError:
        body = mapping(None)
    if "error" in body:
        return failed(target, error_of(body), headers)
    words = (
        f"{target.host} did not answer with a stream of events. Check that the base URL is an OpenAI-compatible API."
    )
    return Trouble(ModelFailure("bad_reply", words))


def _take(data: str, reader: Reader, target: Target) -> bool:
    if data == DONE:
        reader.end()
        return True
    try:
        event: Json = mapping(json.loads(data))
    except ValueError:
        fail("bad_reply", f"{target.host} sent an event that is not JSON. Nothing of the reply was used.")
    if error := event.get("error"):
        raise failed(target, mapping(error) or {"message": error}, {})
    return reader.feed(event)


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            async for _ in chunks:
                pass
