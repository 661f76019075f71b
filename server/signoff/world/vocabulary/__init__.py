"""The token vocabularies, as package data, and where tiktoken finds them: it would download them otherwise."""

from __future__ import annotations

import gzip
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from signoff.world.folders import folders

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One of tiktoken's encodings. `cached` is the file name under which tiktoken looks for it in its cache folder.

    `sha256` is tiktoken's own checksum of the unpacked file (tiktoken_ext/openai_public.py).
    """

    name: str
    cached: str
    sha256: str

    @property
    def packed(self) -> str:
        """The name of the package data file."""
        return f"{self.name}.tiktoken.gz"


VOCABULARIES = {
    one.name: one
    for one in (
        Vocabulary(
            "o200k_base",
            "fb374d419588a4632f3f557e76b4b70aebbca790",
            "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        ),
        Vocabulary(
            "cl100k_base",
            "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
            "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        ),
    )
}


def default_folder() -> Path:
    """Where the vocabularies are unpacked."""
    return folders().cache / "vocabulary"


def unpack(name: str, folder: Path) -> None:
    """Makes the vocabulary's file whole in `folder`, atomically; a whole one is left alone. Raises OSError.

    Several processes may do this at once: each writes a file of its own and renames it, and all contents are equal.
    """
    vocabulary = VOCABULARIES[name]
    target = folder / vocabulary.cached
    if target.exists() and hashlib.sha256(target.read_bytes()).hexdigest() == vocabulary.sha256:
        return
    folder.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=folder, prefix=".unpacking-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(gzip.decompress((FOLDER / vocabulary.packed).read_bytes()))
        os.replace(scratch, target)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
