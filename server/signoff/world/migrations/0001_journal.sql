-- The journal: sessions, their events, and the texts that events name by digest.

CREATE TABLE sessions (
    session TEXT PRIMARY KEY NOT NULL,
    workspace TEXT NOT NULL,
    created TEXT NOT NULL
);

CREATE TABLE events (
    session TEXT NOT NULL,
    seq INTEGER NOT NULL CHECK (seq > 0),
    at TEXT NOT NULL,
    cause TEXT NOT NULL,
    type TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (session, seq)
);

-- UTF-8 as a blob: a text may hold NUL characters and lone surrogates.
CREATE TABLE texts (
    digest TEXT PRIMARY KEY NOT NULL,
    body BLOB NOT NULL
);

-- Which session handed in which text: one that no session uses is erased.
CREATE TABLE text_uses (
    digest TEXT NOT NULL,
    session TEXT NOT NULL,
    PRIMARY KEY (digest, session)
) WITHOUT ROWID;

CREATE INDEX text_uses_of_session ON text_uses (session);
