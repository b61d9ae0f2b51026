//! `watchbell import grafana-oncall` and `opsgenie`: the same people are on call. The truth is `scripts/import-vectors`, which
//! reckons in Python in the ways of these tools.

use super::{Scratch, here, watchbell};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use watchbell::config::{self, Files, Settings};
use watchbell::diagnostics::{Findings, Sources};
use watchbell::oncall::on_call;

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
        folder.write(
            &format!("{kind}.json"),
            &serde_json::json!({ "count": 1, "next": null, "results": list }).to_string(),
        );
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
        items.into_iter().map(|values| serde_json::json!({ "type": of, "values": values })).collect::<Vec<_>>()
    };
    let resources: Vec<Value> = types.iter().flat_map(resource).collect();
    let (below, above) = resources.split_at(20);
    let state = serde_json::json!({ "format_version": "1.0", "values": { "root_module": { "resources": above, "child_modules": [{ "resources": below }] } } });
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
