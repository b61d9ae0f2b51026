-- Nothing was ever written into the inbox of the first version.
DROP TABLE inbox;

-- Commands of people, for whoever holds the lease. What was decided stays for a while, so that a repeat is answered as the
-- first was.
CREATE TABLE inbox (
    number INTEGER PRIMARY KEY,
    partition INTEGER NOT NULL,
    id TEXT NOT NULL,
    submitted_at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    consumed_at INTEGER,
    consumed_by INTEGER,
    outcome TEXT,
    UNIQUE (partition, id)
) STRICT;
CREATE INDEX inbox_waiting ON inbox (partition, number) WHERE consumed_at IS NULL;
CREATE INDEX inbox_consumed ON inbox (consumed_at) WHERE consumed_at IS NOT NULL;

-- The id behind the number that people say, also of incidents that the engine remembers no more.
CREATE TABLE incidents (
    partition INTEGER NOT NULL,
    number INTEGER NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (partition, number)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO incidents (partition, number, id)
    SELECT partition, json_extract(body, '$.step.opened.number'), subject FROM events
    WHERE kind = 'incident' AND json_extract(body, '$.step.opened.number') IS NOT NULL;
