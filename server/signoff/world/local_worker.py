"""The child process that holds the embedded model: `python -m signoff.world.local_worker MODEL THREADS`."""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

from signoff.world.worker import serve

CONTEXT_TOKENS = 1024
BATCH = 64  # the prompt is read in steps of this many tokens: between two of them a cancelled request stops


def load(path: str, threads: int) -> Any:
    """The model, ready to answer. Raises ImportError without xllamacpp, RuntimeError for an unusable file."""
    xllamacpp: Any = importlib.import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = path
    params.n_ctx, params.n_parallel = CONTEXT_TOKENS, 1
    params.n_batch = params.n_ubatch = BATCH
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads, cpu.poll = threads, 0
    params.ui, params.endpoint_slots, params.n_threads_http = False, False, 1
    params.cache_ram_mib, params.fit_params, params.verbosity = 0, False, 1
    # The library always opens an HTTP server. On a socket file that is gone a moment later nobody can reach it.
    with tempfile.TemporaryDirectory() as folder:
        params.hostnames = [os.path.join(folder, "model.sock")]
        return xllamacpp.Server(params)


class Handler:
    """Answers `{system, user, schema, max_tokens, temperature, seed}` with the text as it grows, then the usage.

    `{load: true}` loads the model and does nothing else.
    """

    def __init__(self, path: str, threads: int) -> None:
        self._path = path
        self._threads = threads
        self._model: Any = None

    def __call__(
        self, request: dict[str, Any], send: Callable[[Mapping[str, Any]], None], cancelled: Callable[[], bool]
    ) -> Mapping[str, Any]:
        try:
            self._model = self._model or load(self._path, self._threads)
        except (ImportError, RuntimeError) as trouble:
            return {"error": f"{type(trouble).__name__}: {trouble}", "load": True}
        end: dict[str, Any] = {}

        def heard(chunk: str) -> bool:
            self._read(json.loads(chunk), send, end)
            return cancelled()

        if not request.get("load") and not cancelled():
            self._model.handle_chat_completions(json.dumps(self._body(request)), heard)
        return end

    @staticmethod
    def _body(request: dict[str, Any]) -> dict[str, Any]:
        schema = {"type": "json_schema", "json_schema": {"name": "answer", "schema": request["schema"]}}
        return {
            "messages": [
                {"role": "system", "content": request["system"]},
                {"role": "user", "content": request["user"]},
            ],
            "response_format": schema,
            "max_tokens": request["max_tokens"],
            "temperature": request["temperature"],
            "seed": request["seed"],
            "stream": True,
            "stream_options": {"include_usage": True},
            "return_progress": True,
        }

    @staticmethod
    def _read(chunk: dict[str, Any], send: Callable[[Mapping[str, Any]], None], end: dict[str, Any]) -> None:
        if "error" in chunk:
            end["error"] = chunk["error"].get("message", "unknown")
        for choice in chunk.get("choices", []):
            if text := choice["delta"].get("content"):
                send({"text": text})
        if used := chunk.get("usage"):
            cached = used.get("prompt_tokens_details", {}).get("cached_tokens", 0)
            end["usage"] = {"input": used["prompt_tokens"], "cached": cached, "output": used["completion_tokens"]}


if __name__ == "__main__":
    serve(Handler(sys.argv[1], int(sys.argv[2])))
