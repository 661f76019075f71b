"""One `AsyncOpenAI` client per endpoint: a request's bytes go out, the reply's events come in, as they arrive.

The SDK's typed resources transform the whole request and build a model object for each event, which costs more the
longer a session is. `AsyncOpenAI.post` is the SDK's door for raw bodies and raw responses: keys, headers, proxies,
connections and errors stay the SDK's.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import ipaddress
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from signoff.core.model import ModelFailure
from signoff.world.wire import Reader
from signoff.world.wire_failures import SET_KEY, Target, Trouble, fail, refused
from signoff.world.wire_stream import read

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

CONNECT_SECONDS: Final = 15.0
KEEP_SECONDS: Final = 120.0
"""An idle connection is kept for the time that a user needs to look at a hunk."""
LOOPBACK_KEY: Final = "none"


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds of silence after which a request is given up: before the first byte of the reply, and after it."""

    first_byte: float = 120.0
    stall: float = 60.0


class Transport:
    """Requests to one endpoint. Nothing is imported or opened before the first request or `warm`."""

    def __init__(self, base_url: str, api_key: str | None, patience: Patience) -> None:
        self.base_url = base_url.strip().rstrip("/")
        self.patience = patience
        self._key = (api_key or "").strip()
        self._client: AsyncOpenAI | None = None
        self._opening: asyncio.Task[AsyncOpenAI] | None = None

    @property
    def host(self) -> str:
        """The endpoint's name for messages."""
        return name_of(self.base_url)

    def problem(self) -> ModelFailure | None:
        """Why no request can be sent at all; None when one can."""
        if not _usable(self.base_url):
            shown = shown_url(self.base_url)
            text = f"The base URL {shown!r} is not one: it starts with http:// or https:// and names a host."
            return ModelFailure("bad_request", text)
        if not self._key and not is_loopback(self.base_url):
            return ModelFailure("no_key", f"There is no API key for {self.host}. {SET_KEY}, then resume.")
        if not (self._key.isascii() and self._key.isprintable()):
            return ModelFailure("auth", "The API key holds characters that no key has. Paste it again.")
        return None

    async def warm(self) -> None:
        """Imports the SDK and builds the client in a thread, so that the first request need not wait for it."""
        if self.problem() is None:
            with contextlib.suppress(Trouble):  # the first request will say it
                await self._ready()

    async def close(self) -> None:
        """Closes the connections. The next request would open new ones."""
        opening, self._client, self._opening = self._opening, None, None
        if opening:
            with contextlib.suppress(ValueError, ImportError):
                await (await opening).close()

    def target(self, model: str) -> Target:
        """Whom a request for this model asks."""
        return Target(self.host, model, self._key)

    async def exchange(self, path: str, body: bytes, target: Target, reader: Reader) -> None:
        """Sends one request and feeds `reader` until it has the whole reply. Raises `Trouble`; cancelling closes it."""
        if problem := self.problem():
            raise Trouble(problem)
        client = self._client or await self._ready()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.patience.first_byte) as limit, _errors(target):
                response = await _post(client, path, body)
                try:
                    await read(response, reader, target, lambda: limit.reschedule(loop.time() + self.patience.stall))
                finally:
                    await response.aclose()
        except TimeoutError:
            fail("timeout", f"{target.host} stopped answering. Check the network, or try again.")

    async def _ready(self) -> AsyncOpenAI:
        if self._opening is None:
            self._opening = asyncio.create_task(asyncio.to_thread(self._open))
        try:
            client = await asyncio.shield(self._opening)
        except (ValueError, ImportError) as error:  # what the HTTP library makes of odd proxy variables
            self._opening = None
            words = self.target("").words(str(error))
            fail("bad_request", f"No client for {self.host}: {words}. Check the proxy variables of the environment.")
        self._client = client
        return client

    def _open(self) -> AsyncOpenAI:
        with _uncollected():
            import openai
            from httpx2 import Limits

            asyncio.run(_rehearse())
            limits = Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=KEEP_SECONDS)
            options: dict[str, Any] = {"limits": limits, "follow_redirects": False, **_verification(self.base_url)}
            return openai.AsyncOpenAI(
                api_key=self._key or LOOPBACK_KEY,
                base_url=self.base_url,
                max_retries=0,
                http_client=openai.DefaultAsyncHttpxClient(**options),
            )


