"""What outlines and chunks of a whole repository cost on one core.

    python tests/benchmarks/bench_outlines.py [--folder FOLDER] [--data]

`--folder` is a checkout (this one when left out); `--data` takes in JSON, YAML and the like. The last line is the
result as JSON: files, megabytes, and processor seconds for outlines and chunks, with their rates.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "server")]

from signoff.context.chunks import chunks
from signoff.context.languages import language_of
from signoff.context.outline import outline

DATA = {"", "csv", "ini", "json", "text", "toml", "xml", "yaml"}


def texts(folder: Path, data: bool) -> list[tuple[str, str]]:
    """The repository's files with their texts."""
    listed = subprocess.run(
        ["git", "-C", str(folder), "ls-files", "-z"], capture_output=True, check=True, text=True
    ).stdout
    wanted = [name for name in listed.split("\0") if data or language_of(name) not in DATA]
    files = [(name, folder / name) for name in wanted if name]
    return [(name, path.read_bytes().decode("utf-8", "replace")) for name, path in files if path.is_file()]


def main() -> None:
    """Measures once; the first outline of each language also loads its grammar."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, default=ROOT)
    parser.add_argument("--data", action="store_true")
    asked = parser.parse_args()
    files = texts(asked.folder, asked.data)
    start = time.process_time()
    outlines = [outline(path, text) for path, text in files]
    outlined = time.process_time()
    cut = [chunks(path, text, found) for (path, text), found in zip(files, outlines, strict=True)]
    done = time.process_time()
    megabytes = sum(len(text) for _, text in files) / 1e6
    result = {
        "files": len(files),
        "megabytes": round(megabytes, 1),
        "outline_s": round(outlined - start, 3),
        "chunk_s": round(done - outlined, 3),
        "files_per_s": round(len(files) / (done - start)),
        "megabytes_per_s": round(megabytes / (done - start), 1),
        "symbols": sum(len(found.symbols) for found in outlines),
        "references": sum(len(found.references) for found in outlines),
        "chunks": sum(map(len, cut)),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
