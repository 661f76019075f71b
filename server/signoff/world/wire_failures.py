"""What a service's errors mean, in words for the user. The API key never gets into any of them."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final, NoReturn

from signoff.core.model import FailureReason, ModelFailure
from signoff.world.wire import Json, mapping, string

SET_KEY: Final = "Set a valid one ('Signoff: Set API Key' in VS Code, else OPENAI_API_KEY)"

CODES: Final[Mapping[str, FailureReason]] = {
    "insufficient_quota": "quota",
    "billing_hard_limit_reached": "quota",
    "billing_not_active": "quota",
    "insufficient_credits": "quota",
    "rate_limit_exceeded": "rate_limit",
    "rate_limit_error": "rate_limit",
    "context_length_exceeded": "context_overflow",
    "exceed_context_size_error": "context_overflow",
    "model_not_found": "model_unavailable",
    "invalid_api_key": "auth",
    "authentication_error": "auth",
    "permission_denied": "permission",
    "permission_error": "permission",
    "overloaded_error": "server_error",
    "server_overloaded": "server_error",
    "slow_down": "server_error",
}
"""Error codes (or types) of OpenAI and of compatible services that mean more than their HTTP status."""

TOO_LONG: Final = re.compile(
    r"context (length|window|size)|maximum context|too many tokens|prompt is too long|request too large", re.IGNORECASE
)
"""Services without codes say it in words. OpenAI answers 429 "Request too large" when no wait could ever help."""

STATUSES: Final[Mapping[int, FailureReason]] = {
    401: "auth",
    402: "quota",
    403: "permission",
    408: "timeout",
    409: "server_error",
    413: "context_overflow",
    429: "rate_limit",
}

UNITS: Final[Mapping[str, float]] = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
AGAIN_IN: Final = re.compile(r"try again in ((?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+)", re.IGNORECASE)
WORDS: Final = 300
"""As many characters of a service's own message are shown."""


class Trouble(Exception):
    """Why there is no reply. `missing_route` means that the service does not have this API; `code` is its own name."""

    def __init__(self, failure: ModelFailure, code: str = "", missing_route: bool = False) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.code = code
        self.missing_route = missing_route


@dataclass(frozen=True, slots=True)
class Target:
    """Whom we ask: the host and the model for messages, the key so that it can be kept out of them."""

    host: str
    model: str
    key: str = ""

    def words(self, text: str) -> str:
        """The service's text as part of a sentence: on one line, short, without the key."""
        flat = " ".join(text.split()).rstrip(".! ")
        flat = flat.replace(self.key, "[key]") if self.key else flat
        return flat if len(flat) <= WORDS else flat[: WORDS - 1] + "…"


def fail(
    reason: FailureReason, message: str, retry_after: float | None = None, code: str = "", missing_route: bool = False
) -> NoReturn:
    """Raises the failure as `Trouble`."""
    raise Trouble(ModelFailure(reason, message, retry_after), code, missing_route)


def refused(target: Target, status: int, headers: Mapping[str, str], body: object) -> Trouble:
    """An HTTP answer other than 200 as `Trouble`. `body` is parsed JSON, or text."""
    error = error_of(body)
    text = string(error.get("message")) or string(error.get("detail"))
    text = text or ("" if is_page(headers, body) else string(body))
    code = string(error.get("code")) or string(error.get("type"))
    if 300 <= status < 400 or (status < 400 and is_page(headers, body)):
        return web_page(target)
    if status in (404, 405, 501) and not _names_model(error, text):
        return _no_route(target, status)
    reason = _reason(error, text) or STATUSES.get(status)
    if reason is None:
        reason = "model_unavailable" if status == 404 else "server_error" if status >= 500 else "bad_request"
    wait = retry_after(headers, text) if reason in ("rate_limit", "server_error") else None
    return Trouble(ModelFailure(reason, message(target, reason, text, f" ({status})", wait), wait), code)


def failed(target: Target, error: Json, headers: Mapping[str, str]) -> Trouble:
    """An error that the service reports inside a stream as `Trouble`."""
    text = string(error.get("message"))
    reason = _reason(error, text) or "failed_reply"
    wait = retry_after(headers, text) if reason == "rate_limit" else None
    code = string(error.get("code")) or string(error.get("type"))
    return Trouble(ModelFailure(reason, message(target, reason, text, "", wait), wait), code)


