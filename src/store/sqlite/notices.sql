-- What a message says, apart from how it fares. An UPDATE writes its whole row, so each claim and each outcome wrote the whole
-- message once more, which for an incident of thousands of alerts is megabytes.
CREATE TABLE notices (
    delivery INTEGER PRIMARY KEY,
    notice TEXT NOT NULL
) STRICT;
INSERT INTO notices (delivery, notice) SELECT number, notice FROM deliveries;
ALTER TABLE deliveries DROP COLUMN notice;
