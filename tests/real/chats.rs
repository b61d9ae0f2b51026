//! The chats and pagers beside Slack and PagerDuty: what each is sent for a page, an update and an end, what becomes of it
//! when they are busy, refuse, lie or hang, and that others who read such messages for a living can read ours.

use super::channels::{Case, Kind, TELEGRAM_TOKEN, Town, case};
use crate::support::{Alertmanager, http, in_repository, wait_for};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

const NAMES: [&str; 8] = ["teams", "discord", "telegram", "mm-hook", "mm-bot", "opsgenie", "incident", "am-hook"];

fn all() -> [Case; 8] {
    [
        case("teams", Kind::Teams),
        case("discord", Kind::Discord),
        case("telegram", Kind::Telegram),
        case("mm-hook", Kind::MattermostHook),
        case("mm-bot", Kind::MattermostBot),
        case("opsgenie", Kind::Opsgenie),
        case("incident", Kind::IncidentIo),
        case("am-hook", Kind::AlertmanagerHook),
    ]
}

/// What label values may hold when somebody means harm.
const HOSTILE: &str = "<!channel> @everyone @here <@U012> ~town #tag /start [x](http://evil.example) http://evil.example \
    www.evil.example **b** _i_ `c` <script>alert(1)</script> <http://evil.example|click> {{DATE(2017-02-14T06:08:39Z)}} &lt;";

