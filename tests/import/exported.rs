//! `watchbell import grafana-oncall` and `opsgenie`: the same people are on call. The truth is `scripts/import-vectors`, which
//! reckons in Python in the ways of these tools.

use super::{Scratch, here, watchbell};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use watchbell::config::{self, Files, Settings};
use watchbell::diagnostics::{Findings, Sources};
use watchbell::import::{Export, grafana_oncall, opsgenie};
use watchbell::oncall::on_call;
use watchbell::yaml;

const TOOLS: [(&str, &str); 2] = [("grafana-oncall", "grafana-oncall/export.json"), ("opsgenie", "opsgenie")];

fn import(tool: &str, from: &str, more: &[&str]) -> (Option<i32>, String, String) {
    watchbell(&here(), &[&["import", tool, from], more].concat())
}

fn settings(tool: &str, from: &str) -> Settings {
    let (code, text, told) = import(tool, from, &[]);
    assert_eq!(code, Some(0), "{told}");
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let path = Path::new("watchbell.yaml");
    let files = Files::Given(BTreeMap::from([(path.to_owned(), text.as_str().into())]));
    config::load_from(&files, path, Timestamp::UNIX_EPOCH, &mut sources, &mut findings).expect("it loads").settings
}

#[test]
fn what_comes_out_of_exports_and_what_is_said_of_it_is_this() {
    for (tool, from) in TOOLS {
        let (code, out, told) = import(tool, from, &[]);
        assert_eq!(code, Some(0), "{told}");
        insta::assert_snapshot!(tool, out);
        insta::assert_snapshot!(format!("{tool}-told"), told);
    }
}

#[test]
fn translations_of_exports_pass_check_and_have_nothing_of_an_address_in_them_that_is_a_secret() {
    for (tool, from) in TOOLS {
        let folder = Scratch::new("import-export");
        let target = folder.path().join("watchbell.yaml");
        let (code, out, told) = import(tool, from, &["--output", &target.to_string_lossy()]);
        assert_eq!((code, &*out), (Some(0), ""), "{told}");
        let (code, out, checked) = watchbell(folder.path(), &["check"]);
        assert_eq!(code, Some(0), "{tool}: {out}{checked}");
        let written = std::fs::read_to_string(&target).expect("it is there");
        assert!(![written, told].iter().any(|text| text.contains("not-a-real-secret")), "{tool}");
    }
}

#[test]
fn the_same_people_are_on_call_at_every_half_hour_of_a_year() {
    for (tool, from) in TOOLS {
        let settings = settings(tool, from);
        let file = here().join(format!("{tool}.vectors.json"));
        let text = std::fs::read_to_string(file).expect("it can be read");
        let vectors: BTreeMap<String, Vec<(i64, BTreeSet<String>)>> = serde_json::from_str(&text).expect("as written");
        assert!(vectors.len() >= 2);
        let (mut compared, end) = (0, 1_798_761_600);
        for (name, changes) in vectors {
            let columns = (1..).map(|n| if n == 1 { name.clone() } else { format!("{name} ({n})") });
            let columns: Vec<_> = columns.map_while(|name| settings.schedules.get(name.as_str())).collect();
            assert!(!columns.is_empty(), "{tool}: {name}");
            let until = changes.iter().skip(1).map(|(at, _)| *at).chain([end]);
            for ((from, expected), until) in changes.iter().zip(until) {
                for at in (*from..until).step_by(1800) {
                    let instant = Timestamp::from_second(at).expect("it is a time");
                    let people = columns.iter().filter_map(|schedule| on_call(schedule, instant));
                    let people: BTreeSet<String> = people.map(ToString::to_string).collect();
                    assert_eq!(people, *expected, "{tool}: {name} at {instant}");
                    compared += 1;
                }
            }
        }
        println!("{tool}: {compared} instants");
    }
}