def web_page(target: Target) -> Trouble:
    """An HTML page, or a redirect to one."""
    text = f"{target.host} answered with a web page, not a model reply. Check the base URL and any network log-in page."
    return Trouble(ModelFailure("bad_reply", text))


def message(target: Target, reason: FailureReason, text: str, status: str, wait: float | None) -> str:
    """The failure in words: who, what, and what to do next."""
    host, model, said = target.host, target.model, target.words(text)
    match reason:
        case "rate_limit":
            return f"{host} limits requests{status}; " + (
                f"it asks to wait {wait:g} s." if wait else "try again later."
            )
        case "quota":
            return (
                f"{host} has no credit or quota left for this key{status}. Check plan and billing there, then resume."
            )
        case "auth":
            return f"{host} does not accept the API key{status}. {SET_KEY}, then resume."
        case "permission":
            return (
                f"{host} does not allow this{status}: {said or 'no reason given'}. Check the key's rights to {model}."
            )
        case "model_unavailable":
            return f"{host} has no model {model!r} for this key{status}. Name another one in the setting signoff.model."
        case "context_overflow":
            return f"The request is longer than {model} accepts{status}. Continue with less context or a smaller task."
        case "server_error" | "timeout":
            return f"{host} had an error of its own{status}: {said or 'no reason given'}. Trying again often helps."
        case "failed_reply":
            return f"{model} failed in the middle of its reply: {said or 'no reason given'}. Nothing of it was used."
        case _:
            return f"{host} rejected the request{status}: {said or 'no reason given'}."


def is_page(headers: Mapping[str, str], body: object) -> bool:
    """Whether an answer is HTML by its type or by its first character."""
    return "html" in headers.get("content-type", "") or (isinstance(body, str) and body.lstrip().startswith("<"))


def error_of(body: object) -> Json:
    """The error object of an answer; some services put its fields at the top."""
    outer = mapping(body)
    inner = outer.get("error")
    return {"message": inner} if isinstance(inner, str) else mapping(inner) or outer


def retry_after(headers: Mapping[str, str], text: str = "") -> float | None:
    """The wait in seconds that the service names: in retry headers, else as a limit's reset, else in words."""
    milliseconds, plain = headers.get("retry-after-ms", ""), headers.get("retry-after", "")
    for value, unit in ((milliseconds, 0.001), (plain, 1.0)):
        if re.fullmatch(r"\d+(\.\d+)?", value.strip()):
            return float(value) * unit
    if plain:
        try:
            return max(0.0, parsedate_to_datetime(plain).timestamp() - time.time())
        except ValueError:
            pass
    resets = _resets(headers)
    if resets:
        return max(resets)
    named = AGAIN_IN.search(text)
    return seconds(named[1]) if named else None


def seconds(duration: str) -> float | None:
    """`6m0s`, `120ms` or `1.5` in seconds; None for anything else."""
    if re.fullmatch(r"\d+(\.\d+)?", duration):
        return float(duration)
    found = DURATION.findall(duration)
    if not found or "".join(value + unit for value, unit in found) != duration:
        return None
    return sum(float(value) * UNITS[unit] for value, unit in found)


def _resets(headers: Mapping[str, str]) -> list[float]:
    named = {kind: headers.get(f"x-ratelimit-reset-{kind}", "") for kind in ("requests", "tokens")}
    waits = {kind: wait for kind, text in named.items() if (wait := seconds(text)) is not None}
    spent = [wait for kind, wait in waits.items() if headers.get(f"x-ratelimit-remaining-{kind}") == "0"]
    return spent or list(waits.values())


def _reason(error: Json, text: str) -> FailureReason | None:
    if TOO_LONG.search(text):
        return "context_overflow"
    return CODES.get(string(error.get("code"))) or CODES.get(string(error.get("type")))


def _names_model(error: Json, text: str) -> bool:
    return string(error.get("code")) == "model_not_found" or "model" in text.lower()


def _no_route(target: Target, status: int) -> Trouble:
    text = f"{target.host} does not know this address ({status}). Check the base URL; it usually ends in /v1."
    return Trouble(ModelFailure("bad_request", text), missing_route=True)
