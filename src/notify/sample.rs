//! A draft for the tests of this room, and of whoever delivers, which say what matters to them and take the rest from here.

use super::link::Links;
use crate::engine::incident::{Destination, Key};
use crate::engine::notice::{AlertText, Draft, Notice, NoticeKind, Reason};
use crate::model::{AlertId, DeliveryId, IncidentId, Labels, Moment, Severities, Slot};

/// An update on an incident of the default severity.
pub fn draft() -> Draft {
    Draft {
        id: DeliveryId::derive(&["d"]),
        destination: Destination { channel: "channel".into(), to: None },
        kind: NoticeKind::Update,
        reason: Reason::Changed,
        level: None,
        by: None,
        text: None,
        acknowledged_by: None,
        held_back: None,
        subject: None,
        at: Moment::default(),
        incident: IncidentId::derive(&["i"]),
        number: 1,
        key: Key { policy: "default".into(), group: Labels::empty() },
        generation: 1,
        page: 1,
        revision: 1,
        pages: vec![1],
        severity: Severities::default().default_severity().clone(),
        opened: Slot::from_millis(0),
        members: Vec::new(),
    }
}

/// What label values may hold when somebody means harm: mentions, markup, links, pictures, commands and templates of every
/// chat that we write to.
pub const HOSTILE: &str = "<!channel> @everyone @here @all <@U012> <@&7> ~town-square #tag /start \
    [x](http://evil.example) http://evil.example www.evil.example a@evil.example **b** _i_ `c` ||d|| \
    ![p](http://evil.example/p.png) <http://evil.example|click> <script>alert(1)</script> &lt;b&gt; :smile: $x$ \
    {{DATE(2017-02-14T06:08:39Z)}} ${x} \\ \"q\" \u{202e}turned\u{202c}\nnext\u{2028}line";

/// A page about these alerts, whose links let people in.
pub fn page(alerts: Vec<AlertText>) -> Notice {
    let severities = Severities::default();
    let severity = severities.find("high").expect("a default severity").clone();
    let group = Labels::new([("chain", "sepolia")]);
    let draft = Draft {
        destination: Destination { channel: "chat".into(), to: None },
        kind: NoticeKind::Page,
        reason: Reason::Opened,
        number: 41,
        severity,
        key: Key { policy: "default".into(), group },
        ..draft()
    };
    let title = "GasPriceSpike {chain=\"sepolia\"}".to_owned();
    Notice { draft, title, link: "http://bell.example/incidents/41".into(), held_back: None, alerts }
}

/// The end of what [`page`] tells.
pub fn end(mut alerts: Vec<AlertText>) -> Notice {
    for alert in &mut alerts {
        alert.ended = Some(Moment::from_millis(1_764_072_252_000));
    }
    let page = page(alerts);
    Notice { draft: Draft { kind: NoticeKind::End, reason: Reason::Resolved, ..page.draft }, ..page }
}

/// An alert that fires, with this summary.
pub fn alert(name: &str, summary: &str) -> AlertText {
    let severities = Severities::default();
    AlertText {
        alert: AlertId::derive(&[name]),
        name: "GasPriceSpike".into(),
        labels: Labels::new([
            ("alertname", "GasPriceSpike"),
            ("chain", "sepolia"),
            ("instance", name),
            ("severity", "high"),
        ]),
        annotations: vec![
            ("summary".into(), summary.into()),
            ("runbook_url".into(), "https://runbooks.example/Gas(1)?a=1&b=2".into()),
        ],
        title: None,
        severity: severities.find("high").expect("a default severity").clone(),
        value: 112.0,
        unit: Some("gwei".into()),
        threshold: "100".into(),
        expr: None,
        since: Moment::from_millis(1_764_072_000_000),
        ended: None,
        note: None,
    }
}

/// Links that let people in.
pub fn links() -> Links {
    Links { show: "http://bell.example/links/show".into(), acknowledge: Some("http://bell.example/links/ack".into()) }
}
