//! What is remembered of one incident: its part of the journal, and what was owed to whom because of it.

use super::super::{Partition, Sending, StoreError, notice};
use super::doing;
use crate::model::{IncidentId, Moment, Severities, Span};
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

/// The numbers of incidents that were open at `from` or later, or of which something was recorded since. Whether one was open is
/// seen by what came last: its opening, or its end.
pub(super) fn numbers_since(connection: &Connection, partition: Partition, from: Moment) -> rusqlite::Result<Vec<u64>> {
    let query = "SELECT number FROM incidents WHERE partition = ?1 AND id IN (
                     SELECT subject FROM events WHERE partition = ?1 AND kind = 'incident' GROUP BY subject
                     HAVING max(moment) >= ?2
                         OR max(CASE WHEN json_type(body, '$.step.resolved') IS NULL THEN 0 ELSE seq END)
                          < max(CASE WHEN json_type(body, '$.step.opened') IS NULL
                                      AND json_type(body, '$.step.reopened') IS NULL THEN 0 ELSE seq END))
                 ORDER BY number";
    connection.prepare_cached(query)?.query_map(params![partition.0, from.millis()], |row| row.get(0))?.collect()
}

/// From when to when there is something on record.
pub(super) fn extent(connection: &Connection, partition: Partition) -> rusqlite::Result<Option<(Moment, Moment)>> {
    let first = "SELECT moment FROM events WHERE partition = ?1 ORDER BY seq LIMIT 1";
    let last = "SELECT max(coalesce((SELECT moment FROM leases WHERE partition = ?1), 0),
                           coalesce((SELECT moment FROM events WHERE partition = ?1 ORDER BY seq DESC LIMIT 1), 0))";
    let first: Option<i64> = connection.query_row(first, [partition.0], |row| row.get(0)).optional()?;
    let last: i64 = connection.query_row(last, [partition.0], |row| row.get(0))?;
    Ok(first.map(|first| (Moment::from_millis(first), Moment::from_millis(last))))
}

/// Every message that was owed because of an incident, in the order in which they were.
pub(super) fn sendings(
    connection: &Connection,
    incident: IncidentId,
    severities: &Severities,
) -> Result<Vec<Sending>, StoreError> {
    let query = "SELECT notice, status, attempts, reason, finished_at FROM deliveries JOIN notices ON delivery = number
                 WHERE incident = ?1 ORDER BY number";
    read(connection, query, [incident.to_string()], severities)
}

/// What is owed is committed with an event, or soon after one: so much earlier that event may be.
const SOON: Span = Span::from_hours(1);

/// Every message that was owed in this time. The time of each stands in its text, which is read for those alone whose event lies
/// near enough.
pub(super) fn sent_between(
    connection: &Connection,
    partition: Partition,
    (from, to): (Moment, Moment),
    severities: &Severities,
) -> Result<Vec<Sending>, StoreError> {
    let query = "SELECT notice, status, attempts, reason, finished_at FROM deliveries
                 JOIN notices ON delivery = number JOIN events ON events.seq = deliveries.seq
                 WHERE deliveries.partition = ?1 AND events.moment BETWEEN ?2 AND ?3 ORDER BY number";
    let mut sendings = read(connection, query, params![partition.0, (from - SOON).millis(), to.millis()], severities)?;
    sendings.retain(|sending| (from..to).contains(&sending.notice.draft.at));
    Ok(sendings)
}

fn read(
    connection: &Connection,
    query: &str,
    parameters: impl rusqlite::Params,
    severities: &Severities,
) -> Result<Vec<Sending>, StoreError> {
    let fail = doing("list messages");
    let mut statement = connection.prepare_cached(query).map_err(&fail)?;
    let mut rows = statement.query(parameters).map_err(&fail)?;
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
