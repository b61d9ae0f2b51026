//! Real programs, good and bad: what they leave behind is an outcome, in bounded time.

use super::*;
use crate::engine::incident::{JobCause, RunId};
use crate::http::canned::{Canned, Then};
use crate::model::{DeliveryId, IncidentId, Labels, Moment, Severities};
use std::io::Write;
use std::time::Duration;

fn job(program: &str, arguments: &[&str], environment: &[(&str, Secret)], timeout: Span) -> Job {
    Job {
        id: RunId { incident: 1, run: 1 },
        key: DeliveryId::derive(&["run"]),
        action: "try".into(),
        timeout,
        work: Work::Exec {
            program: program.into(),
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            environment: environment.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        },
        cause: JobCause {
            incident: IncidentId::derive(&["a"]),
            generation: 1,
            labels: Labels::empty(),
            value: 1.0,
            severity: Severities::default().default_severity().clone(),
            since: Moment::from_millis(0),
        },
    }
}

async fn done(job: &Job) -> Ended {
    Hands::new(Path::new("/")).unwrap().carry_out(job, 0, CancellationToken::new()).await
}

async fn script(text: &str, timeout: Span) -> Ended {
    done(&job("/bin/sh", &["-c", text], &[], timeout)).await
}

const LONG: Span = Span::from_mins(5);

/// Whether a process of this id runs (and is not only waiting to be taken note of).
fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

#[tokio::test]
async fn a_program_gets_its_arguments_as_they_are_and_nothing_of_our_world() {
    let hostile = "$(touch /tmp/x); `id` 'a' \"b\" \n --all";
    let ended = done(&job("/usr/bin/printf", &["[%s]", hostile, ""], &[], LONG)).await;
    assert_eq!((ended.outcome, ended.output), (Outcome::Done, format!("[{hostile}][]")));
    let given = [("GIVEN", Secret::Inline("by name".into()))];
    let ended = done(&job("/usr/bin/env", &[], &given, LONG)).await;
    assert_eq!(ended.output, "GIVEN=by name\n", "its environment is what is named");
    let ended = script("pwd; cat; echo read $?", LONG).await;
    assert_eq!(ended.output, "/\nread 0\n", "it runs in the folder, and nobody types");
    let hands = Hands::new(Path::new("")).unwrap();
    let here = hands.carry_out(&job("/bin/pwd", &[], &[], LONG), 0, CancellationToken::new()).await;
    let ours = std::env::current_dir().unwrap();
    assert_eq!(here.output.trim(), ours.display().to_string(), "no folder is the one where we are");
    let ended = done(&job("usr/bin/env", &["true"], &[("PATH", Secret::Inline("/usr/bin:/bin".into()))], LONG)).await;
    assert_eq!(ended.outcome, Outcome::Done, "a relative path is seen from the folder");
}

#[tokio::test]
async fn how_it_ended_is_said_with_what_it_said_on_either_way_in_its_order() {
    let ended = script("echo one; echo two >&2; echo three; exit 3", LONG).await;
    assert_eq!(ended.outcome, Outcome::Failed("exit status 3".into()));
    assert_eq!(ended.output, "one\ntwo\nthree\n");
    assert_eq!(script("kill -9 $$", LONG).await.outcome, Outcome::Failed("ended by signal 9".into()));
}

#[tokio::test]
async fn what_cannot_be_started_is_an_outcome() {
    for (program, why) in [
        ("/no/such/program", "No such file or directory (os error 2)"),
        ("no-such-program-anywhere", "No such file or directory (os error 2)"),
        ("/etc/passwd", "Permission denied (os error 13)"),
        ("/etc", "Permission denied (os error 13)"),
    ] {
        let ended = done(&job(program, &[], &[], LONG)).await;
        assert_eq!(ended.outcome, Outcome::NotStarted(format!("{program}: {why}")));
    }
    let nowhere = Secret::File("/no/such/secret".into());
    let ended = done(&job("/bin/true", &[], &[("KEY", nowhere)], LONG)).await;
    assert!(matches!(&ended.outcome, Outcome::NotStarted(why) if why.contains("/no/such/secret")), "{ended:?}");
}

