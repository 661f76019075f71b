"""The child process that counts tokens: `python -m signoff.world.token_worker FOLDER`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from signoff.world.vocabulary import VOCABULARIES, unpack
from signoff.world.worker import serve


def encoding_name(model: str) -> str:
    """The vocabulary of a model; the newest one for models that tiktoken does not know."""
    import tiktoken

    try:
        name = tiktoken.encoding_name_for_model(model)
    except KeyError:
        return "o200k_base"
    return name if name in VOCABULARIES else "o200k_base"


def counts(texts: list[str], model: str, folder: Path) -> list[int]:
    """The tokens of each text; names of special tokens in it are ordinary text. Raises OSError, ValueError."""
    import tiktoken

    name = encoding_name(model)
    unpack(name, folder)
    encoding = tiktoken.get_encoding(name)
    return [len(encoding.encode(text, disallowed_special=())) for text in texts]


class Handler:
    """Answers `{texts, model}` with `{counts}`, or with `{error}` where the vocabulary can't be unpacked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(
        self, request: dict[str, Any], send: Callable[[Mapping[str, Any]], None], cancelled: Callable[[], bool]
    ) -> Mapping[str, Any]:
        try:
            return {"counts": counts(request["texts"], request["model"], self._folder)}
        except (ImportError, OSError, ValueError) as trouble:
            return {"error": str(trouble)}


if __name__ == "__main__":
    os.environ["TIKTOKEN_CACHE_DIR"] = sys.argv[1]
    serve(Handler(Path(sys.argv[1])))
