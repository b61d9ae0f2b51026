//! What people asked for: the table `inbox`.

use super::super::{Consumed, Partition, StoreError, Submitted, command};
use super::doing;
use crate::engine::command::Command;
use crate::model::Severities;
use rusqlite::{Connection, params};

/// How long the outcome of a command is kept: longer than anybody repeats a request.
const KEPT: i64 = 30 * 24 * 3_600_000;

/// Puts a command on record, unless its id is there already.
pub(super) fn submit(
    connection: &Connection,
    partition: Partition,
    command: &Command,
    wall: i64,
) -> Result<Submitted, StoreError> {
    let fail = doing("put a command on record");
    let body = command::encode(command);
    insert(connection, partition, command, &body, wall).map_err(&fail)?;
    let query = "SELECT body, outcome FROM inbox WHERE partition = ?1 AND id = ?2";
    let (known, outcome): (String, Option<String>) = connection
        .prepare_cached(query)
        .and_then(|mut statement| {
            statement.query_row(params![partition.0, &*command.id], |row| Ok((row.get(0)?, row.get(1)?)))
        })
        .map_err(&fail)?;
    if known != body {
        return Ok(Submitted::OtherCommand);
    }
    outcome.map_or(Ok(Submitted::Waiting), |outcome| command::decode_outcome(&outcome).map(Submitted::Decided))
}

fn insert(
    connection: &Connection,
    partition: Partition,
    command: &Command,
    body: &str,
    wall: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO inbox (partition, id, submitted_at, actor, version, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (partition, id) DO NOTHING",
        )?
        .execute(params![partition.0, &*command.id, wall, command.actor.to_string(), command::VERSION, body])
        .map(|_| ())
}

/// What was submitted and not decided, oldest first.
pub(super) fn waiting(
    connection: &Connection,
    partition: Partition,
    severities: &Severities,
) -> Result<Vec<Command>, StoreError> {
    let fail = doing("read the inbox");
    let query = "SELECT id, version, body FROM inbox WHERE partition = ?1 AND consumed_at IS NULL ORDER BY number";
    let mut statement = connection.prepare(query).map_err(&fail)?;
    let mut rows = statement.query([partition.0]).map_err(&fail)?;
    let mut commands = Vec::new();
    while let Some(row) = rows.next().map_err(&fail)? {
        let (id, body): (String, String) = (row.get(0).map_err(&fail)?, row.get(2).map_err(&fail)?);
        commands.push(command::decode(&id, row.get(1).map_err(&fail)?, &body, severities)?);
    }
    Ok(commands)
}