#[test]
fn lists_are_found_in_files_in_folders_and_in_what_terraform_shows() {
    let export = std::fs::read_to_string(here().join("grafana-oncall/export.json")).expect("it can be read");
    let export: Value = serde_json::from_str(&export).expect("it is JSON");
    let alone = import("grafana-oncall", "grafana-oncall/export.json", &[]).1;
    let folder = Scratch::new("import-folder");
    for (kind, list) in export.as_object().expect("it is an object") {
        folder.write(&format!("{kind}.json"), &json!({ "count": 1, "next": null, "results": list }).to_string());
    }
    let files: PathBuf = folder.path().to_owned();
    let (code, out, told) = import("grafana-oncall", &files.to_string_lossy(), &[]);
    assert_eq!((code, &*out), (Some(0), &*alone), "{told}");

    let types = [
        ("users", "grafana_oncall_user"),
        ("personal_notification_rules", "grafana_oncall_user_notification_rule"),
        ("schedules", "grafana_oncall_schedule"),
        ("on_call_shifts", "grafana_oncall_on_call_shift"),
        ("escalation_chains", "grafana_oncall_escalation_chain"),
        ("escalation_policies", "grafana_oncall_escalation"),
        ("routes", "grafana_oncall_route"),
    ];
    let resource = |(kind, of): &(&str, &str)| {
        let items = export[*kind].as_array().expect("it is a list").clone();
        items.into_iter().map(|values| json!({ "type": of, "values": values })).collect::<Vec<_>>()
    };
    let resources: Vec<Value> = types.iter().flat_map(resource).collect();
    let (below, above) = resources.split_at(20);
    let state = json!({ "format_version": "1.0", "values": { "root_module": { "resources": above, "child_modules": [{ "resources": below }] } } });
    let folder = Scratch::new("import-terraform");
    let file = folder.write("state.json", &state.to_string());
    let (code, out, told) = import("grafana-oncall", &file.to_string_lossy(), &[]);
    assert_eq!(code, Some(0), "{told}");
    let sorted = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(sorted(&out), sorted(&alone));
}

#[test]
fn what_is_no_export_is_refused_and_a_page_that_is_missing_is_noted() {
    let folder = Scratch::new("import-no-export");
    let file = folder.write("what.json", "{\"a\": 1}");
    for (tool, why) in [("grafana-oncall", "nothing of Grafana OnCall"), ("opsgenie", "nothing of Opsgenie")] {
        let (code, out, told) = import(tool, &file.to_string_lossy(), &[]);
        assert_eq!((code, &*out), (Some(2), ""));
        assert!(told.contains(why), "{told}");
    }
    let file = folder.write("users.json", "{\"next\": \"https://x.example/?page=2\", \"results\": [{\"id\": \"U\", \"username\": \"a\", \"email\": \"a@example.org\"}]}");
    let (code, _, told) = import("grafana-oncall", &file.to_string_lossy(), &[]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("users.json:1:10: left: what is on the next pages"), "{told}");
}

#[test]
fn people_without_an_address_that_can_be_used_stay_and_are_told_of() {
    let folder = Scratch::new("import-people");
    let users = [
        (
            "grafana-oncall",
            r#"{ "users": [{ "id": "U1", "username": "carl", "email": null }, { "id": "U2", "username": "dora", "email": "dora" }],
                 "schedules": [{ "id": "S1", "name": "night", "time_zone": "EST5EDT", "shifts": ["O1"] }],
                 "on_call_shifts": [{ "id": "O1", "type": "rolling_users", "start": "2026-01-05T09:00:00", "duration": 604800,
                   "frequency": "weekly", "rolling_users": [["U1"], ["U2"]] }] }"#,
        ),
        (
            "opsgenie",
            r#"{ "users": [{ "id": "u1", "username": "carl" }, { "id": "u2", "username": "dora@ü.example" }] }"#,
        ),
    ];
    for (tool, export) in users {
        let file = folder.path().join(format!("{tool}.json"));
        std::fs::write(&file, export).expect("it can be written");
        let (code, out, told) = import(tool, &file.to_string_lossy(), &[]);
        assert_eq!(code, Some(0), "{told}");
        for name in ["carl", "dora"] {
            assert!(out.contains(&format!("{name}: {{ reach: [{{ via: mail, to: nobody@mail.invalid }}] }}")), "{out}");
            assert!(told.contains(&format!("how `{name}` is reached")), "{told}");
        }
        assert_eq!(told.contains("the time zone `EST5EDT`"), tool == "grafana-oncall", "{told}");
    }
}