def name_of(base_url: str) -> str:
    """Host and port, without user and password; the text itself when it is no URL."""
    try:
        return urlsplit(base_url).netloc.rpartition("@")[2] or base_url
    except ValueError:
        return base_url


def shown_url(base_url: str) -> str:
    """The URL without user and password."""
    before, separator, rest = base_url.partition("://")
    where, slash, path = rest.partition("/")
    return f"{before}{separator}{where.rpartition('@')[2]}{slash}{path}"


def is_loopback(base_url: str) -> bool:
    """Whether the endpoint is on this machine: such servers need no key."""
    host = urlsplit(base_url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _usable(base_url: str) -> bool:
    try:
        parts = urlsplit(base_url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


@contextlib.contextmanager
def _uncollected() -> Generator[None]:
    """Keeps the garbage collector off what the import makes: a hundred thousand objects that stay.

    Looking through them is a tenth of the import's time, and 80 ms for each full collection afterwards, in the middle
    of somebody's turn or keystroke; so they are frozen.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if enabled:
            gc.enable()


async def _rehearse() -> None:
    """Takes the SDK once through a request that never leaves the process, for what it imports and caches on the way."""
    import anyio
    import httpx2
    import openai

    def reply(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=b"")

    anyio.Event()
    http = openai.DefaultAsyncHttpxClient(transport=httpx2.MockTransport(reply))
    async with openai.AsyncOpenAI(api_key="-", base_url="http://localhost", max_retries=0, http_client=http) as client:
        await (await _post(client, "/", b"{}")).aread()


def _verification(base_url: str) -> dict[str, Any]:
    """Plain http never needs the certificate store (redirects are not followed), which takes 20 ms to load."""
    if base_url.startswith("https:"):
        return {}
    import ssl

    return {"verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)}


async def _post(client: AsyncOpenAI, path: str, body: bytes) -> httpx2.Response:
    """The open response; its body is still to be read. Silence is bounded by the caller, not here."""
    import httpx2
    import openai

    response = await client.post(
        path,
        cast_to=httpx2.Response,
        content=body,
        stream=True,
        stream_cls=openai.AsyncStream[Any],
        options={
            "headers": {"content-type": "application/json", "accept": "text/event-stream"},
            "timeout": httpx2.Timeout(None, connect=CONNECT_SECONDS),
        },
    )
    return cast("httpx2.Response", response)  # the SDK's types say a stream, whatever `cast_to` asks for


@contextlib.asynccontextmanager
async def _errors(target: Target) -> AsyncGenerator[None]:
    """Turns the SDK's exceptions and those of its HTTP library into `Trouble`."""
    import httpx2
    import openai

    try:
        yield
    except openai.APIStatusError as error:
        headers = error.response.headers
        raise refused(target, error.status_code, headers, error.body) from None
    except openai.APIConnectionError as error:
        raise _unreachable(target, error.__cause__ or error) from None
    except httpx2.HTTPError:
        fail("stream_cut", f"The connection to {target.host} broke before the reply was whole. Nothing of it was used.")


def _unreachable(target: Target, cause: BaseException) -> Trouble:
    import httpx2

    refusals = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError, httpx2.UnsupportedProtocol)
    if isinstance(cause, refusals):
        words = target.words(str(cause)) or type(cause).__name__
        text = f"Can't reach {target.host}: {words}. Check the network and the base URL."
        return Trouble(ModelFailure("unreachable", text))
    text = f"The connection to {target.host} broke before the reply began. Trying again often helps."
    return Trouble(ModelFailure("stream_cut", text))