#[tokio::test]
async fn one_that_hangs_and_will_not_be_told_is_ended_with_all_that_it_started() {
    let text = "trap '' TERM; (trap '' TERM; sleep 300; sleep 301) & echo $$ $!; sleep 302; sleep 303";
    let ended = script(text, Span::from_millis(300)).await;
    assert_eq!(ended.outcome, Outcome::TimedOut);
    let pids: Vec<&str> = ended.output.split_whitespace().collect();
    assert_eq!(pids.len(), 2, "{}", ended.output);
    while pids.iter().any(|pid| lives(pid)) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn one_that_listens_may_say_its_last_words() {
    let text = "trap 'echo cleaned up; exit 0' TERM; echo begun; while :; do sleep 0.05; done";
    let ended = script(text, Span::from_secs(1)).await;
    assert_eq!(ended.outcome, Outcome::TimedOut);
    // Some shells tell of their child in between.
    assert!(ended.output.starts_with("begun\n") && ended.output.ends_with("cleaned up\n"), "{}", ended.output);
}

#[tokio::test]
async fn whoever_tidies_up_has_two_seconds_also_where_the_leader_is_gone_and_nothing_is_said() {
    let tidied = tempfile().with_extension("tidied");
    let text = format!(
        "(trap 'sleep 0.3; echo tidied > {0}; exit' TERM; while :; do sleep 0.05; done) >/dev/null 2>&1 & sleep 300",
        tidied.display()
    );
    let ended = script(&text, Span::from_millis(500)).await;
    assert_eq!(ended.outcome, Outcome::TimedOut);
    assert_eq!(std::fs::read_to_string(&tidied).unwrap_or_default(), "tidied\n");
    std::fs::remove_file(tidied).unwrap();
}

#[tokio::test]
async fn an_answer_whose_body_does_not_end_counts_by_its_status_with_what_came_of_it() {
    for then in [Then::Keep, Then::Close] {
        for (status, outcome) in [(200, Outcome::Done), (500, Outcome::Failed("answered 500".into()))] {
            let server = Canned::start(move |_, _, stream| {
                let answer = format!("HTTP/1.1 {status} Status\r\nContent-Length: 100\r\n\r\nrestarted");
                if stream.write_all(answer.as_bytes()).is_ok() { then } else { Then::Close }
            });
            let work = Work::Webhook { url: Secret::Inline(server.url()), secret: None };
            let ended = done(&Job { work, ..job("", &[], &[], Span::from_millis(500)) }).await;
            assert_eq!((ended.outcome, ended.output), (outcome, "restarted".into()));
        }
    }
    let silent = Canned::start(|_, _, _| Then::Keep);
    let work = Work::Webhook { url: Secret::Inline(silent.url()), secret: None };
    let ended = done(&Job { work, ..job("", &[], &[], Span::from_millis(300)) }).await;
    assert_eq!(ended.outcome, Outcome::TimedOut, "nothing was said of how it ended");
}

#[tokio::test]
async fn a_grandchild_that_holds_the_pipe_open_holds_nobody_and_lives_on() {
    let ended = script("sleep 300 & echo $!", LONG).await;
    assert_eq!(ended.outcome, Outcome::Done);
    let pid = ended.output.trim();
    assert!(lives(pid), "what it was to start goes on");
    assert!(ended.took < LONG, "{ended:?}");
    assert!(std::process::Command::new("kill").arg(pid).status().unwrap().success());
}

#[tokio::test]
async fn a_flood_is_drained_and_its_two_ends_are_kept() {
    let ended = script("echo first; head -c 100000000 /dev/zero | tr '\\0' x; echo; echo last; exit 1", LONG).await;
    assert_eq!(ended.outcome, Outcome::Failed("exit status 1".into()));
    assert!(ended.output.starts_with("first\nxxx") && ended.output.ends_with("xxx\nlast\n"));
    assert!(ended.output.len() < 10_000, "{}", ended.output.len());
}

#[tokio::test]
async fn a_secret_of_the_environment_is_not_repeated_and_what_stands_in_the_configuration_is() {
    let folder = tempfile();
    std::fs::write(&folder, "hunter22\n").unwrap();
    let environment = [("TOKEN", Secret::File(folder.clone())), ("PLACE", Secret::Inline("somewhere".into()))];
    let ended = done(&job("/bin/sh", &["-c", "echo $TOKEN at $PLACE"], &environment, LONG)).await;
    std::fs::remove_file(folder).unwrap();
    assert_eq!(ended.output, "[secret] at somewhere\n");
}

fn tempfile() -> PathBuf {
    std::env::temp_dir().join(format!("watchbell-remedy-{}", std::process::id()))
}

#[tokio::test]
async fn when_we_stop_what_runs_is_ended() {
    let stop = CancellationToken::new();
    let hands = Hands::new(Path::new("/")).unwrap();
    let job = job("/bin/sh", &["-c", "sleep 300"], &[], LONG);
    let (ended, ()) = tokio::join!(hands.carry_out(&job, 0, stop.clone()), async { stop.cancel() });
    assert_eq!(ended.outcome, Outcome::Stopped);
}
