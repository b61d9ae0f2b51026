//! What is remembered of one incident: its part of the journal, and what was owed to whom because of it.

use super::super::{Partition, Sending, StoreError, notice};
use super::doing;
use crate::model::{IncidentId, Moment, Severities};
use rusqlite::{Connection, OptionalExtension, params};

/// The id of the incident that people call by `number`.
pub(super) fn id(connection: &Connection, partition: Partition, number: u64) -> rusqlite::Result<Option<IncidentId>> {
    connection
        .prepare_cached("SELECT id FROM incidents WHERE partition = ?1 AND number = ?2")?
        .query_row(params![partition.0, number], |row| row.get::<_, String>(0))
        .optional()?
        .map(|id| id.parse().map_err(|_| rusqlite::Error::InvalidQuery))
        .transpose()
}

/// The numbers of incidents below `below`, the newest first.
pub(super) fn numbers(
    connection: &Connection,
    partition: Partition,
    below: u64,
    at_most: usize,
) -> rusqlite::Result<Vec<u64>> {
    let query = "SELECT number FROM incidents WHERE partition = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3";
    let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
    let below = i64::try_from(below).unwrap_or(i64::MAX);
    connection.prepare_cached(query)?.query_map(params![partition.0, below, at_most], |row| row.get(0))?.collect()
}

/// Every message that was owed because of an incident, in the order in which they were.
pub(super) fn sendings(
    connection: &Connection,
    incident: IncidentId,
    severities: &Severities,
) -> Result<Vec<Sending>, StoreError> {
    let fail = doing("list an incident's messages");
    let query =
        "SELECT notice, status, attempts, reason, finished_at FROM deliveries WHERE incident = ?1 ORDER BY number";
    let mut statement = connection.prepare_cached(query).map_err(&fail)?;
    let mut rows = statement.query([incident.to_string()]).map_err(&fail)?;
    let mut sendings = Vec::new();
    while let Some(row) = rows.next().map_err(&fail)? {
        let text: String = row.get(0).map_err(&fail)?;
        let finished: Option<i64> = row.get(4).map_err(&fail)?;
        sendings.push(Sending {
            notice: notice::decode(&text, severities).map_err(StoreError::Notice)?,
            status: row.get(1).map_err(&fail)?,
            attempts: row.get(2).map_err(&fail)?,
            reason: row.get(3).map_err(&fail)?,
            finished: finished.map(Moment::from_millis),
        });
    }
    Ok(sendings)
}
