"""The schema, as numbered migrations, and the statements: one set for SQLite and Postgres.

Placeholders are ``?``; a driver that wants another sign translates it. Money is integer nano-USD.
"""

from __future__ import annotations

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE runs (
            id TEXT PRIMARY KEY, space TEXT NOT NULL, model TEXT NOT NULL, recipe TEXT NOT NULL,
            tier TEXT NOT NULL, brief TEXT NOT NULL, seed BIGINT NOT NULL, as_of DOUBLE PRECISION NOT NULL,
            status TEXT NOT NULL, started_at DOUBLE PRECISION NOT NULL, finished_at DOUBLE PRECISION,
            seconds DOUBLE PRECISION NOT NULL, outputs TEXT NOT NULL, overrides TEXT NOT NULL,
            message TEXT NOT NULL)""",
        "CREATE INDEX runs_by_time ON runs (started_at)",
        """CREATE TABLE steps (
            key TEXT PRIMARY KEY, space TEXT NOT NULL, task TEXT NOT NULL, request TEXT NOT NULL,
            result TEXT NOT NULL, digest TEXT NOT NULL, target TEXT NOT NULL, usd_nano BIGINT NOT NULL,
            units DOUBLE PRECISION NOT NULL, seconds DOUBLE PRECISION NOT NULL,
            created_at DOUBLE PRECISION NOT NULL)""",
        "CREATE INDEX steps_by_task ON steps (task, space, target, created_at)",
        """CREATE TABLE run_steps (
            run_id TEXT NOT NULL, seq BIGINT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL,
            task TEXT NOT NULL, stage TEXT NOT NULL, tier TEXT NOT NULL, target TEXT NOT NULL,
            status TEXT NOT NULL, usd_nano BIGINT NOT NULL, units DOUBLE PRECISION NOT NULL,
            seconds DOUBLE PRECISION NOT NULL, digest TEXT NOT NULL, request TEXT NOT NULL,
            notes TEXT NOT NULL, PRIMARY KEY (run_id, name))""",
        """CREATE TABLE attempts (
            id TEXT PRIMARY KEY, key TEXT NOT NULL, run_id TEXT NOT NULL, task TEXT NOT NULL,
            target TEXT NOT NULL, state TEXT NOT NULL, high_nano BIGINT NOT NULL,
            charged_nano BIGINT NOT NULL, job TEXT NOT NULL, fence BIGINT NOT NULL,
            created_at DOUBLE PRECISION NOT NULL, error TEXT NOT NULL)""",
        "CREATE INDEX attempts_by_key ON attempts (key)",
        """CREATE TABLE leases (
            key TEXT PRIMARY KEY, holder TEXT NOT NULL, fence BIGINT NOT NULL,
            expires_at DOUBLE PRECISION NOT NULL)""",
        """CREATE TABLE caps (
            scope TEXT PRIMARY KEY, limit_nano BIGINT NOT NULL, held_nano BIGINT NOT NULL,
            spent_nano BIGINT NOT NULL)""",
        """CREATE TABLE attempt_caps (
            attempt TEXT NOT NULL, scope TEXT NOT NULL, PRIMARY KEY (attempt, scope))""",
        "CREATE TABLE takes (key TEXT PRIMARY KEY, members TEXT NOT NULL)",
    ),
    (
        "ALTER TABLE runs ADD COLUMN budget_nano BIGINT",
        "ALTER TABLE runs ADD COLUMN holder TEXT NOT NULL DEFAULT ''",
    ),
    (
        "ALTER TABLE runs ADD COLUMN api_key TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE runs ADD COLUMN without TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX attempts_by_time ON attempts (created_at)",
    ),
    ("ALTER TABLE attempts ADD COLUMN request_ids TEXT NOT NULL DEFAULT ''",),
    (
        "ALTER TABLE runs ADD COLUMN draft TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE runs ADD COLUMN cascades BOOLEAN NOT NULL DEFAULT FALSE",
        "ALTER TABLE run_steps ADD COLUMN chosen BOOLEAN NOT NULL DEFAULT FALSE",
        "ALTER TABLE run_steps ADD COLUMN saved_nano BIGINT NOT NULL DEFAULT 0",
    ),
)

RUN_COLUMNS = (
    "id, space, model, recipe, tier, brief, seed, as_of, status, started_at, finished_at, seconds, "
    "outputs, overrides, message, budget_nano, holder, api_key, without, draft, cascades"
)
STEP_COLUMNS = (
    "key, space, task, request, result, digest, target, usd_nano, units, seconds, created_at"
)
RUN_STEP_COLUMNS = (
    "run_id, seq, name, key, task, stage, tier, target, status, usd_nano, units, seconds, digest, "
    "request, notes, chosen, saved_nano"
)
ATTEMPT_COLUMNS = (
    "id, key, run_id, task, target, state, high_nano, charged_nano, job, fence, created_at, error, "
    "request_ids"
)


def _insert(table: str, columns: str, conflict: str) -> str:
    marks = ", ".join("?" for _ in columns.split(","))
    return f"INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT {conflict}"


STEP = f"SELECT {STEP_COLUMNS} FROM steps WHERE key = ?"
HAS_TASK = "SELECT 1 FROM steps WHERE task = ? AND space = ? LIMIT 1"
NEWEST_SECONDS = """SELECT seconds FROM steps WHERE task = ? AND target = ?
    ORDER BY created_at DESC LIMIT 9"""
KEEP_STEP = _insert("steps", STEP_COLUMNS, "(key) DO NOTHING")
FORGET_STEP = "DELETE FROM steps WHERE key = ? AND created_at = ?"
KEEP_RUN = _insert("runs", RUN_COLUMNS, "(id) DO NOTHING")
END_RUN = """UPDATE runs SET status = ?, finished_at = ?, seconds = ?, outputs = ?, overrides = ?,
    message = ? WHERE id = ?"""
KEEP_RUN_STEP = _insert(
    "run_steps",
    RUN_STEP_COLUMNS,
    """(run_id, name) DO UPDATE SET seq = excluded.seq, key = excluded.key,
    target = excluded.target, status = excluded.status, usd_nano = excluded.usd_nano,
    units = excluded.units, seconds = excluded.seconds, digest = excluded.digest,
    request = excluded.request, notes = excluded.notes, chosen = excluded.chosen,
    saved_nano = excluded.saved_nano""",
)
RUN = f"SELECT {RUN_COLUMNS} FROM runs WHERE substr(id, 1, length(?)) = ? ORDER BY id LIMIT 2"
RUNS = f"SELECT {RUN_COLUMNS} FROM runs WHERE ? IN ('', recipe) ORDER BY started_at DESC LIMIT ?"
RUN_STEPS = f"SELECT {RUN_STEP_COLUMNS} FROM run_steps WHERE run_id = ? ORDER BY seq"
LEASE = "SELECT holder, fence, expires_at FROM leases WHERE key = ?"
# Always one row: (1 if the step is finished, holder, fence, expires_at).
CLAIM = """SELECT s.key IS NOT NULL, l.holder, l.fence, l.expires_at
    FROM (SELECT ? AS key) k LEFT JOIN leases l ON l.key = k.key LEFT JOIN steps s ON s.key = k.key"""
TAKE_LEASE = """INSERT INTO leases (key, holder, fence, expires_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET holder = excluded.holder, fence = excluded.fence,
    expires_at = excluded.expires_at"""
RENEW_LEASE = "UPDATE leases SET expires_at = ? WHERE key = ? AND holder = ?"
# The row stays, expired, so that the fencing number only ever grows.
END_LEASE = "UPDATE leases SET expires_at = 0 WHERE key = ? AND fence = ?"
# Changes nothing where the cap would be passed; the price by itself has to be within the limit.
HOLD = """INSERT INTO caps (scope, limit_nano, held_nano, spent_nano) VALUES (?, ?, ?, 0)
    ON CONFLICT (scope) DO UPDATE SET limit_nano = excluded.limit_nano,
    held_nano = caps.held_nano + excluded.held_nano
    WHERE caps.held_nano + caps.spent_nano + excluded.held_nano <= excluded.limit_nano"""
LET_GO = "UPDATE caps SET held_nano = held_nano - ? WHERE scope = ?"
CAP = "SELECT limit_nano, held_nano, spent_nano FROM caps WHERE scope = ?"
SETTLE_CAPS = """UPDATE caps SET held_nano = held_nano - ?, spent_nano = spent_nano + ?
    WHERE scope IN (SELECT scope FROM attempt_caps WHERE attempt = ?)"""
ADD_ATTEMPT = f"INSERT INTO attempts ({ATTEMPT_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"
ADD_CALL = _insert("attempts", ATTEMPT_COLUMNS, "(id) DO NOTHING")
ATTEMPT_CAPS = "SELECT scope FROM attempt_caps WHERE attempt = ?"
SHRINK = "UPDATE attempts SET high_nano = ?, state = ? WHERE id = ?"
KEEP_LEASE = "UPDATE leases SET expires_at = ? WHERE key = ? AND fence = ?"
ADD_ATTEMPT_CAP = "INSERT INTO attempt_caps (attempt, scope) VALUES (?, ?)"
ATTEMPT = f"SELECT {ATTEMPT_COLUMNS} FROM attempts WHERE id = ?"
OPEN_ATTEMPTS = f"""SELECT {ATTEMPT_COLUMNS} FROM attempts
    WHERE key = ? AND state IN ('reserved', 'started', 'unknown') ORDER BY created_at"""
ATTEMPTS = f"SELECT {ATTEMPT_COLUMNS} FROM attempts WHERE created_at >= ? ORDER BY created_at, id"
LOST_ATTEMPTS = f"""SELECT {ATTEMPT_COLUMNS} FROM attempts
    WHERE state IN ('reserved', 'started', 'unknown') AND NOT EXISTS
    (SELECT 1 FROM leases l WHERE l.key = attempts.key AND l.expires_at > ?) ORDER BY created_at, id"""
REUSED = """SELECT s.run_id, r.started_at, s.task, s.target, s.usd_nano
    FROM run_steps s JOIN runs r ON r.id = s.run_id
    WHERE s.status = 'reused' AND s.usd_nano > 0 AND r.started_at >= ? ORDER BY r.started_at"""
ADOPT = "UPDATE attempts SET fence = ? WHERE id = ?"
STARTED = "UPDATE attempts SET state = 'started', job = ? WHERE id = ?"
END_ATTEMPT = """UPDATE attempts SET state = ?, charged_nano = ?, error = ?,
    request_ids = COALESCE(NULLIF(?, ''), request_ids) WHERE id = ?"""
TAKES = "SELECT members FROM takes WHERE key = ?"
KEEP_TAKES = "INSERT INTO takes (key, members) VALUES (?, ?) ON CONFLICT (key) DO NOTHING"
HELD_BY_TASK = """SELECT a.task, a.charged_nano FROM attempts a JOIN attempt_caps c ON c.attempt = a.id
    WHERE c.scope = ?"""
