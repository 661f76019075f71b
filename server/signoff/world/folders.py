"""Where Signoff keeps its own files, and how such a folder is kept from other users of the machine."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "SIGNOFF_STATE_DIR"


@dataclass(frozen=True, slots=True)
class Folders:
    """Absolute paths; none needs to exist. `state`: the journal. `data`: models. `cache`: rebuilt when lost."""

    state: Path
    data: Path
    cache: Path
    log: Path


def folders(environ: Mapping[str, str] = os.environ) -> Folders:
    """The folders of this user. SIGNOFF_STATE_DIR, when set, is `state` and holds the three others."""
    if named := environ.get(VARIABLE):
        state = Path(named).expanduser().absolute()
        return Folders(state, state, state / "cache", state / "log")
    import platformdirs

    own = platformdirs.PlatformDirs("signoff", appauthor=False)
    return Folders(own.user_state_path, own.user_data_path, own.user_cache_path, own.user_log_path)


def private_folder(path: Path) -> Path:
    """Makes the folder (and missing parents), open to its owner alone (0700), and gives it back.

    A folder of ours that others may enter is closed to them. PermissionError for a folder of another user and for
    one that all users share, such as /tmp; OSError for whatever else keeps it from being made.
    """
    try:
        path.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        if not path.is_dir():
            raise NotADirectoryError(20, "a file stands where the folder should be", str(path)) from None
    if os.name == "posix":
        _close_to_others(path, path.stat())
    return path


def _close_to_others(path: Path, found: os.stat_result) -> None:
    # In a container root often works in a mounted folder of another user: that is no intrusion.
    if found.st_uid != os.geteuid() and os.geteuid() != 0:
        raise PermissionError(13, "the folder belongs to another user", str(path))
    if found.st_mode & stat.S_ISVTX:
        raise PermissionError(13, "all users share the folder; name one of your own", str(path))
    if found.st_mode & 0o077:
        path.chmod(0o700)
