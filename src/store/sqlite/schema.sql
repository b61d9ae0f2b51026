CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    partition INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    moment INTEGER NOT NULL,
    slot INTEGER,
    recorded_at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    version INTEGER NOT NULL,
    rule_set TEXT NOT NULL,
    subject TEXT NOT NULL,
    generation INTEGER NOT NULL,
    cause TEXT,
    actor TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_subject ON events (subject, seq);

-- The state at `seq`, as events that fold to it: what came before need not be read again.
CREATE TABLE snapshots (
    partition INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    place INTEGER NOT NULL,
    moment INTEGER NOT NULL,
    kind TEXT NOT NULL,
    version INTEGER NOT NULL,
    subject TEXT NOT NULL,
    generation INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (partition, seq, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
    partition INTEGER PRIMARY KEY,
    holder TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    until INTEGER NOT NULL,
    moment INTEGER
) STRICT;

CREATE TABLE deliveries (
    number INTEGER PRIMARY KEY,
    partition INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    seq INTEGER NOT NULL,
    incident TEXT NOT NULL,
    generation INTEGER NOT NULL,
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    notice TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('queued', 'claimed', 'sent', 'refused', 'withdrawn')),
    attempts INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    first_tried INTEGER,
    reason TEXT,
    receipt TEXT,
    finished_at INTEGER
) STRICT;
CREATE INDEX deliveries_owed ON deliveries (partition, number) WHERE status IN ('queued', 'claimed');
CREATE INDEX deliveries_by_destination ON deliveries (incident, generation, channel, recipient, number);

-- Commands of people, for whoever holds the lease.
CREATE TABLE inbox (
    number INTEGER PRIMARY KEY,
    partition INTEGER NOT NULL,
    submitted_at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    body TEXT NOT NULL,
    consumed_by INTEGER
) STRICT;

CREATE TABLE good_files (
    partition INTEGER NOT NULL,
    path TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (partition, path)
) STRICT, WITHOUT ROWID;