/// Notes what came of a command. One that could not be put on record before it was decided is put there now.
pub(super) fn consume(
    connection: &Connection,
    partition: Partition,
    seq: u64,
    consumed: &Consumed,
    wall: i64,
) -> rusqlite::Result<()> {
    let command = &consumed.command;
    insert(connection, partition, command, &command::encode(command), wall)?;
    connection
        .prepare_cached(
            "UPDATE inbox SET consumed_at = ?3, consumed_by = ?4, outcome = ?5
             WHERE partition = ?1 AND id = ?2 AND consumed_at IS NULL",
        )?
        .execute(params![partition.0, &*command.id, wall, seq, command::encode_outcome(&consumed.outcome)])?;
    connection.prepare_cached("DELETE FROM inbox WHERE consumed_at < ?1")?.execute([wall - KEPT]).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::super::{Sqlite, open::STEPS};
    use super::*;
    use crate::engine::command::{Act, Actor, Deed, Refusal, Via};
    use crate::store::{Commit, Epoch, Outcome, Store};

    const HERE: Partition = Partition(0);

    fn command(id: &str, act: Act) -> Command {
        let actor = Actor { name: "anna".into(), via: Via::Api };
        Command { id: id.into(), actor, deed: Deed::Incident { number: 41, generation: None, act } }
    }

    fn store() -> (Sqlite, Epoch) {
        let mut store = Sqlite::in_memory().expect("memory can be had");
        let lease = store.acquire(HERE, "us", 0, 1_000).expect("nobody else is there");
        (store, lease.epoch)
    }

    fn decide(store: &mut Sqlite, epoch: Epoch, command: &Command, outcome: &Outcome, wall: i64) {
        let consumed = vec![Consumed { command: command.clone(), outcome: outcome.clone() }];
        let commit = Commit { consumed, ..Commit::default() };
        store.commit(HERE, epoch, 0, &commit, wall).expect("we hold the lease");
    }

    #[test]
    fn a_command_waits_until_it_is_decided_and_a_repeat_gets_the_first_answer() {
        let (mut store, epoch) = store();
        let (severities, first) = (Severities::default(), command("a", Act::Acknowledge));
        assert_eq!(store.submit(HERE, &first, 1).unwrap(), Submitted::Waiting);
        assert_eq!(store.submit(HERE, &first, 2).unwrap(), Submitted::Waiting, "a repeat is no second command");
        assert_eq!(store.waiting(HERE, &severities).unwrap(), std::slice::from_ref(&first));

        let refused = Err(Refusal::Resolved(41));
        decide(&mut store, epoch, &first, &refused, 3);
        assert!(store.waiting(HERE, &severities).unwrap().is_empty());
        assert_eq!(store.submit(HERE, &first, 4).unwrap(), Submitted::Decided(refused.clone()));
        decide(&mut store, epoch, &first, &Ok(()), 5);
        assert_eq!(store.submit(HERE, &first, 6).unwrap(), Submitted::Decided(refused), "the first outcome is kept");
    }

    #[test]
    fn an_id_belongs_to_the_command_that_had_it_first() {
        let (mut store, _) = store();
        store.submit(HERE, &command("a", Act::Acknowledge), 1).unwrap();
        assert_eq!(store.submit(HERE, &command("a", Act::Resolve), 2).unwrap(), Submitted::OtherCommand);
        let mut by_ben = command("a", Act::Acknowledge);
        by_ben.actor.name = "ben".into();
        assert_eq!(store.submit(HERE, &by_ben, 2).unwrap(), Submitted::OtherCommand);
        assert_eq!(store.waiting(HERE, &Severities::default()).unwrap().len(), 1);
    }

    #[test]
    fn a_command_decided_without_a_record_is_on_record_with_its_commit() {
        let (mut store, epoch) = store();
        let command = command("a", Act::Acknowledge);
        decide(&mut store, epoch, &command, &Ok(()), 3);
        assert_eq!(store.submit(HERE, &command, 4).unwrap(), Submitted::Decided(Ok(())));
    }

    #[test]
    fn outcomes_are_forgotten_when_nobody_repeats_any_more_and_what_waits_is_not() {
        let (mut store, epoch) = store();
        let [old, waits, new] = ["old", "waits", "new"].map(|id| command(id, Act::Acknowledge));
        store.submit(HERE, &waits, 0).unwrap();
        decide(&mut store, epoch, &old, &Ok(()), 1);
        decide(&mut store, epoch, &new, &Ok(()), KEPT + 2);
        assert_eq!(store.submit(HERE, &old, KEPT + 3).unwrap(), Submitted::Waiting);
        assert_eq!(store.submit(HERE, &new, KEPT + 3).unwrap(), Submitted::Decided(Ok(())));
        assert_eq!(store.waiting(HERE, &Severities::default()).unwrap(), [waits, old]);
    }

    #[test]
    fn a_lost_lease_consumes_nothing() {
        let (mut store, epoch) = store();
        let command = command("a", Act::Acknowledge);
        store.submit(HERE, &command, 1).unwrap();
        store.acquire(HERE, "another", 2_000, 3_000).unwrap();
        let commit =
            Commit { consumed: vec![Consumed { command: command.clone(), outcome: Ok(()) }], ..Commit::default() };
        assert!(matches!(store.commit(HERE, epoch, 0, &commit, 2_001), Err(StoreError::LostLease { .. })));
        assert_eq!(store.waiting(HERE, &Severities::default()).unwrap(), [command]);
    }

    #[test]
    fn what_a_store_of_the_second_version_owes_is_owed_after_it_was_brought_up_to_date() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(&STEPS[..2].concat()).unwrap();
        connection.pragma_update(None, "user_version", 2).unwrap();
        let insert = "INSERT INTO deliveries (partition, id, seq, incident, generation, channel, recipient, notice, status, attempts, not_before)
                      VALUES (0, ?1, 1, 'aa', 1, 'pager', '', ?1 || ' says', 'queued', 0, 0)";
        for id in ["one", "two"] {
            connection.execute(insert, [id]).unwrap();
        }
        let store = Sqlite::prepare(connection).unwrap();
        let said: Vec<(String, String)> = store
            .connection
            .prepare("SELECT id, notice FROM deliveries JOIN notices ON delivery = number ORDER BY number")
            .and_then(|mut all| all.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
            .unwrap();
        assert_eq!(said, ["one", "two"].map(|id| (id.to_owned(), format!("{id} says"))));
    }

    #[test]
    fn a_store_of_the_first_version_is_brought_up_to_date_with_the_numbers_of_its_incidents() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(STEPS[0]).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        let opened = r#"{"key":{},"id":"aa","step":{"opened":{"number":41}}}"#;
        let said = r#"{"key":{},"id":"aa","step":"said"}"#;
        for body in [opened, said] {
            let insert = "INSERT INTO events (partition, epoch, moment, recorded_at, kind, version, rule_set, subject, generation, actor, body)
                          VALUES (0, 1, 0, 0, 'incident', 1, '', 'aa', 1, 'watchbell', ?1)";
            connection.execute(insert, [body]).unwrap();
        }
        let mut store = Sqlite::prepare(connection).unwrap();
        assert_eq!(store.submit(HERE, &command("a", Act::Acknowledge), 1).unwrap(), Submitted::Waiting);
        let known: Vec<(u64, String)> = store
            .connection
            .prepare("SELECT number, id FROM incidents")
            .and_then(|mut all| all.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
            .unwrap();
        assert_eq!(known, [(41, "aa".to_owned())]);
    }
}