/// What comes of one export that stands here, and what is said of it.
fn translated(tool: &str, export: &Value) -> (String, String) {
    let folder = Scratch::new("import-one");
    let file = folder.write("export.json", &export.to_string());
    let (code, out, told) = import(tool, &file.to_string_lossy(), &[]);
    assert_eq!(code, Some(0), "{told}");
    (out, told)
}

/// A chain whose steps tell these, each five minutes after the one before.
fn chain_of(tell: &[&[&str]], last: Option<Value>) -> Value {
    let step = |(at, users): (usize, &&[&str])| {
        let wait = json!({ "escalation_chain_id": "C1", "position": 2 * at, "type": "wait", "duration": 300 });
        let told = json!({ "escalation_chain_id": "C1", "position": 2 * at + 1, "type": "notify_persons", "persons_to_notify": users });
        if at == 0 { vec![told] } else { vec![wait, told] }
    };
    let steps: Vec<Value> = tell.iter().enumerate().flat_map(step).chain(last).collect();
    let user = |id: &str| json!({ "id": id, "username": id, "email": format!("{id}@example.org") });
    json!({ "users": [user("anna"), user("ben")], "escalation_chains": [{ "id": "C1", "name": "c" }], "escalation_policies": steps })
}

#[test]
fn whoever_is_told_again_is_told_by_repeat_where_the_whole_ladder_is_and_else_it_is_noted() {
    let again = "tells `responder:anna` again: nobody hears the same severity twice here; write `repeat`";
    let (anna, ben): (&[&str], &[&str]) = (&["anna"], &["ben"]);
    let repeat = |wait: i64| {
        let wait = json!({ "escalation_chain_id": "C1", "position": 90, "type": "wait", "duration": wait });
        let end = json!({ "escalation_chain_id": "C1", "position": 91, "type": "repeat_escalation" });
        [wait, end]
    };
    let in_rounds = [
        (chain_of(&[anna, anna], None), "[{ notify: [\"responder:anna\"] }], repeat: { every: 5m, times: 1 } }"),
        (
            chain_of(&[anna, ben, anna, ben, anna, ben], None),
            "[{ notify: [\"responder:anna\"] }, { after: 5m, notify: [\"responder:ben\"] }]\n        repeat: { every: 5m, times: 2 }",
        ),
    ];
    for (export, ladder) in in_rounds {
        let (out, told) = translated("grafana-oncall", &export);
        assert!(out.contains(ladder), "{out}");
        assert!(!told.contains("again"), "{told}");
    }
    let with_repeat = |tell: &[&[&str]], wait: i64| {
        let mut export = chain_of(tell, None);
        export["escalation_policies"].as_array_mut().expect("it is a list").extend(repeat(wait));
        translated("grafana-oncall", &export)
    };
    let (out, told) = with_repeat(&[anna, anna], 300);
    assert!(out.contains("[{ notify: [\"responder:anna\"] }], repeat: { every: 5m, times: 11 }"), "{out}");
    assert!(!told.contains("again"), "{told}");
    let (out, told) = with_repeat(&[anna, anna], 600);
    assert!(out.contains("repeat: { every: 10m, times: 5 }"), "{out}");
    assert!(told.contains(again), "{told}");
    let (out, told) = translated("grafana-oncall", &chain_of(&[anna, ben, anna], None));
    assert!(!out.contains("repeat"), "{out}");
    assert!(told.contains(again) && told.contains("1 different"), "{told}");
    // The step that is at fault is named, and not another one at the same time.
    let step =
        json!({ "escalation_chain_id": "C1", "position": 4, "type": "notify_persons", "persons_to_notify": anna });
    let export = chain_of(&[anna, ben], Some(step));
    let at = export.to_string().rfind("{\"escalation_chain_id\"").expect("it is the last step") + 2;
    let (_, told) = translated("grafana-oncall", &export);
    assert!(told.contains(&format!(":1:{at}: differs: a step that {again}")), "{told}");

    let rule = |minutes: i64, user: &str| json!({ "condition": "if-not-acked", "notifyType": "default", "delay": { "timeAmount": minutes, "timeUnit": "minutes" }, "recipient": { "type": "user", "username": user } });
    let export = json!({
        "users": [{ "id": "u-1", "username": "anna@example.org" }, { "id": "u-2", "username": "ben@example.org" }],
        "escalations": [{ "id": "e-1", "name": "e", "rules": [rule(0, "anna@example.org"), rule(5, "anna@example.org"), rule(20, "ben@example.org")] }],
    });
    assert!(translated("opsgenie", &export).1.contains(again));
}

