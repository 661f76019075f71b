"""The journal's SQL: opening a database, its migrations, and one function for each thing a store does.

Imports sqlite3, so it is itself imported late: at the store's first use.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from signoff.core.journal import Row, SessionRow, StoreError
from signoff.world.folders import VARIABLE, private_folder
from signoff.world.session_lock import held

DatabaseTrouble = sqlite3.Error
FILE = "journal.db"

_MIGRATIONS = Path(__file__).parent / "migrations"
# "SgOf": tells our database from another program's.
_APPLICATION = 0x53674F66
# How long one process waits for the other's commit, in seconds.
_BUSY = 10.0
# SQLite's default limit of parameters was 999 before 3.32.
_AT_ONCE = 900


def open_journal(folder: Path) -> sqlite3.Connection:
    """A connection to the folder's journal, made and migrated when needed; StoreError in words when that fails."""
    path = folder / FILE
    try:
        private_folder(folder)
        # One process at a time: two that switch a new database to WAL at once would both fail.
        with held(folder / "open.lock"):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600))
            return _connect(path)
    except OSError as trouble:
        raise StoreError(_os_words(trouble, folder)) from trouble
    except sqlite3.Error as trouble:
        raise StoreError(words(trouble, path)) from trouble


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY, isolation_level=None, check_same_thread=False)
    try:
        _migrate(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        # What is erased is overwritten with zeros: purge must not leave the words in free pages.
        connection.execute("PRAGMA secure_delete = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    scripts = sorted(_MIGRATIONS.glob("[0-9]*.sql"))
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != _APPLICATION and (found or application or _has_tables(connection)):
        raise StoreError(f"{path} is not a Signoff journal. Move it away, or set {VARIABLE} to another folder.")
    if found > len(scripts):
        raise StoreError(
            f"{path} was written by a newer Signoff (format {found}, this one knows {len(scripts)}). "
            f"Get a newer one, or set {VARIABLE} to another folder."
        )
    for number, script in enumerate(scripts[found:], found + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in _statements(script.read_text(encoding="utf-8")):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            rollback(connection)
            raise


def _has_tables(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone() is not None


def _statements(script: str) -> Iterator[str]:
    """The script's statements one by one: executescript would commit the transaction that holds them together."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def rollback(connection: sqlite3.Connection) -> None:
    """Ends the transaction, if SQLite has not done so by itself (as on a full disk)."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def create(connection: sqlite3.Connection, session: str, workspace: str, at: str) -> None:
    """Makes the session known; one that is known already stays as it is."""
    connection.execute("INSERT OR IGNORE INTO sessions VALUES (?, ?, ?)", (session, workspace, at))


def append(
    connection: sqlite3.Connection, session: str, expected: int, rows: Sequence[Row], texts: Mapping[str, str]
) -> None:
    """Stores rows and texts in the open transaction; StoreError, and nothing stored, if `expected` is not the last."""
    last = last_seq(connection, session)
    if last != expected:
        raise StoreError(
            f"Session {session} has {last} events in the journal, not {expected}: "
            "another process wrote to it. Open the session again."
        )
    for digest, text in texts.items():
        body = text.encode("utf-8", "surrogatepass")
        connection.execute("INSERT OR IGNORE INTO texts VALUES (?, ?)", (digest, body))
        connection.execute("INSERT OR IGNORE INTO text_uses VALUES (?, ?)", (digest, session))
    connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", map(_values, rows))


def _values(row: Row) -> tuple[str, int, str, str, str, int, str]:
    # SQLite takes no lone surrogates; as JSON escapes they mean the same.
    body = row.body.encode("utf-8", "backslashreplace").decode("utf-8")
    return row.session, row.seq, row.at, row.cause, row.type, row.version, body


def last_seq(connection: sqlite3.Connection, session: str) -> int:
    """The session's last sequence number, 0 without events."""
    found = connection.execute("SELECT max(seq) FROM events WHERE session = ?", (session,)).fetchone()
    return found[0] or 0


def read(connection: sqlite3.Connection, session: str, after: int) -> list[Row]:
    """The session's rows with seq > after, in order."""
    found = connection.execute(
        "SELECT session, seq, at, cause, type, version, body FROM events WHERE session = ? AND seq > ? ORDER BY seq",
        (session, after),
    )
    return [Row(*values) for values in found]


def read_texts(connection: sqlite3.Connection, digests: Sequence[str]) -> dict[str, str]:
    """Those of the texts that are stored."""
    found: dict[str, str] = {}
    for start in range(0, len(digests), _AT_ONCE):
        some = digests[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(some))
        query = f"SELECT digest, body FROM texts WHERE digest IN ({marks})"  # noqa: S608 (question marks only)
        found.update((digest, str(body, "utf-8", "surrogatepass")) for digest, body in connection.execute(query, some))
    return found


def sessions(connection: sqlite3.Connection, workspace: str | None) -> list[SessionRow]:
    """The known sessions, newest first."""
    found = connection.execute(
        "SELECT session, workspace, created, (SELECT ifnull(max(seq), 0) FROM events e WHERE e.session = s.session) "
        "FROM sessions s WHERE ?1 IS NULL OR workspace = ?1 ORDER BY created DESC, session DESC",
        (workspace,),
    )
    return [SessionRow(*values) for values in found]


def purge(connection: sqlite3.Connection, session: str) -> None:
    """Erases the session, its rows and the texts that only it uses."""
    connection.execute(
        "DELETE FROM texts WHERE digest IN (SELECT digest FROM text_uses WHERE session = ?1) "
        "AND digest NOT IN (SELECT digest FROM text_uses WHERE session <> ?1)",
        (session,),
    )
    for table in ("text_uses", "events", "sessions"):
        connection.execute(f"DELETE FROM {table} WHERE session = ?", (session,))  # noqa: S608 (fixed names)


def empty_log(connection: sqlite3.Connection) -> None:
    """Moves the write-ahead log into the database and truncates it, unless a reader needs it just now."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def words(trouble: sqlite3.Error, path: Path) -> str:
    """What went wrong with the journal, and what to do, for the user."""
    code = getattr(trouble, "sqlite_errorname", "")
    if code in {"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE"}:
        return f"The disk with {path} is full, or over its quota: nothing was stored. Free some space and try again."
    if code.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return f"{path} cannot be written: {trouble}. Make the folder writable, or set {VARIABLE} to another one."
    if code.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return (
            f"{path} is damaged ({trouble}); nothing in it was changed. Stop every Signoff and copy the folder "
            f"{path.parent}. Then `sqlite3 {path} .recover | sqlite3 repaired.db` saves what can be read: put "
            f"repaired.db in its place. Or move {path.name}* away to start with an empty journal."
        )
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"Another process kept {path} locked for {_BUSY:.0f} s. Nothing was stored; try again."
    return f"The journal {path} failed: {trouble} ({code or type(trouble).__name__}). Nothing was stored."


def _os_words(trouble: OSError, folder: Path) -> str:
    where = trouble.filename or folder
    return f"{where}: {trouble.strerror or trouble}. Mend that, or set {VARIABLE} to another folder than {folder}."
