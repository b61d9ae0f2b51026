//! What is handed on: an Alertmanager holds what fires and nothing else, and so does whoever reads its webhooks, whatever
//! happens in whatever order, whichever updates are overtaken and whatever a reload makes of labels.

use crate::acts::{Deed, deeds, end_what_was_posted};
use crate::rig::Rig;
use crate::sequences::config;
use crate::worlds::{empty_world, world_handed_on};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use watchbell::engine::incident::{Incident, Member};
use watchbell::engine::notice::{Draft, Notice, NoticeKind, refreshes, shown_labels};
use watchbell::engine::transition::{Origin, Subject};
use watchbell::engine::{Engine, Fact};
use watchbell::model::{IncidentId, Labels, Span};
use watchbell::notify::alertmanager::message::{Message, Now};
use watchbell::notify::alertmanager::told::Told;
use watchbell::notify::{Delivery, webhook};
use watchbell::rules::template::Answers;

const CHANNEL: &str = "am";

/// An Alertmanager, and a receiver of its webhooks that goes by fingerprints.
#[derive(Default)]
struct Town {
    receipts: BTreeMap<(IncidentId, u32), Told>,
    held: BTreeSet<String>,
    webhook_receipts: BTreeMap<(IncidentId, u32), Told>,
    open: BTreeSet<String>,
    heard: usize,
}

impl Town {
    /// Tells what is owed since the last time. Updates that only say how things stand may be overtaken: every other one is.
    fn tell(&mut self, rig: &Rig) {
        let owed: Vec<Draft> =
            rig.drafts[self.heard..].iter().filter(|it| *it.destination.channel == *CHANNEL).cloned().collect();
        self.heard = rig.drafts.len();
        for draft in owed {
            let overtaken = draft.kind == NoticeKind::Update
                && !draft.reason.is_somebodys()
                && draft.id.to_string().ends_with(['0', '2', '4', '6', '8', 'a', 'c', 'e']);
            if !overtaken {
                let notice = composed(rig, &draft);
                self.tell_alertmanager(rig, &notice);
                self.tell_webhook(rig, &notice);
            }
        }
    }

    fn refresh(&mut self, rig: &Rig) {
        for draft in refreshes(&rig.engine, &[CHANNEL.into()], rig.now) {
            self.tell_alertmanager(rig, &composed(rig, &draft));
        }
    }

    fn tell_alertmanager(&mut self, rig: &Rig, notice: &Notice) {
        let line = (notice.draft.incident, notice.draft.generation);
        let told = self.receipts.remove(&line).unwrap_or_default();
        let now = Now { wall: wall(rig), resend_every: Span::from_hours(1) };
        for request in (Message { notice, told: &told, now }).requests() {
            for alert in read(&request.body()).as_array().expect("a list") {
                let ends: jiff::Timestamp = alert["endsAt"].as_str().expect("a time").parse().expect("a time");
                let labels = alert["labels"].to_string();
                if ends.as_millisecond() <= now.wall {
                    self.held.remove(&labels)
                } else {
                    self.held.insert(labels)
                };
            }
        }
        if notice.draft.kind != NoticeKind::End {
            self.receipts.insert(line, told.after(&notice.alerts));
        }
    }

    fn tell_webhook(&mut self, rig: &Rig, notice: &Notice) {
        if notice.draft.kind == NoticeKind::Update && notice.draft.reason.is_somebodys() {
            return;
        }
        let line = (notice.draft.incident, notice.draft.generation);
        let told = self.webhook_receipts.remove(&line).unwrap_or_default();
        let delivery = Delivery { notice, links: None, wall: wall(rig) };
        let body = read(&webhook::alertmanager::body(delivery, &told, ""));
        for alert in body["alerts"].as_array().expect("a list") {
            let fingerprint = alert["fingerprint"].to_string();
            if alert["status"] == "resolved" {
                self.open.remove(&fingerprint)
            } else {
                self.open.insert(fingerprint)
            };
        }
        if notice.draft.kind != NoticeKind::End {
            self.webhook_receipts.insert(line, told.after(&notice.alerts));
        }
    }
}

fn wall(rig: &Rig) -> i64 {
    (rig.now - rig.skew).millis()
}

fn read(body: &str) -> Value {
    serde_json::from_str(body).expect("a body is JSON")
}

fn composed(rig: &Rig, draft: &Draft) -> Notice {
    draft.compose(&rig.engine.world, rig.skew, &Answers::new()).expect("no template asks anything")
}

/// What fires of the incidents that the Alertmanager knows, as the rules have it now.
fn fires(engine: &Engine) -> BTreeSet<String> {
    let open = engine.state.incidents.by_key.values().filter(|incident| !incident.is_resolved());
    let known = |incident: &&Incident| incident.ledger.keys().any(|to| *to.channel == *CHANNEL);
    let members = open.filter(known).flat_map(Incident::firing);
    members.map(|member| labels_now(engine, member)).map(|labels| serde_json::json!(labels).to_string()).collect()
}

fn labels_now(engine: &Engine, member: &Member) -> Labels {
    let mut subject: Subject = member.subject.clone();
    if let Origin::Rule(id) = subject.origin {
        let rule = engine.world.rule(id).expect("what fires has a rule");
        let known = engine.state.rules.get(&id).and_then(|rule| rule.get(subject.alert));
        let (alert, tiers) = known.expect("what fires is known");
        subject.severity = alert.top(tiers).expect("it fires").severity;
        // Of a folded alert the labels are those of the series that moved it last.
        if rule.identity.is_none() {
            subject.labels = alert.labels.clone();
        }
    }
    shown_labels(&engine.world, &subject)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_alertmanager_holds_what_fires_and_nothing_else(deeds in deeds(), cut in 0..40_usize) {
        // Who refuses a page is told nothing more of it.
        let deeds: Vec<Deed> = deeds.into_iter().filter(|deed| !matches!(deed, Deed::Refused(_))).collect();
        let mut rig = Rig::new(world_handed_on(0, false));
        rig.worlds = world_handed_on;
        let mut town = Town::default();
        for (index, deed) in deeds.iter().enumerate() {
            if index == cut {
                rig.restart();
            }
            deed.happen(&mut rig, false);
            town.tell(&rig);
            town.refresh(&rig);
            prop_assert_eq!(&town.held, &fires(&rig.engine), "after deed {}", index);
        }
        // Whatever is left ends with its rules.
        rig.reload(empty_world());
        end_what_was_posted(&mut rig);
        rig.wait(Span::from_secs(1)).sleep(Span::from_mins(10));
        rig.fact(Fact::Channel { channel: "pager".into(), trouble: None });
        town.tell(&rig);
        prop_assert_eq!(&town.held, &BTreeSet::new());
        prop_assert_eq!(&town.open, &BTreeSet::new(), "by fingerprint");
    }
}
