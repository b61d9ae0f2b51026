//! Mail as it arrives: a real Prometheus before the service, a real SMTP server behind it, and an independent reader of what
//! came through.

use crate::support::{
    MAIL_LOGIN, MailServer, Prometheus, Receivers, Scratch, Series, Speech, Watchbell, http, now_millis, wait_for,
};
use serde_json::{Value, json};
use std::path::Path;

const RULES: &str = r#"
groups:
  - name: chain
    interval: 1s
    rules:
      - alert: GasPriceSpike
        expr: max by (chain) (gas_price_gwei)
        unit: gwei
        tiers:
          high: { above: 100, clear: 80 }
          medium: { above: 60 }
        annotations:
          summary: "Gas on {{ $labels.chain }} is {{ $value | humanize }} gwei"
          description: "First line\n.\n..second, after a line with a dot alone\nFrom here on it is plain."
          runbook_url: "https://runbooks.example.org/GasPriceSpike?a=1&b=2"
"#;

/// The servers of a story. They end with it.
struct Town {
    prometheus: Prometheus,
    mail: MailServer,
    receivers: Receivers,
    folder: Scratch,
}

impl Town {
    fn speaking(speech: Speech) -> Option<Town> {
        let town = Town {
            prometheus: Prometheus::start()?,
            mail: MailServer::start(speech)?,
            receivers: Receivers::start()?,
            folder: Scratch::new("email"),
        };
        town.folder.write("rules.yaml", RULES);
        Some(town)
    }