/// Two people who are on call together in a schedule, and one in another.
fn pairs(first: &str, second: &str) -> Value {
    let user = |id: &str| json!({ "id": id, "username": id, "email": format!("{id}@example.org") });
    let shift = |id: &str, users: &[&str]| json!({ "id": id, "type": "rolling_users", "start": "2026-01-05T09:00:00", "duration": 604_800, "frequency": "weekly", "rolling_users": [users] });
    let schedule =
        |id: &str, name: &str, shift: &str| json!({ "id": id, "name": name, "time_zone": "UTC", "shifts": [shift] });
    json!({
        "users": [user("anna"), user("ben")],
        "schedules": [schedule("S1", first, "O1"), schedule("S2", second, "O2")],
        "on_call_shifts": [shift("O1", &["anna", "ben"]), shift("O2", &["ben"])],
    })
}

#[test]
fn a_schedule_that_is_called_as_the_second_half_of_another_has_a_name_of_its_own() {
    let (out, _) = translated("grafana-oncall", &pairs("Pairs", "Pairs (2)"));
    assert!(["  Pairs:", "  \"Pairs (2)\":", "  \"Pairs (2)-2\":"].iter().all(|name| out.contains(name)), "{out}");
    let mut export = pairs("Pairs", "Pairs (2)");
    export["schedules"].as_array_mut().expect("it is a list").reverse();
    let (out, _) = translated("grafana-oncall", &export);
    assert!(["  \"Pairs (2)\":", "  Pairs-2:", "  \"Pairs-2 (2)\":"].iter().all(|name| out.contains(name)), "{out}");
}

#[test]
fn an_override_of_several_people_is_one_in_as_many_schedules() {
    let once = json!({ "id": "O3", "type": "override", "start": "2096-09-10T08:00:00", "duration": 10_800, "users": ["anna", "ben"] });
    let mut export = pairs("Pairs", "Alone");
    export["on_call_shifts"].as_array_mut().expect("it is a list").push(once);
    export["schedules"][1]["shifts"] = json!(["O2", "O3"]);
    export["schedules"][0]["shifts"] = json!(["O3"]);
    let (out, told) = translated("grafana-oncall", &export);
    for (person, name) in [("anna", "Alone"), ("ben", "\"Alone (2)\""), ("anna", "Pairs"), ("ben", "\"Pairs (2)\"")] {
        let schedule = out.split(&format!("  {name}:\n")).nth(1).unwrap_or_default();
        let overrides =
            format!("overrides: [{{ from: \"2096-09-10T08:00\", to: \"2096-09-10T11:00\", responder: {person} }}]");
        assert!(schedule.lines().take(3).any(|line| line.contains(&overrides)), "{name}: {out}");
    }
    assert!(told.contains("`Alone`, in which up to 2 are on call together"), "{told}");
}

#[test]
fn a_route_without_a_chain_tells_nobody_also_where_a_chain_is_called_so() {
    let mut export = chain_of(&[&["anna"]], None);
    export["escalation_chains"][0]["name"] = json!("nobody");
    export["routes"] = json!([
        { "id": "R1", "integration_id": "I1", "escalation_chain_id": null, "routing_regex": "\"team\": \"qa\"", "position": 0 },
        { "id": "R2", "integration_id": "I1", "escalation_chain_id": "C1", "is_the_last_route": true },
    ]);
    let (out, told) = translated("grafana-oncall", &export);
    for line in [
        "{ match: 'team=\"qa\"', policy: nobody }",
        "{ policy: nobody-2 }",
        "  nobody:\n    matrix: { critical: { tell: nobody }",
    ] {
        assert!(out.contains(line), "{line}: {out}{told}");
    }
}