/// Acknowledges every open incident.
fn acknowledge_all(town: &Town) {
    let url = |path: &str| format!("{}/api/v1/incidents{path}", town.watchbell.url());
    let open = http::get(&url("")).expect("it answers").json();
    let open = open["data"]["incidents"].as_array().expect("a list").clone();
    for incident in open {
        let answer =
            http::post_json(&url(&format!("/{}/acknowledge", incident["number"])), &json!({})).expect("it answers");
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

fn effects(town: &Town, name: &str) -> Vec<String> {
    town.taken(name).into_iter().map(|sent| sent.effect).collect()
}

#[test]
fn a_page_an_update_and_an_end_reach_each_chat_as_it_can_show_them_and_labels_are_data_in_all_of_them() {
    let Some(town) = Town::with(&all()) else { return };
    for name in NAMES {
        town.set_detailed(name, &[HOSTILE.to_owned()], 1.0);
    }
    town.wait_until_all_taken(&NAMES, "page");
    acknowledge_all(&town);
    // What edits in place has two messages then, what takes notes as well; the others are not told, or anew.
    for name in ["teams", "discord", "telegram", "mm-hook", "mm-bot", "opsgenie"] {
        wait_for(&format!("{name} to hear of the acknowledgement"), || (town.taken(name).len() >= 2).then_some(()));
    }
    for name in NAMES {
        town.set_detailed(name, &[HOSTILE.to_owned()], 0.0);
    }
    town.wait_until_all_taken(&NAMES, "end");
    let expected = [
        ("teams", vec!["posted", "posted", "posted"]),
        ("discord", vec!["posted", "edited", "edited", "posted"]),
        ("telegram", vec!["posted", "edited", "edited", "answered"]),
        ("mm-hook", vec!["posted", "posted", "posted"]),
        ("mm-bot", vec!["posted", "edited", "edited", "threaded"]),
        ("opsgenie", vec!["opened", "acknowledged", "closed"]),
        ("incident", vec!["opened", "resolved"]),
        ("am-hook", vec!["nothing → firing", "firing → resolved"]),
    ];
    for (name, expected) in expected {
        wait_for(&format!("{name} to have {expected:?}"), || (town.taken(name).len() >= expected.len()).then_some(()));
        // An effect names whatever the receiver would have made of a text by itself: a mention, a link, a command.
        assert_eq!(effects(&town, name), expected, "{name}: {:#?}", town.sent(name));
        assert_eq!(town.sent(name).len(), expected.len(), "{name} was sent nothing in vain");
    }
}

#[test]
fn what_we_send_is_read_by_the_types_and_parsers_that_others_maintain() {
    let Some(town) = Town::with(&all()) else { return };
    // One usual, one that means harm, and one of two hundred alerts that are longer than any message.
    let many: Vec<String> = (0..200).map(|n| format!("{n} {}", "<&*_🔴é".repeat(120))).collect();
    for name in NAMES {
        town.set(&[name], 1.0);
        town.set_detailed(&format!("{name}-hostile"), &[HOSTILE.to_owned()], 1.0);
        town.set_detailed(&format!("{name}-huge"), &many, 1.0);
    }
    for name in NAMES {
        wait_for(&format!("{name} to be told of all three"), || (town.taken(name).len() >= 3).then_some(()));
    }
    acknowledge_all(&town);
    for name in NAMES {
        town.set(&[name], 0.0);
        town.set_detailed(&format!("{name}-hostile"), &[HOSTILE.to_owned()], 0.0);
        town.set_detailed(&format!("{name}-huge"), &many, 0.0);
    }
    town.wait_until_all_taken(&NAMES, "end");
    for name in NAMES {
        let refused: Vec<_> = town.sent(name).into_iter().filter(|sent| !sent.is_taken).collect();
        assert!(refused.is_empty(), "{name}: {refused:#?}");
    }
    read_by_others(&town.receivers.log());
}

/// Gives what was received to `scripts/check-payloads`; says so where its packages are not there.
#[expect(clippy::print_stderr, reason = "what was checked, and what was not, is said; it has no other voice")]
fn read_by_others(log: &[Value]) {
    let folder = crate::support::Scratch::new("payloads");
    folder.write("payloads.json", &json!(log).to_string());
    let mut command = Command::new(in_repository("scripts/check-payloads"));
    let output = command.arg(folder.path().join("payloads.json")).output().expect("a shell");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    eprintln!("{said}");
    match output.status.code() {
        // A package is not there: the receivers, which are ours, have read everything all the same.
        Some(3) => {}
        code => assert_eq!(code, Some(0), "{said}"),
    }
}

#[test]
fn a_busy_chat_gets_its_page_once_when_it_wants_it_as_it_says_so() {
    let Some(town) = Town::with(&all()) else { return };
    let discord = r#"{"message":"You are being rate limited.","retry_after":3.4,"global":false}"#;
    let telegram = r#"{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":4}}"#;
    let busy = |more: Value| {
        let mut plan = json!({ "do": "status", "status": 429 });
        plan.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        plan
    };
    town.plan("teams", busy(json!({ "retry_after": 4 })));
    town.plan("discord", busy(json!({ "body": discord })));
    town.plan("telegram", busy(json!({ "body": telegram })));
    town.plan("mm-hook", busy(json!({ "headers": { "X-Ratelimit-Reset": "4" } })));
    town.plan("mm-bot", busy(json!({ "headers": { "X-Ratelimit-Reset": "4" } })));
    town.plan("opsgenie", busy(json!({ "headers": { "X-RateLimit-Period-In-Sec": "4" } })));
    town.plan("incident", busy(json!({ "retry_after": 4 })));
    town.plan("am-hook", busy(json!({ "retry_after": 4 })));

    town.set(&NAMES, 1.0);
    town.wait_until_all_taken(&NAMES, "page");
    for name in NAMES {
        let sent = town.sent(name);
        assert_eq!(sent.len(), 2, "{name}: {sent:?}");
        assert!(sent[1].at - sent[0].at >= 3.9, "{name} was asked again before it wanted to be: {sent:?}");
    }
    assert!(town.sent("ops").is_empty(), "one failure is no alarm");
}

#[test]
fn a_chat_that_hangs_gets_its_page_again_and_a_pager_under_the_same_key_and_others_do_not_wait() {
    let Some(town) = Town::with(&all()) else { return };
    for name in NAMES {
        town.plan(name, json!({ "do": "hang" }));
    }
    town.set(&NAMES, 1.0);
    for name in NAMES {
        wait_for(&format!("{name} to be tried"), || (!town.sent(name).is_empty()).then_some(()));
    }
    let too: Vec<String> = NAMES.iter().map(|name| format!("{name}-too")).collect();
    town.set(&too.iter().map(String::as_str).collect::<Vec<_>>(), 1.0);
    for name in NAMES {
        let second = || town.sent(name).into_iter().find(|sent| sent.text.contains(&format!("{name}-too")));
        let second = wait_for(&format!("another incident to reach {name}"), second);
        assert!(second.at - town.sent(name)[0].at < 12.0, "{name} hangs for one incident only");
    }
    for name in NAMES {
        let about = |sent: &super::channels::Sent| !sent.text.contains(&format!("{name}-too"));
        let twice =
            || Some(town.sent(name).into_iter().filter(about).collect::<Vec<_>>()).filter(|sent| sent.len() >= 2);
        let sent = crate::support::wait_long_for(Duration::from_mins(1), &format!("{name} to be told again"), twice);
        assert_eq!((sent[0].word, &sent[0].key), (sent[1].word, &sent[1].key), "{name}: the same page");
    }
    for name in ["opsgenie", "incident"] {
        assert!(effects(&town, name).contains(&"joined".to_owned()), "{name} knows a repeat as one");
    }
}

#[test]
fn a_chat_that_refuses_for_good_is_not_tried_again_and_the_fallback_is_told_and_no_token_is_said() {
    let cases = all().map(|case| Case { more: ", fallback: chat", ..case });
    let mut cases = Vec::from(cases);
    cases.push(case("chat", Kind::Incoming));
    let Some(town) = Town::with(&cases) else { return };
    // A page of a proxy that repeats the address which it does not know.
    let echo = format!("<p>/telegram/bot{TELEGRAM_TOKEN}/sendMessage was not found on this server</p>");
    let refusals = [
        ("teams", json!({ "status": 404, "body": r#"{"error":{"code":"WorkflowNotFound"}}"# })),
        ("discord", json!({ "status": 404, "body": r#"{"message":"Unknown Webhook","code":10015}"# })),
        ("telegram", json!({ "status": 404, "body": echo })),
        ("mm-hook", json!({ "status": 404, "body": r#"{"id":"web.incoming_webhook.invalid.app_error"}"# })),
        ("mm-bot", json!({ "status": 403, "body": r#"{"id":"api.context.permissions.app_error"}"# })),
        ("opsgenie", json!({ "status": 422, "body": r#"{"message":"Message can not be empty."}"# })),
        ("incident", json!({ "status": 401, "body": r#"{"type":"authentication_error"}"# })),
        ("am-hook", json!({ "status": 400, "body": "no" })),
    ];
    for (name, mut plan) in refusals {
        plan["do"] = json!("status");
        town.plan(name, plan);
    }
    town.set(&NAMES, 1.0);
    for name in NAMES {
        let fell_back =
            |sent: &super::channels::Sent| sent.word == "page" && sent.text.contains(&format!("case=\\\"{name}\\\""));
        let fell_back = || town.taken("chat").into_iter().find(|sent| !sent.is_alarm() && fell_back(sent));
        wait_for(&format!("the fallback of {name}"), fell_back);
        town.wait_for_alarm(name, "page");
        assert_eq!(town.sent(name).iter().filter(|sent| !sent.is_alarm()).count(), 1, "{name} is not tried again");
    }
    let said = town.watchbell.process.said();
    assert!(said.contains("was not found on this server"), "what was said is in the log:\n{said}");
    let token = TELEGRAM_TOKEN.split(':').nth(1).expect("a token has two parts");
    assert!(!said.contains(token), "and the token is not:\n{said}");
    let told = http::get(&format!("{}/api/v1/incidents", town.watchbell.url())).expect("it answers").body;
    assert!(!told.contains(token), "{told}");
}

#[test]
fn a_success_that_is_no_answer_of_the_chat_is_tried_again() {
    let Some(town) = Town::with(&all()) else { return };
    // A webhook has no answer of its own.
    let names = &NAMES[..7];
    for name in names {
        town.plan(name, json!({ "do": "lie" }));
    }
    town.set(names, 1.0);
    for name in names {
        town.wait_until_taken(name, "page");
        assert_eq!(town.sent(name).len(), 2, "{name}: {:?}", town.sent(name));
    }
}

#[test]
fn an_alert_that_opsgenie_accepted_and_did_not_create_is_told_to_the_fallback() {
    let opsgenie = Case { more: ", fallback: chat", ..case("opsgenie", Kind::OpsgenieForNobody) };
    let Some(town) = Town::with(&[opsgenie, case("chat", Kind::Incoming)]) else { return };
    town.set(&["opsgenie"], 1.0);
    wait_for("the fallback", || town.taken("chat").into_iter().find(|sent| sent.word == "page" && !sent.is_alarm()));
    assert_eq!(effects(&town, "opsgenie"), ["came to nothing"], "and it is not tried again");
}

#[test]
fn a_webhook_for_an_alertmanager_has_the_fields_and_fingerprints_of_a_real_one() {
    let Some(town) = Town::with(&[case("am-hook", Kind::AlertmanagerHook)]) else { return };
    let theirs = format!("{}/theirs/am-hook", town.receivers.url());
    let config = format!(
        "route: {{ receiver: hook, group_wait: 0s, group_interval: 1s, group_by: [alertname] }}\nreceivers: [{{ name: hook, webhook_configs: [{{ url: \"{theirs}\" }}] }}]\n"
    );
    let Some(alertmanager) = Alertmanager::with(&config) else { return };
    town.set(&["am-hook"], 1.0);
    let body = |name: &str| {
        let path = format!("/{name}/am-hook");
        wait_for(name, || {
            let log = town.receivers.log();
            log.iter().find(|entry| entry["path"] == path.as_str()).map(|entry| entry["body"].clone())
        })
    };
    let ours = body("am-hook");
    let alert = &ours["alerts"][0];
    alertmanager.post(&json!([{ "labels": alert["labels"], "annotations": alert["annotations"],
        "startsAt": alert["startsAt"], "generatorURL": alert["generatorURL"] }]));
    let theirs = body("theirs");

    assert_eq!(keys(&ours), keys(&theirs));
    assert_eq!(keys(alert), keys(&theirs["alerts"][0]));
    for field in ["fingerprint", "labels", "annotations", "status", "endsAt", "generatorURL"] {
        assert_eq!(alert[field], theirs["alerts"][0][field], "{field}");
    }
    assert_eq!(ours["commonLabels"], theirs["commonLabels"]);
    assert_eq!(ours["version"], theirs["version"]);

    // What rises is over under the labels that it had: a real one says so too, when it is told so.
    town.set(&["am-hook"], 2.0);
    let second = |name: &str| {
        let path = format!("/{name}/am-hook");
        wait_for("the rise", || {
            let log = town.receivers.log();
            let bodies = log.iter().filter(|entry| entry["path"] == path.as_str()).map(|entry| entry["body"].clone());
            bodies.skip(1).find(|body| body["alerts"].as_array().is_some_and(|alerts| alerts.len() == 2))
        })
    };
    let ours = second("am-hook");
    let field = |alert: &Value, name: &str| alert[name].clone();
    let posted = ours["alerts"].as_array().expect("a list").iter().map(|alert| {
        let mut post = json!({});
        for name in ["labels", "annotations", "startsAt", "endsAt", "generatorURL"] {
            post[name] = field(alert, name);
        }
        post
    });
    alertmanager.post(&posted.collect());
    let theirs = second("theirs");
    let states = |body: &Value| {
        let alerts = body["alerts"].as_array().expect("a list").iter();
        alerts
            .map(|alert| format!("{} {}", field(alert, "fingerprint"), field(alert, "status")))
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(states(&ours), states(&theirs));
    assert_eq!((&ours["status"], &ours["commonLabels"]), (&theirs["status"], &theirs["commonLabels"]));
}

fn keys(object: &Value) -> Vec<&String> {
    let mut keys: Vec<_> = object.as_object().expect("an object").keys().collect();
    keys.sort();
    keys
}