    /// The service, with a channel `mail` of these keys, and one incident for each value of the label `group_by`.
    fn watchbell(&self, email: &str, group_by: &str) -> Watchbell {
        let config = format!(
            "prometheus: {{ main: {{ url: \"{prometheus}\", timeout: 2s }} }}
rules: [rules.yaml]
external_url: \"http://$LISTEN\"
listen: \"$LISTEN\"
access: {{ link_secret: {{ env: LINK_SECRET }} }}
channels:
  mail: {{ email: {{ from: \"Watchbell <watchbell@example.org>\", {email} }}, fallback: hook, updates: {{ every: 100ms }} }}
  hook: {{ webhook: {{ url: \"{receivers}/hook\" }} }}
responders:
  primary-a: {{ reach: [{{ via: mail, to: a@example.org }}] }}
policies:
  default:
    group_by: [{group_by}]
    wait: 0s
    update_every: 1s
    matrix:
      critical: {{ levels: [{{ notify: [hook] }}] }}
      high: {{ levels: [{{ notify: [mail] }}] }}
      medium: {{ levels: [{{ notify: [mail, \"responder:primary-a\"] }}] }}
      low: {{ tell: nobody }}
routes: [{{ policy: default }}]
",
            prometheus = self.prometheus.url(),
            receivers = self.receivers.url(),
        );
        let secrets = [("MAIL_PASSWORD", MAIL_LOGIN.1), ("LINK_SECRET", "a secret of more than sixteen bytes")];
        Watchbell::start_with(self.folder.path(), &config, &secrets).expect("it starts")
    }

    fn plain(&self) -> String {
        format!("smtp: \"smtp://127.0.0.1:{}\", to: [ops@example.org]", self.mail.port())
    }

    fn encrypted(&self, scheme: &str, trusted: &Path) -> String {
        format!(
            "smtp: \"{scheme}://localhost:{}\", to: [ops@example.org], basic_auth: {{ username: {}, password: {{ env: MAIL_PASSWORD }} }}, tls: {{ ca_file: \"{}\" }}",
            self.mail.port(),
            MAIL_LOGIN.0,
            trusted.display()
        )
    }

    /// Gas costs so much on this chain from now on.
    fn gas(&self, chain: &str, gwei: f64) {
        self.prometheus.write(&[Series::new("gas_price_gwei", &[("chain", chain)], &[(now_millis(), gwei)])]);
    }

    /// What the webhook heard, as one text.
    fn wait_until_the_hook_hears(&self, word: &str) {
        wait_for(&format!("the webhook to hear `{word}`"), || {
            self.receivers.log().iter().any(|entry| entry["body"].to_string().contains(word)).then_some(())
        });
    }
}

fn header(mail: &Value, name: &str) -> String {
    let all = mail["headers"][name].as_array().unwrap_or_else(|| panic!("no {name} in {mail}"));
    assert_eq!(all.len(), 1, "{name} stands there once: {all:?}");
    all[0].as_str().expect("a text").to_owned()
}

fn part(mail: &Value, kind: &str) -> String {
    let parts = mail["parts"].as_array().expect("a list");
    let part = parts.iter().find(|part| part["type"] == kind).unwrap_or_else(|| panic!("no {kind} in {mail}"));
    part["text"].as_str().expect("a text").to_owned()
}

fn receivers(mail: &Value) -> Vec<&str> {
    mail["receivers"].as_array().expect("a list").iter().map(|to| to.as_str().expect("a text")).collect()
}

/// What holds of every mail: that it is one by the book.
fn assert_well_formed(mail: &Value) {
    assert_eq!(mail["defects"], json!([]), "{mail}");
    assert_eq!(mail["bare"], 0, "line ends are CRLF");
    assert!(mail["longest"].as_u64().is_some_and(|octets| octets <= 78), "{}", mail["longest"]);
    assert_eq!(mail["kind"], "multipart/alternative");
    let kinds: Vec<&Value> = mail["parts"].as_array().expect("a list").iter().map(|part| &part["type"]).collect();
    assert_eq!(kinds, ["text/plain", "text/html"], "the best comes last");
    assert_eq!(header(mail, "auto-submitted"), "auto-generated");
    assert_eq!(header(mail, "from"), "Watchbell <watchbell@example.org>");
    assert_eq!(mail["sender"], "watchbell@example.org");
    header(mail, "date");
}

#[test]
fn one_incident_is_one_thread_handed_over_in_starttls_after_a_login() {
    for auth in ["PLAIN", "LOGIN"] {
        let Some(town) = Town::speaking(Speech::StartTls { auth }) else { return };
        town.gas("sepolia", 75.0);
        let _watchbell = town.watchbell(&town.encrypted("smtp", &town.mail.certificate()), "alertname, chain");
        town.mail.wait_for_mails(2);
        town.gas("sepolia", 120.0);
        town.mail.wait_for_mails(4);
        town.gas("sepolia", 70.0);
        town.mail.wait_for_mails(6);
        town.gas("sepolia", 20.0);
        let mails = town.mail.wait_for_mails(8);

        for mail in &mails {
            assert_well_formed(mail);
            assert_eq!((&mail["tls"], &mail["user"]), (&json!(true), &json!(MAIL_LOGIN.0)));
            assert_eq!(mail["hello"], "[127.0.0.1]");
            assert_eq!(receivers(mail), [header(mail, "to")], "each destination gets its own");
        }
        let mut ids: Vec<String> = mails.iter().map(|mail| header(mail, "message-id")).collect();
        let threads: Vec<String> = mails.iter().map(|mail| header(mail, "references")).collect();
        assert!(threads.iter().all(|thread| *thread == threads[0]), "{threads:?}");
        assert!(mails.iter().all(|mail| header(mail, "in-reply-to") == threads[0]));
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 8, "every mail has an id of its own");
        let to_ops = mails.iter().filter(|mail| receivers(mail) == ["ops@example.org"]);
        let subjects: Vec<String> = to_ops.map(|mail| header(mail, "subject")).collect();
        assert_eq!(
            subjects,
            [
                "[FIRING medium] INC-1 GasPriceSpike {chain=\"sepolia\"}",
                "[FIRING high] INC-1 GasPriceSpike {chain=\"sepolia\"}",
                "[UPDATE medium] INC-1 GasPriceSpike {chain=\"sepolia\"}",
                "[RESOLVED medium] INC-1 GasPriceSpike {chain=\"sepolia\"}",
            ]
        );
        let text = part(&mails[0], "text/plain");
        assert!(text.contains("Gas on sepolia is 75 gwei (75 gwei, threshold 60)"), "{text}");
        assert!(text.contains("\n  .\n  ..second, after a line with a dot alone\n  From here on"), "{text}");
        assert!(text.contains("Runbook: https://runbooks.example.org/GasPriceSpike?a=1&b=2"), "{text}");
        let html = part(&mails[0], "text/html");
        assert!(html.contains("First line\n.\n..second, after"), "{html}");
        assert!(html.contains("<a href=\"https://runbooks.example.org/GasPriceSpike?a=1&amp;b=2\">"), "{html}");
    }
}

#[test]
fn a_mail_carries_the_links_that_show_the_incident_and_acknowledge_it() {
    let Some(town) = Town::speaking(Speech::Plain) else { return };
    town.gas("sepolia", 120.0);
    let _watchbell = town.watchbell(&town.plain(), "alertname, chain");
    let mail = town.mail.wait_for_mails(1).remove(0);
    assert_well_formed(&mail);
    let (text, html) = (part(&mail, "text/plain"), part(&mail, "text/html"));
    let after =
        |beginning: &str| text.lines().find_map(|line| line.strip_prefix(beginning)).unwrap_or(&text).to_owned();
    let (show, acknowledge) = (after("INC-1: "), after("Acknowledge: "));
    for (address, words) in [(&show, "INC-1"), (&acknowledge, "Acknowledge")] {
        assert!(address.contains("/links/") && html.contains(&format!("<a href=\"{address}\">{words}</a>")), "{html}");
        let page = http::get(address).expect("it answers");
        assert!(page.status == 200 && page.body.contains("Nobody has acknowledged it."), "{}", page.body);
    }
    assert_eq!(http::request("POST", &acknowledge, &[], b"").expect("it answers").status, 200);
    let told = town.mail.wait_for_mails(2).remove(1);
    let text = part(&told, "text/plain");
    assert!(text.contains("is at it") && text.contains("INC-1: ") && !text.contains("Acknowledge: "), "{text}");
}

#[test]
fn mail_is_handed_over_in_tls_from_the_first_byte_where_the_address_says_so() {
    let Some(town) = Town::speaking(Speech::Implicit) else { return };
    town.gas("sepolia", 120.0);
    let _watchbell = town.watchbell(&town.encrypted("smtps", &town.mail.certificate()), "alertname, chain");

    let mails = town.mail.wait_for_mails(1);

    assert_well_formed(&mails[0]);
    assert_eq!((&mails[0]["tls"], &mails[0]["user"]), (&json!(true), &json!(MAIL_LOGIN.0)));
}

#[test]
fn a_server_that_cannot_be_trusted_gets_no_mail_and_no_password_and_the_fallback_is_told_at_once() {
    for (wish, trusts_it, why) in [
        (None, false, "its certificate does not pass"),
        (Some("STARTTLS"), true, "offers no STARTTLS"),
        (Some("AUTH"), true, "neither AUTH PLAIN nor AUTH LOGIN"),
    ] {
        let Some(town) = Town::speaking(Speech::StartTls { auth: "PLAIN,LOGIN" }) else { return };
        let Some(stranger) = MailServer::start(Speech::Implicit) else { return };
        if let Some(what) = wish {
            town.mail.control(&json!({ "at": "ehlo", "do": "hide", "what": what, "next": 1000 }));
        }
        let trusted = if trusts_it { town.mail.certificate() } else { stranger.certificate() };
        town.gas("sepolia", 120.0);
        let watchbell = town.watchbell(&town.encrypted("smtp", &trusted), "alertname, chain");

        town.wait_until_the_hook_hears("GasPriceSpike");

        assert_eq!(town.mail.log(), Vec::<Value>::new());
        let said = watchbell.process.said();
        assert!(said.contains(why), "{said}");
        assert!(!said.contains(MAIL_LOGIN.1), "the password is in no log");
    }
}

#[test]
fn a_channel_whose_certificates_cannot_be_read_is_heard_of_at_the_start_and_loses_no_page() {
    let Some(town) = Town::speaking(Speech::StartTls { auth: "PLAIN" }) else { return };
    let trusted = town.folder.path().join("ca.pem");
    let watchbell = town.watchbell(&town.encrypted("smtp", &trusted), "alertname, chain");
    town.wait_until_the_hook_hears("WatchbellDeliveryFailing");
    let said = watchbell.process.said();
    let why = "channel mail cannot deliver without its certificates: `tls`: cannot read a certificate from";
    assert!(said.contains(why), "{said}");

    town.gas("sepolia", 120.0);
    wait_for("an attempt", || {
        watchbell.process.said().contains("could not deliver to mail; trying again").then_some(())
    });
    std::fs::copy(town.mail.certificate(), &trusted).expect("the folder can be written");
    let mails = town.mail.wait_for_mails(1);
    assert!(header(&mails[0], "subject").starts_with("[FIRING high]"), "it goes out once that is mended");
}

#[test]
fn an_update_is_a_mail_where_it_changes_what_its_reader_does_and_not_where_alerts_only_join() {
    let Some(town) = Town::speaking(Speech::Plain) else { return };
    town.gas("sepolia", 120.0);
    let watchbell = town.watchbell(&town.plain(), "alertname");
    town.mail.wait_for_mails(1);

    town.gas("holesky", 130.0);
    town.gas("hoodi", 140.0);
    wait_for("the update to be owed and done", || {
        let metrics = crate::support::http::get(&format!("{}/metrics", watchbell.url())).expect("it answers").body;
        let mut lines = metrics.lines().filter(|line| line.starts_with("watchbell_deliveries_total"));
        lines.any(|line| line.contains("mail") && line.contains("withdrawn")).then_some(())
    });
    assert_eq!(town.mail.mails().len(), 1, "that others joined is no mail");
    let incident = crate::support::http::get(&format!("{}/api/v1/incidents/1", watchbell.url())).expect("it answers");
    assert!(incident.body.contains("nothing to send"), "and nobody is said to have got one: {}", incident.body);
    for chain in ["sepolia", "holesky", "hoodi"] {
        town.gas(chain, 70.0);
    }
    let mails = town.mail.wait_for_mails(2);
    assert!(header(&mails[1], "subject").starts_with("[UPDATE medium]"), "{}", header(&mails[1], "subject"));
    for chain in ["sepolia", "holesky", "hoodi"] {
        assert!(part(&mails[1], "text/plain").contains(chain), "the next mail says it all");
    }
}

#[test]
fn what_the_server_puts_off_is_tried_again_under_the_same_id_and_counts_as_sent_only_after_the_final_250() {
    let wishes = [
        json!({ "at": "mail", "code": 421 }),
        json!({ "at": "rcpt", "code": 450 }),
        json!({ "at": "data", "code": 451 }),
        json!({ "at": "data", "do": "close" }),
    ];
    for wish in wishes {
        let Some(town) = Town::speaking(Speech::Plain) else { return };
        town.mail.control(&wish);
        town.gas("sepolia", 120.0);
        let watchbell = town.watchbell(&town.plain(), "alertname, chain");

        let mails = town.mail.wait_for_mails(1);

        assert_well_formed(&mails[0]);
        let all = town.mail.log();
        let ids: Vec<String> =
            all.iter().filter(|entry| entry["headers"].is_object()).map(|mail| header(mail, "message-id")).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{wish}: {ids:?}");
        let said = watchbell.process.said();
        assert!(said.contains("could not deliver to mail; trying again"), "{wish}: {said}");
    }
}

#[test]
fn a_server_that_refuses_for_good_is_not_asked_again_and_the_fallback_is_told() {
    for wish in [json!({ "at": "rcpt", "code": 550, "next": 1000 }), json!({ "at": "data", "code": 552, "next": 1000 })]
    {
        let Some(town) = Town::speaking(Speech::Plain) else { return };
        town.mail.control(&wish);
        town.gas("sepolia", 120.0);
        let _watchbell = town.watchbell(&town.plain(), "alertname, chain");

        town.wait_until_the_hook_hears("GasPriceSpike");
        town.gas("sepolia", 20.0);
        town.wait_until_the_hook_hears("incident.resolved");

        assert_eq!(town.mail.log().len(), 1, "{wish}: asked once, and nobody who was not told hears of an end");
    }
}

#[test]
fn one_bad_receiver_does_not_drop_the_others_and_is_an_alert_of_its_own() {
    let Some(town) = Town::speaking(Speech::Plain) else { return };
    town.mail.control(&json!({ "at": "rcpt", "to": "gone@example.org", "code": 550, "next": 1000 }));
    town.mail.control(&json!({ "at": "rcpt", "to": "grey@example.org", "code": 450 }));
    town.gas("sepolia", 120.0);
    let to = town.plain().replace("[ops@", "[gone@example.org, grey@example.org, ops@");
    let _watchbell = town.watchbell(&to, "alertname, chain");

    let mails = town.mail.wait_for_mails(2);

    assert_eq!(receivers(&mails[0]), ["ops@example.org"]);
    assert_eq!(receivers(&mails[1]), ["grey@example.org"], "who has it does not get it again");
    assert_eq!(header(&mails[0], "message-id"), header(&mails[1], "message-id"));
    assert_eq!(header(&mails[0], "to"), "gone@example.org, grey@example.org, ops@example.org");
    town.wait_until_the_hook_hears("WatchbellDeliveryFailing");
    town.gas("sepolia", 20.0);
    let mails = town.mail.wait_for_mails(3);
    assert_eq!(receivers(&mails[2]), ["grey@example.org", "ops@example.org"], "whoever heard hears of the end");
}

#[test]
fn who_is_put_off_keeps_the_end_from_nobody_and_who_has_a_mail_does_not_get_it_again_after_a_reload() {
    let Some(town) = Town::speaking(Speech::Plain) else { return };
    town.mail.control(&json!({ "at": "rcpt", "to": "gone@example.org", "code": 550, "next": 1000 }));
    town.mail.control(&json!({ "at": "rcpt", "to": "grey@example.org", "code": 450, "next": 1000 }));
    town.gas("sepolia", 120.0);
    let to = town.plain().replace("[ops@", "[gone@example.org, grey@example.org, ops@");
    let watchbell = town.watchbell(&to, "alertname, chain");
    town.mail.wait_for_mails(1);

    // Files that are other ones: of the same there is nothing to take over.
    let path = town.folder.path().join("watchbell.yaml");
    let config = std::fs::read_to_string(&path).expect("it is there");
    std::fs::write(&path, config + "# seen\n").expect("it can be written");
    let reloaded = http::request("POST", &format!("{}/-/reload", watchbell.url()), &[], b"").expect("it answers");
    assert_eq!(reloaded.status, 200);
    town.gas("sepolia", 20.0);
    let mails = town.mail.wait_for_mails(2);

    assert!(header(&mails[1], "subject").starts_with("[RESOLVED high]"), "{}", header(&mails[1], "subject"));
    assert_eq!(receivers(&mails[1]), ["ops@example.org"]);
    let said = watchbell.process.said();
    for trouble in ["gone@example.org: 550", "grey@example.org: 450"] {
        assert!(said.contains(trouble), "{said}");
    }
    town.wait_until_the_hook_hears("WatchbellDeliveryFailing");
}

#[test]
fn a_slow_server_gets_the_mail_once() {
    let Some(town) = Town::speaking(Speech::Plain) else { return };
    town.mail.control(&json!({ "at": "data", "do": "slow", "seconds": 3 }));
    town.gas("sepolia", 120.0);
    let _watchbell = town.watchbell(&town.plain(), "alertname, chain");
    town.mail.wait_for_mails(1);

    town.gas("sepolia", 20.0);
    let mails = town.mail.wait_for_mails(2);

    let subjects: Vec<String> = mails.iter().map(|mail| header(mail, "subject")).collect();
    assert!(subjects[0].starts_with("[FIRING high]") && subjects[1].starts_with("[RESOLVED high]"), "{subjects:?}");
}

#[test]
fn hostile_label_values_come_out_harmless() {
    let injection =
        "x\r\nBcc: everybody@example.org\r\n\r\n<script>alert(1)</script>\r\n.\r\nMAIL FROM:<evil@example.org>";
    let markup = "<script>alert('a&b')</script><img src=x onerror=\"alert(1)\">";
    let emoji = "Gaspreis 🔥🔥 für Jürgen: ガス価格";
    let long = "long".repeat(2_500);
    for hostile in [injection, markup, emoji, &long] {
        let Some(town) = Town::speaking(Speech::Plain) else { return };
        town.gas(hostile, 120.0);
        let _watchbell = town.watchbell(&town.plain(), "alertname, chain");

        let mails = town.mail.wait_for_mails(1);

        let mail = &mails[0];
        assert_well_formed(mail);
        let known = ["date", "from", "to", "subject", "message-id", "in-reply-to", "references", "auto-submitted"];
        let known = known.iter().chain(&["x-auto-response-suppress", "mime-version", "content-type"]);
        let mut known: Vec<&str> = known.copied().collect();
        known.sort_unstable();
        let mut found: Vec<&String> = mail["headers"].as_object().expect("headers").keys().collect();
        found.sort();
        assert_eq!(found, known, "no value makes a header");
        assert_eq!(receivers(mail), ["ops@example.org"]);
        assert_eq!(mail["sender"], "watchbell@example.org");
        let html = part(mail, "text/html");
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        let subject = header(mail, "subject");
        assert!(subject.starts_with("[FIRING high] INC-1 GasPriceSpike {chain="), "{subject}");
        assert!(subject.chars().count() <= 200, "{subject}");
        if hostile == emoji {
            assert!(subject.contains(emoji), "{subject}");
            assert!(part(mail, "text/plain").contains(emoji) && html.contains(emoji));
        }
        if hostile == markup {
            assert!(part(mail, "text/plain").contains("<script>alert('a&b')</script>"), "a text is what it is");
            assert!(html.contains("&lt;script&gt;alert(&#39;a&amp;b&#39;)&lt;/script&gt;"), "{html}");
        }
        assert_eq!(town.mail.log().len(), 1, "one mail, and nothing within it was a command");
    }
}