#[test]
fn parts_whose_whole_is_not_in_the_export_are_listed() {
    let mut export = pairs("Pairs", "Alone");
    export["users"][0]["timezone"] = json!("EST");
    export["schedules"].as_array_mut().expect("it is a list").pop();
    export["escalation_policies"] =
        json!([{ "id": "P1", "escalation_chain_id": "C9", "type": "notify_persons", "persons_to_notify": ["anna"] }]);
    export["personal_notification_rules"] = json!([{ "id": "N1", "user_id": "carol", "type": "notify_by_email" }]);
    let (_, told) = translated("grafana-oncall", &export);
    for part in [
        "a step whose escalation chain is not in the export",
        "a personal notification rule whose user is not in the export",
        "a shift that no schedule of the export names",
        "the time zone `EST` of `anna`, which is no region and place",
    ] {
        assert_eq!(told.matches(part).count(), 1, "{part}: {told}");
    }

    let rule = |parent: Value| json!({ "id": "r", "criteria": { "type": "match-all" }, "notify": { "type": "none" }, "_parent": parent });
    let export = json!({
        "users": [{ "id": "u-1", "username": "anna@example.org" }],
        "overrides": [{ "user": { "id": "u-1" }, "startDate": "2096-01-01T00:00:00Z", "endDate": "2096-01-02T00:00:00Z", "_parent": { "id": "s-9" } }],
        "routing_rules": [rule(json!({ "id": "t-9" })), rule(Value::Null)],
    });
    let (_, told) = translated("opsgenie", &export);
    assert_eq!(told.matches("a routing rule that names no team of the export").count(), 2, "{told}");
    assert_eq!(told.matches("an override whose schedule is not in the export").count(), 1, "{told}");
}

#[test]
fn what_is_done_about_the_fifth_priority_is_listed_where_it_is_not_what_is_done_about_the_fourth() {
    let rule = |priority: &str, notify: Value| json!({ "order": 0, "criteria": { "type": "match-all-conditions", "conditions": [{ "field": "priority", "operation": "equals", "expectedValue": priority }] }, "notify": notify });
    let anna = || json!({ "type": "user", "id": "u-1" });
    let told = |rules: Vec<Value>| {
        let rest = json!({ "isDefault": true, "criteria": { "type": "match-all" }, "notify": anna() });
        let rules: Vec<Value> = rules.into_iter().chain([rest]).collect();
        let team = json!({ "team": { "id": "t-1", "name": "Core", "members": [{ "user": { "id": "u-1" } }] }, "teamRoutingRules": rules });
        translated("opsgenie", &json!({ "users": [{ "id": "u-1", "username": "anna@example.org" }], "teams": [team] }))
            .1
    };
    let nobody = || json!({ "type": "none" });
    let is_listed = |rules: Vec<Value>| told(rules).contains("what is done about P5, which is treated as P4");
    assert!(is_listed(vec![rule("P5", nobody())]) && is_listed(vec![rule("P4", nobody())]));
    assert!(!is_listed(vec![rule("P5", anna())]) && !is_listed(vec![rule("P4", nobody()), rule("P5", nobody())]));
}

/// The files of an export, each with what is in it.
fn files_of(tool: &str) -> Vec<(String, Value)> {
    let names: &[&str] = match tool {
        "opsgenie" => &["escalations/list", "schedules/list", "schedules/weekly-s-1", "teams/core-t-1", "users/list"],
        _ => &["export"],
    };
    let read = |name: &&str| {
        let name = format!("{tool}/{name}.json");
        let text = std::fs::read_to_string(here().join(&name)).expect("it can be read");
        (name, serde_json::from_str(&text).expect("it is JSON"))
    };
    names.iter().map(read).collect()
}

