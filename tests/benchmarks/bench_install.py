"""What an installation weighs: packages and megabytes of the core and with the local model, and import times.

Makes throw-away environments from the hashed locks with this checkout's uv. Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UV = ROOT / ".boot" / "bin" / "uv"
IMPORTS = ("pygls.lsp.server", "openai", "git", "signoff.lsp.server", "signoff.app")


def installed(folder: Path, *locks: str) -> tuple[int, int]:
    """(packages, megabytes) of an environment with the packages of the locks."""
    env = {**os.environ, "VIRTUAL_ENV": str(folder)}
    subprocess.run([UV, "--quiet", "venv", folder], check=True)
    files = [str(ROOT / "requirements" / f"{name}.txt") for name in locks]
    subprocess.run([UV, "--quiet", "pip", "sync", "--require-hashes", *files], env=env, check=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    size = sum(path.stat().st_size for path in packages.rglob("*") if path.is_file())
    return len(list(packages.glob("*.dist-info"))), round(size / 1_000_000)


def import_ms(module: str) -> int:
    """Milliseconds that a process takes to import the module, above one that imports nothing; median of five."""
    env = {**os.environ, "PYTHONPATH": str(ROOT / "server")}

    def once(code: str) -> float:
        began = time.monotonic()
        subprocess.run([sys.executable, "-c", code], env=env, check=True)
        return (time.monotonic() - began) * 1000

    pairs = [(once(f"import {module}"), once("pass")) for _ in range(5)]
    return round(statistics.median(with_it - without for with_it, without in pairs))


def main() -> None:
    """Prints the figures."""
    figures: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, locks in (("core", ("core",)), ("with_local", ("core", "local"))):
            packages, size = installed(Path(folder) / name, *locks)
            figures |= {f"{name}_packages": packages, f"{name}_mb": size}
    figures |= {f"import_{module.replace('.', '_')}_ms": import_ms(module) for module in IMPORTS}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
