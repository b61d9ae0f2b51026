//! The store of one service: a SQLite file beside it, one writer, full durability.

mod inbox;
mod open;
mod outbox;
mod retention;
mod story;

use super::event::{self, Row};
use super::holder;
use super::{
    Attempt, Commit, Entry, Epoch, Journal, Lease, Owed, Partition, Piece, Sending, Store, StoreError, Story,
    Submitted, Tidied, TooOld,
};
use crate::engine::command::Command;
use crate::engine::incident::Destination;
use crate::engine::{Event, EventKind, IncidentEvent};
use crate::model::{DeliveryId, IncidentId, Moment, Severities};
use open::OpenFile;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

/// A SQLite file, open for writing.
pub struct Sqlite {
    connection: Connection,
    /// Which file it writes to; none where it is in memory, or only read.
    file: Option<OpenFile>,
}

/// Says what the database was to do when it failed.
fn doing(doing: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |why| StoreError::Database { doing, why }
}

/// Refuses whoever does not hold the lease.
fn fence(transaction: &Transaction<'_>, partition: Partition, epoch: Epoch) -> Result<(), StoreError> {
    let held: Option<u64> = transaction
        .prepare_cached("SELECT epoch FROM leases WHERE partition = ?1")
        .and_then(|mut statement| statement.query_row([partition.0], |row| row.get(0)).optional())
        .map_err(doing("look at the lease"))?;
    if held == Some(epoch.0) { Ok(()) } else { Err(StoreError::LostLease { epoch: epoch.0 }) }
}

fn last_seq(transaction: &Transaction<'_>, partition: Partition) -> Result<u64, StoreError> {
    transaction
        .prepare_cached("SELECT coalesce(max(seq), 0) FROM events WHERE partition = ?1")
        .and_then(|mut statement| statement.query_row([partition.0], |row| row.get(0)))
        .map_err(doing("find the end of the journal"))
}

fn stand_at(transaction: &Transaction<'_>, partition: Partition, expected: u64) -> Result<(), StoreError> {
    let actual = last_seq(transaction, partition)?;
    if actual == expected { Ok(()) } else { Err(StoreError::Behind { expected, actual }) }
}