/// Puts the next of `others` in the place of each number, and of each date, where there is one.
fn exchange(value: &mut Value, others: &mut impl Iterator<Item = Option<(i64, &'static str)>>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| exchange(item, others)),
        Value::Object(entries) => entries.values_mut().for_each(|item| exchange(item, others)),
        Value::Number(_) => {
            if let Some((number, _)) = others.next().flatten() {
                *value = json!(number);
            }
        }
        Value::String(text) if text.starts_with("20") && text.contains('T') => {
            if let Some((_, date)) = others.next().flatten() {
                *value = json!(date);
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Numbers that somebody could mean, and those at which reckoning ends.
fn number() -> impl Strategy<Value = i64> {
    prop_oneof![
        -2_i64..100,
        (1_i64..20_000).prop_map(|minutes| minutes * 60),
        (1_i64..20).prop_map(|days| days * 86_400),
        prop::sample::select(vec![99_999, 999_999_999_999, i64::MAX, i64::MAX / 60 * 60, i64::MAX / 604_800, i64::MIN]),
        any::<i64>(),
    ]
}

fn date() -> impl Strategy<Value = &'static str> {
    let ends = ["0000-01-01T00:00:00Z", "-000001-06-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"];
    prop::sample::select(
        [&ends[..], &["2026-02-29T09:00:00Z", "2026-11-01T01:30:30Z", "2096-09-10T08:00:00Z"]].concat(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_number_and_no_date_keeps_the_rest_from_being_translated(
        others in prop::collection::vec(prop::option::weighted(0.2, (number(), date())), 300)
    ) {
        for (tool, _) in TOOLS {
            let (mut sources, mut findings) = (Sources::default(), Findings::default());
            let mut others = others.iter().copied();
            let read: Vec<(String, yaml::Node)> = files_of(tool).into_iter().map(|(name, mut value)| {
                exchange(&mut value, &mut others);
                let text = value.to_string();
                let source = sources.add(&name, &*text);
                (name, yaml::parse(source, &text, &mut findings).remove(0))
            }).collect();
            let exports: Vec<Export<'_>> = read.iter().map(|(name, document)| Export { name, document }).collect();
            let translate = if tool == "opsgenie" { opsgenie::translate } else { grafana_oncall::translate };
            let translated = translate(&exports, Timestamp::from_second(1_785_000_000).expect("it is a time"));
            prop_assert!(translated.is_ok(), "{tool}: {}", translated.unwrap_err());
        }
    }
}

#[test]
fn a_part_with_a_number_that_nothing_here_can_say_is_listed_and_the_rest_is_translated() {
    let shift = |id: &str, more: Value| {
        let mut shift = json!({ "id": id, "name": id, "type": "rolling_users", "start": "2026-01-05T09:00:00", "duration": 604_800, "frequency": "weekly", "rolling_users": [["anna"], ["ben"]] });
        shift.as_object_mut().expect("it is an object").extend(more.as_object().expect("it is an object").clone());
        shift
    };
    let mut export = chain_of(&[&["anna"], &["ben"]], None);
    export["escalation_policies"][1]["duration"] = json!(999_999_999_999_i64);
    export["schedules"] =
        json!([{ "id": "S1", "name": "s", "time_zone": "UTC", "shifts": ["whole", "long", "rare", "days", "hours"] }]);
    export["on_call_shifts"] = json!([
        shift("whole", json!({})),
        shift("long", json!({ "duration": 9_223_372_036_854_775_740_i64 })),
        shift("rare", json!({ "interval": i64::MAX, "frequency": "hourly" })),
        shift("days", json!({ "interval": i64::MAX, "frequency": "daily" })),
        shift("hours", json!({ "interval": 99_999, "frequency": "hourly", "duration": 359_996_400 })),
    ]);
    let (out, told) = translated("grafana-oncall", &export);
    assert!(out.contains("{ rotation: { responders: [anna, ben], every: 1w"), "{out}");
    assert!(out.contains("critical: { levels: [{ notify: [\"responder:anna\"] }] }"), "{out}");
    assert!(told.contains("left: the shift `long` of `s`: it ends beyond the calendar"), "{told}");
    assert!(told.contains("left: a wait of 999999999999 seconds, and the steps behind it"), "{told}");
    for name in ["rare", "days", "hours"] {
        assert!(
            told.contains(&format!("the shift `{name}` of `s`: its `interval` is longer than any turn here")),
            "{told}"
        );
    }

    let rule = |days: i64, user: &str| json!({ "delay": { "timeAmount": days, "timeUnit": "days" }, "recipient": { "type": "user", "id": user } });
    let (out, told) = translated(
        "opsgenie",
        &json!({
            "users": [{ "id": "u-1", "username": "anna@example.org" }, { "id": "u-2", "username": "ben@example.org" }],
            "escalations": [{ "id": "e-1", "name": "e", "rules": [rule(1, "u-1"), rule(999_999, "u-2")] }],
        }),
    );
    assert!(out.contains("critical: { levels: [{ after: 1d, notify: [\"responder:anna\"] }] }"), "{out}");
    assert!(told.contains("left: a step whose delay is too long"), "{told}");
}
