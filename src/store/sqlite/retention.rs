//! What is too old is forgotten, a piece at a time: whoever waits for the store waits for one piece at most.

use crate::store::event::OF_ALERTS;
use crate::store::{Partition, Piece, Tidied, TooOld};
use rusqlite::{Transaction, params};

/// How many events are looked at in one piece.
const EVENTS: u64 = 10_000;
/// How many incidents.
const INCIDENTS: usize = 100;
/// How many messages of no incident.
const MESSAGES: usize = 1_000;

/// Forgets one piece; says what went, and which piece is next.
pub(super) fn forget(
    transaction: &Transaction<'_>,
    partition: Partition,
    too_old: &TooOld,
    piece: Piece,
) -> rusqlite::Result<Tidied> {
    let no_incident = |next| Tidied { incidents: 0, next };
    match piece {
        Piece::Events { after } => events(transaction, partition, too_old, after).map(Some).map(no_incident),
        Piece::Incidents { after } => incidents(transaction, partition, too_old, after),
        Piece::Messages => messages(transaction, partition, too_old).map(no_incident),
    }
}

/// The number of the newest snapshot's last event; what comes after it has to be read by a start.
fn base(transaction: &Transaction<'_>, partition: Partition) -> rusqlite::Result<u64> {
    let query = "SELECT coalesce(max(seq), 0) FROM snapshots WHERE partition = ?1";
    transaction.prepare_cached(query)?.query_row([partition.0], |row| row.get(0))
}

/// Events that are of no incident. The first of all stays, because it says since when there is a record; the last behind the
/// snapshot, because the numbers go on from it; and those with which somebody was owed a message, because they say when.
fn events(
    transaction: &Transaction<'_>,
    partition: Partition,
    too_old: &TooOld,
    after: u64,
) -> rusqlite::Result<Piece> {
    let last = base(transaction, partition)?.saturating_sub(1);
    let until = last.min(after + EVENTS);
    transaction
        .prepare_cached(
            "DELETE FROM events WHERE partition = ?1 AND seq > ?2 AND seq <= ?3 AND kind <> 'incident'
                AND recorded_at < CASE WHEN kind IN (SELECT value FROM json_each(?4)) THEN ?5 ELSE ?6 END
                AND seq <> (SELECT min(seq) FROM events WHERE partition = ?1)
                AND seq NOT IN (SELECT seq FROM deliveries WHERE partition = ?1 AND seq > ?2 AND seq <= ?3)",
        )?
        .execute(params![
            partition.0,
            after,
            until,
            serde_json::json!(OF_ALERTS).to_string(),
            too_old.events,
            too_old.incidents
        ])?;
    Ok(if until < last { Piece::Events { after: until } } else { Piece::Incidents { after: 0 } })
}

/// An incident as it stands in the books.
struct Known {
    number: u64,
    id: String,
    first: Option<i64>,
    last: Option<i64>,
    last_seq: Option<u64>,
    is_closed: bool,
    is_owed: bool,
}

impl Known {
    fn is_too_old(&self, too_old: &TooOld, base: u64) -> bool {
        let is_behind = self.last_seq.is_none_or(|seq| seq < base);
        is_behind && self.is_closed && !self.is_owed && self.last.is_none_or(|last| last < too_old.incidents)
    }
}

/// Incidents that are closed, with all that was told of them. Their numbers rise with time: the first that opened lately is the
/// last to be looked at.
fn incidents(
    transaction: &Transaction<'_>,
    partition: Partition,
    too_old: &TooOld,
    after: u64,
) -> rusqlite::Result<Tidied> {
    let base = base(transaction, partition)?;
    let known = known(transaction, partition, after)?;
    let old = known.iter().take_while(|incident| incident.first.is_none_or(|first| first < too_old.incidents));
    let (mut looked_at, mut incidents) = (0, 0);
    for incident in old {
        looked_at += 1;
        if incident.is_too_old(too_old, base) {
            drop_incident(transaction, partition, incident)?;
            incidents += 1;
        }
    }
    let next = known.last().filter(|_| looked_at == INCIDENTS).map(|last| last.number);
    let next = Some(next.map_or(Piece::Messages, |after| Piece::Incidents { after }));
    Ok(Tidied { incidents, next })
}

fn known(transaction: &Transaction<'_>, partition: Partition, after: u64) -> rusqlite::Result<Vec<Known>> {
    let query = "SELECT i.number, i.id, min(e.recorded_at), max(e.recorded_at), max(e.seq),
                        coalesce(max(json_extract(e.body, '$.step') = 'forgotten'), 1),
                        EXISTS (SELECT 1 FROM deliveries d WHERE d.incident = i.id AND d.status IN ('queued', 'claimed'))
                 FROM (SELECT number, id FROM incidents WHERE partition = ?1 AND number > ?2 ORDER BY number LIMIT ?3) i
                 LEFT JOIN events e ON e.subject = i.id AND e.kind = 'incident'
                 GROUP BY i.number ORDER BY i.number";
    transaction
        .prepare_cached(query)?
        .query_map(params![partition.0, after, INCIDENTS], |row| {
            Ok(Known {
                number: row.get(0)?,
                id: row.get(1)?,
                first: row.get(2)?,
                last: row.get(3)?,
                last_seq: row.get(4)?,
                is_closed: row.get(5)?,
                is_owed: row.get(6)?,
            })
        })?
        .collect()
}

fn drop_incident(transaction: &Transaction<'_>, partition: Partition, incident: &Known) -> rusqlite::Result<()> {
    for statement in [
        "DELETE FROM notices WHERE delivery IN (SELECT number FROM deliveries WHERE incident = ?1)",
        "DELETE FROM deliveries WHERE incident = ?1",
        "DELETE FROM events WHERE subject = ?1 AND kind = 'incident' AND seq <> (SELECT min(seq) FROM events)",
    ] {
        transaction.prepare_cached(statement)?.execute([&incident.id])?;
    }
    let row = "DELETE FROM incidents WHERE partition = ?1 AND number = ?2";
    transaction.prepare_cached(row)?.execute(params![partition.0, incident.number]).map(|_| ())
}

/// Messages of no incident, letters for example, that are as old as an incident may be.
fn messages(transaction: &Transaction<'_>, partition: Partition, too_old: &TooOld) -> rusqlite::Result<Option<Piece>> {
    let query = "SELECT number FROM deliveries
                 WHERE partition = ?1 AND status NOT IN ('queued', 'claimed') AND finished_at < ?2
                     AND incident NOT IN (SELECT id FROM incidents WHERE partition = ?1) LIMIT ?3";
    let old: Vec<u64> = transaction
        .prepare_cached(query)?
        .query_map(params![partition.0, too_old.incidents, MESSAGES], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for number in &old {
        transaction.prepare_cached("DELETE FROM notices WHERE delivery = ?1")?.execute([number])?;
        transaction.prepare_cached("DELETE FROM deliveries WHERE number = ?1")?.execute([number])?;
    }
    Ok((old.len() == MESSAGES).then_some(Piece::Messages))
}