impl Store for Sqlite {
    fn acquire(&mut self, partition: Partition, name: &str, wall: i64, until: i64) -> Result<Lease, StoreError> {
        let fail = doing("take the lease");
        let transaction =
            self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(&fail)?;
        let known: Option<(String, u64, i64, Option<i64>)> = transaction
            .query_row("SELECT holder, epoch, until, moment FROM leases WHERE partition = ?1", [partition.0], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()
            .map_err(&fail)?;
        if let Some((other, _, held_until, _)) = &known
            && other != name
            && *held_until > wall
            && !holder::is_gone(other)
        {
            return Err(StoreError::Held { until: Moment::from_millis(*held_until) });
        }
        let (epoch, moment) = known.map_or((1, None), |(_, epoch, _, moment)| (epoch + 1, moment));
        transaction
            .execute(
                "INSERT INTO leases (partition, holder, epoch, until, moment) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (partition) DO UPDATE SET holder = ?2, epoch = ?3, until = ?4",
                params![partition.0, name, epoch, until, moment],
            )
            .map_err(&fail)?;
        transaction.commit().map_err(&fail)?;
        Ok(Lease { epoch: Epoch(epoch), ran_until: moment.map(Moment::from_millis) })
    }

    fn renew(&mut self, partition: Partition, epoch: Epoch, until: i64, moment: Moment) -> Result<(), StoreError> {
        let changed = self
            .connection
            .prepare_cached("UPDATE leases SET until = ?3, moment = max(coalesce(moment, ?4), ?4) WHERE partition = ?1 AND epoch = ?2")
            .and_then(|mut statement| statement.execute(params![partition.0, epoch.0, until, moment.millis()]))
            .map_err(doing("renew the lease"))?;
        self.is_there()?;
        if changed == 1 { Ok(()) } else { Err(StoreError::LostLease { epoch: epoch.0 }) }
    }

    fn release(&mut self, partition: Partition, epoch: Epoch) -> Result<(), StoreError> {
        self.connection
            .execute("UPDATE leases SET until = 0 WHERE partition = ?1 AND epoch = ?2", params![partition.0, epoch.0])
            .map_err(doing("give the lease back"))?;
        Ok(())
    }

    fn load(&mut self, partition: Partition, severities: &Severities) -> Result<Journal, StoreError> {
        let fail = doing("read the journal");
        let base: Option<u64> = self
            .connection
            .query_row("SELECT max(seq) FROM snapshots WHERE partition = ?1", [partition.0], |row| row.get(0))
            .map_err(&fail)?;
        let base = base.unwrap_or(0);
        let snapshot = "SELECT moment, NULL, kind, version, subject, generation, body FROM snapshots
                        WHERE partition = ?1 AND seq = ?2 ORDER BY place";
        let after = "SELECT moment, slot, kind, version, subject, generation, body FROM events
                     WHERE partition = ?1 AND seq > ?2 ORDER BY seq";
        let mut events = self.rows(snapshot, params![partition.0, base], severities)?;
        let newer = self.rows(after, params![partition.0, base], severities)?;
        let since_snapshot = newer.len();
        events.extend(newer);
        let seq = "SELECT coalesce(max(seq), 0) FROM events WHERE partition = ?1";
        let seq: u64 = self.connection.query_row(seq, [partition.0], |row| row.get(0)).map_err(&fail)?;
        Ok(Journal { events, seq: seq.max(base), since_snapshot })
    }

    fn recorded(
        &mut self,
        partition: Partition,
        from: Moment,
        to: Moment,
        severities: &Severities,
    ) -> Result<Vec<Event>, StoreError> {
        let query = "SELECT moment, slot, kind, version, subject, generation, body FROM events
                     WHERE partition = ?1 AND moment BETWEEN ?2 AND ?3 ORDER BY seq";
        self.rows(query, params![partition.0, from.millis(), to.millis()], severities)
    }

    fn commit(
        &mut self,
        partition: Partition,
        epoch: Epoch,
        expected: u64,
        commit: &Commit,
        wall: i64,
    ) -> Result<u64, StoreError> {
        self.is_there()?;
        let fail = doing("commit events");
        let transaction =
            self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(&fail)?;
        fence(&transaction, partition, epoch)?;
        stand_at(&transaction, partition, expected)?;
        let mut seq = expected;
        for event in &commit.events {
            seq += 1;
            insert_event(&transaction, partition, epoch, seq, &event::encode(event), &commit.rule_set, wall)
                .map_err(&fail)?;
            note_number(&transaction, partition, event).map_err(&fail)?;
        }
        for notice in &commit.owed {
            outbox::insert(&transaction, partition, seq, notice).map_err(&fail)?;
        }
        for consumed in &commit.consumed {
            inbox::consume(&transaction, partition, seq, consumed, wall).map_err(&fail)?;
        }
        if let Some(files) = &commit.good_files {
            keep_good(&transaction, partition, files).map_err(&fail)?;
        }
        transaction
            .execute(
                "UPDATE leases SET moment = max(coalesce(moment, ?2), ?2) WHERE partition = ?1",
                params![partition.0, commit.moment.millis()],
            )
            .map_err(&fail)?;
        transaction.commit().map_err(&fail)?;
        Ok(seq)
    }

    fn snapshot(
        &mut self,
        partition: Partition,
        epoch: Epoch,
        seq: u64,
        events: &mut dyn Iterator<Item = Event>,
    ) -> Result<(), StoreError> {
        let fail = doing("write a snapshot");
        let transaction =
            self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(&fail)?;
        fence(&transaction, partition, epoch)?;
        stand_at(&transaction, partition, seq)?;
        write_snapshot(&transaction, partition, seq, events).map_err(&fail)?;
        transaction.commit().map_err(&fail)
    }

    fn oldest_since_snapshot(&mut self, partition: Partition) -> Result<Option<i64>, StoreError> {
        let query = "SELECT recorded_at FROM events WHERE partition = ?1
                         AND seq > (SELECT coalesce(max(seq), 0) FROM snapshots WHERE partition = ?1) ORDER BY seq LIMIT 1";
        self.connection
            .query_row(query, [partition.0], |row| row.get(0))
            .optional()
            .map_err(doing("look how old the journal is"))
    }

    fn forget(
        &mut self,
        partition: Partition,
        epoch: Epoch,
        too_old: &TooOld,
        piece: Piece,
    ) -> Result<Tidied, StoreError> {
        let fail = doing("forget what is too old");
        let transaction =
            self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(&fail)?;
        fence(&transaction, partition, epoch)?;
        let tidied = retention::forget(&transaction, partition, too_old, piece).map_err(&fail)?;
        transaction.commit().map_err(&fail)?;
        Ok(tidied)
    }

    fn submit(&mut self, partition: Partition, command: &Command, wall: i64) -> Result<Submitted, StoreError> {
        inbox::submit(&self.connection, partition, command, wall)
    }

    fn waiting(&mut self, partition: Partition, severities: &Severities) -> Result<Vec<Command>, StoreError> {
        inbox::waiting(&self.connection, partition, severities)
    }

    fn owed(&mut self, partition: Partition, severities: &Severities) -> Result<Vec<Owed>, StoreError> {
        outbox::owed(&self.connection, partition, severities)
    }

    fn claim(&mut self, partition: Partition, epoch: Epoch, id: DeliveryId, now: i64) -> Result<(), StoreError> {
        let fail = doing("claim a delivery");
        let transaction =
            self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(&fail)?;
        fence(&transaction, partition, epoch)?;
        outbox::claim(&transaction, id, now).map_err(&fail)?;
        transaction.commit().map_err(&fail)
    }

    fn finish(&mut self, _: Partition, id: DeliveryId, attempt: &Attempt, wall: i64) -> Result<(), StoreError> {
        let found = outbox::finish(&self.connection, id, attempt, wall).map_err(doing("finish a delivery"))?;
        if found { Ok(()) } else { Err(StoreError::NotOwed { id }) }
    }

    fn receipt(
        &mut self,
        _: Partition,
        incident: IncidentId,
        generation: u32,
        to: &Destination,
    ) -> Result<Option<String>, StoreError> {
        outbox::receipt(&self.connection, incident, generation, to).map_err(doing("look for a receipt"))
    }

    fn replace_receipt(
        &mut self,
        _: Partition,
        incident: IncidentId,
        generation: u32,
        to: &Destination,
        receipt: &str,
    ) -> Result<(), StoreError> {
        outbox::replace_receipt(&self.connection, incident, generation, to, receipt).map_err(doing("replace a receipt"))
    }

    fn deliveries(&mut self, partition: Partition) -> Result<Vec<Entry>, StoreError> {
        outbox::all(&self.connection, partition).map_err(doing("list deliveries"))
    }

    fn numbers(&mut self, partition: Partition, below: u64, at_most: usize) -> Result<Vec<u64>, StoreError> {
        story::numbers(&self.connection, partition, below, at_most).map_err(doing("list incidents"))
    }

    fn story(
        &mut self,
        partition: Partition,
        number: u64,
        severities: &Severities,
    ) -> Result<Option<Story>, StoreError> {
        let id = story::id(&self.connection, partition, number).map_err(doing("look for an incident"))?;
        let query = "SELECT moment, slot, kind, version, subject, generation, body FROM events
                     WHERE partition = ?1 AND subject = ?2 AND kind = 'incident' ORDER BY seq";
        let read = |id: IncidentId| {
            let events = self.rows(query, params![partition.0, id.to_string()], severities)?;
            Ok(Story { id, events })
        };
        id.map(read).transpose()
    }

    fn sendings(&mut self, _: Partition, id: IncidentId, severities: &Severities) -> Result<Vec<Sending>, StoreError> {
        story::sendings(&self.connection, id, severities)
    }

    fn standing(
        &mut self,
        partition: Partition,
        before: Moment,
        severities: &Severities,
    ) -> Result<Vec<Event>, StoreError> {
        let query = "SELECT moment, slot, kind, version, subject, generation, body FROM events
                     WHERE seq IN (SELECT max(seq) FROM events
                                   WHERE partition = ?1 AND moment < ?2 AND kind IN ('alert.changed', 'alert.forgotten')
                                   GROUP BY subject)
                     ORDER BY seq";
        self.rows(query, params![partition.0, before.millis()], severities)
    }

    fn recorded_but(
        &mut self,
        partition: Partition,
        left_out: &[&str],
        to: Moment,
        severities: &Severities,
    ) -> Result<Vec<Event>, StoreError> {
        let left_out = serde_json::json!(left_out).to_string();
        let query = "SELECT moment, slot, kind, version, subject, generation, body FROM events
                     WHERE partition = ?1 AND moment <= ?2 AND kind NOT IN (SELECT value FROM json_each(?3)) ORDER BY seq";
        self.rows(query, params![partition.0, to.millis(), left_out], severities)
    }

    fn numbers_since(&mut self, partition: Partition, from: Moment) -> Result<Vec<u64>, StoreError> {
        story::numbers_since(&self.connection, partition, from).map_err(doing("list incidents"))
    }

    fn sent_between(
        &mut self,
        partition: Partition,
        from: Moment,
        to: Moment,
        severities: &Severities,
    ) -> Result<Vec<Sending>, StoreError> {
        story::sent_between(&self.connection, partition, (from, to), severities)
    }

    fn extent(&mut self, partition: Partition) -> Result<Option<(Moment, Moment)>, StoreError> {
        story::extent(&self.connection, partition).map_err(doing("find the ends of the journal"))
    }

    fn last_good(&mut self, partition: Partition) -> Result<Vec<(String, String)>, StoreError> {
        self.connection
            .prepare("SELECT path, text FROM good_files WHERE partition = ?1 ORDER BY path")
            .and_then(|mut statement| {
                statement.query_map([partition.0], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            })
            .map_err(doing("read the good files"))
    }
}

impl Sqlite {
    fn rows(
        &self,
        query: &str,
        parameters: impl rusqlite::Params,
        severities: &Severities,
    ) -> Result<Vec<Event>, StoreError> {
        let fail = doing("read the journal");
        let mut statement = self.connection.prepare_cached(query).map_err(&fail)?;
        let mut rows = statement.query(parameters).map_err(&fail)?;
        let mut events = Vec::new();
        while let Some(row) = rows.next().map_err(&fail)? {
            let row = Row {
                moment: row.get(0).map_err(&fail)?,
                slot: row.get(1).map_err(&fail)?,
                kind: row.get(2).map_err(&fail)?,
                version: row.get(3).map_err(&fail)?,
                subject: row.get(4).map_err(&fail)?,
                generation: row.get(5).map_err(&fail)?,
                body: row.get(6).map_err(&fail)?,
            };
            events.push(event::decode(&row, severities)?);
        }
        Ok(events)
    }
}

fn insert_event(
    transaction: &Transaction<'_>,
    partition: Partition,
    epoch: Epoch,
    seq: u64,
    row: &Row,
    rule_set: &str,
    wall: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO events (seq, partition, epoch, moment, slot, recorded_at, kind, version, rule_set, subject, generation, actor, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 'watchbell', ?12)",
        )?
        .execute(params![
            seq, partition.0, epoch.0, row.moment, row.slot, wall, row.kind, row.version, rule_set, row.subject, row.generation,
            row.body
        ])
        .map(|_| ())
}

/// Which incident people mean by a number, for when the engine remembers it no more.
fn note_number(transaction: &Transaction<'_>, partition: Partition, event: &Event) -> rusqlite::Result<()> {
    let EventKind::Incident { id, event: IncidentEvent::Opened(opening), .. } = &event.kind else { return Ok(()) };
    transaction
        .prepare_cached("INSERT OR REPLACE INTO incidents (partition, number, id) VALUES (?1, ?2, ?3)")?
        .execute(params![partition.0, opening.number, id.to_string()])
        .map(|_| ())
}

/// The newest snapshot takes the place of the ones before.
fn write_snapshot(
    transaction: &Transaction<'_>,
    partition: Partition,
    seq: u64,
    events: &mut dyn Iterator<Item = Event>,
) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM snapshots WHERE partition = ?1", [partition.0])?;
    let mut statement = transaction.prepare_cached(
        "INSERT INTO snapshots (partition, seq, place, moment, kind, version, subject, generation, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for (place, event) in (0_u32..).zip(events) {
        let row = event::encode(&event);
        statement.execute(params![
            partition.0,
            seq,
            place,
            row.moment,
            row.kind,
            row.version,
            row.subject,
            row.generation,
            row.body
        ])?;
    }
    Ok(())
}

fn keep_good(transaction: &Transaction<'_>, partition: Partition, files: &[(String, String)]) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM good_files WHERE partition = ?1", [partition.0])?;
    let mut statement =
        transaction.prepare_cached("INSERT INTO good_files (partition, path, text) VALUES (?1, ?2, ?3)")?;
    for (path, text) in files {
        statement.execute(params![partition.0, path, text])?;
    }
    Ok(())
}
