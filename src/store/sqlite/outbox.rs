//! What is owed to whom: the table `deliveries`, and what each message says: `notices`.

use super::super::{Attempt, Entry, Owed, Partition, StoreError, notice};
use super::doing;
use crate::engine::incident::Destination;
use crate::engine::notice::Notice;
use crate::model::{DeliveryId, IncidentId, Name, Severities};
use rusqlite::{Connection, OptionalExtension, params};

pub(super) fn insert(connection: &Connection, partition: Partition, seq: u64, notice: &Notice) -> rusqlite::Result<()> {
    let draft = &notice.draft;
    let is_new = connection
        .prepare_cached(
            "INSERT INTO deliveries (partition, id, seq, incident, generation, channel, recipient, status, attempts, not_before)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'queued', 0, ?8) ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![
            partition.0,
            draft.id.to_string(),
            seq,
            draft.incident.to_string(),
            draft.generation,
            &*draft.destination.channel,
            draft.destination.to.as_deref().unwrap_or_default(),
            draft.at.millis()
        ])?
        > 0;
    if is_new {
        connection
            .prepare_cached("INSERT INTO notices (delivery, notice) VALUES (?1, ?2)")?
            .execute(params![connection.last_insert_rowid(), notice::encode(notice)])?;
    }
    Ok(())
}

pub(super) fn owed(
    connection: &Connection,
    partition: Partition,
    severities: &Severities,
) -> Result<Vec<Owed>, StoreError> {
    let fail = doing("list what is owed");
    let query = "SELECT number, notice, attempts, not_before, first_tried, status
                 FROM deliveries JOIN notices ON delivery = number
                 WHERE partition = ?1 AND status IN ('queued', 'claimed') ORDER BY number";
    let mut statement = connection.prepare_cached(query).map_err(&fail)?;
    let mut rows = statement.query([partition.0]).map_err(&fail)?;
    let mut owed = Vec::new();
    while let Some(row) = rows.next().map_err(&fail)? {
        let text: String = row.get(1).map_err(&fail)?;
        let status: String = row.get(5).map_err(&fail)?;
        owed.push(Owed {
            number: row.get(0).map_err(&fail)?,
            notice: notice::decode(&text, severities).map_err(StoreError::Notice)?.into(),
            attempts: row.get(2).map_err(&fail)?,
            not_before: row.get(3).map_err(&fail)?,
            first_tried: row.get(4).map_err(&fail)?,
            fate_unknown: status == "claimed",
            fell_back: false,
        });
    }
    Ok(owed)
}

pub(super) fn claim(connection: &Connection, id: DeliveryId, now: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE deliveries SET status = 'claimed', attempts = attempts + 1, first_tried = coalesce(first_tried, ?2)
             WHERE id = ?1 AND status IN ('queued', 'claimed')",
        )?
        .execute(params![id.to_string(), now])
        .map(|_| ())
}

/// Notes what came of an attempt; says whether the delivery is on record.
pub(super) fn finish(connection: &Connection, id: DeliveryId, attempt: &Attempt, wall: i64) -> rusqlite::Result<bool> {
    let nothing = "nothing to send: the channel does not show it, or has said it already".to_owned();
    let (status, reason, receipt, not_before) = match attempt {
        Attempt::Sent { receipt } => ("sent", None, Some(receipt), None),
        Attempt::Refused { reason } => ("refused", Some(reason), None, None),
        Attempt::Failed { reason, not_before } => ("queued", Some(reason), None, Some(*not_before)),
        Attempt::Withdrawn => ("withdrawn", None, None, None),
        Attempt::NothingToSend => ("withdrawn", Some(&nothing), None, None),
    };
    let finished = not_before.is_none().then_some(wall);
    connection
        .prepare_cached(
            "UPDATE deliveries SET status = ?2, reason = coalesce(?3, reason), receipt = ?4,
                    not_before = coalesce(?5, not_before), finished_at = ?6
             WHERE id = ?1",
        )?
        .execute(params![id.to_string(), status, reason, receipt, not_before, finished])
        .map(|rows| rows > 0)
}

/// The last delivery of a generation of an incident that arrived at a destination.
const LAST_SENT: &str = "FROM deliveries
    WHERE incident = ?1 AND generation = ?2 AND channel = ?3 AND recipient = ?4 AND status = 'sent'
    ORDER BY number DESC LIMIT 1";

pub(super) fn receipt(
    connection: &Connection,
    incident: IncidentId,
    generation: u32,
    to: &Destination,
) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached(&format!("SELECT receipt {LAST_SENT}"))?
        .query_row(
            params![incident.to_string(), generation, &*to.channel, to.to.as_deref().unwrap_or_default()],
            |row| row.get(0),
        )
        .optional()
        .map(Option::flatten)
}

pub(super) fn replace_receipt(
    connection: &Connection,
    incident: IncidentId,
    generation: u32,
    to: &Destination,
    receipt: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(&format!("UPDATE deliveries SET receipt = ?5 WHERE id = (SELECT id {LAST_SENT})"))?
        .execute(params![incident.to_string(), generation, &*to.channel, to.to.as_deref().unwrap_or_default(), receipt])
        .map(|_| ())
}

pub(super) fn all(connection: &Connection, partition: Partition) -> rusqlite::Result<Vec<Entry>> {
    let query = "SELECT id, incident, channel, recipient, status, attempts, reason FROM deliveries WHERE partition = ?1 ORDER BY number";
    connection
        .prepare(query)?
        .query_map([partition.0], |row| {
            let (id, incident): (String, String) = (row.get(0)?, row.get(1)?);
            let (channel, to): (String, String) = (row.get(2)?, row.get(3)?);
            let damaged = |_| rusqlite::Error::InvalidQuery;
            Ok(Entry {
                id: id.parse().map_err(damaged)?,
                incident: incident.parse().map_err(damaged)?,
                destination: Destination { channel: channel.into(), to: (!to.is_empty()).then(|| Name::from(to)) },
                status: row.get(4)?,
                attempts: row.get(5)?,
                reason: row.get(6)?,
            })
        })?
        .collect()
}
