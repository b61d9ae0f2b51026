//! Tables of bad input. Each line of a table is a configuration; what is said of it is what a person reads.

use super::*;

/// The findings about each of `texts`, apart from there being no policy.
fn table<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let told = texts.into_iter().map(|text| {
        let outcome = loading(text);
        format!("{text}\n{}\n", outcome.told_of(|finding| finding.code != codes::WB139))
    });
    told.collect()
}

/// The same inside of a policy with two channels, a person and a team around it.
fn table_of_ladders<'t>(matrices: impl IntoIterator<Item = &'t str>) -> String {
    let around = "channels: { a: { webhook: { url: 'https://a.example' } }, bot: { slack: { token: { env: T } } } }
responders: { primary: { reach: [{ via: a }] } }
teams: { leads: [primary] }
policies: { default: { matrix: { critical: ";
    let told = matrices.into_iter().map(|matrix| {
        let outcome = loading(&format!(
            "{around}{matrix}, high: {{ tell: nobody }}, medium: {{ tell: nobody }}, low: {{ tell: nobody }} }} }} }}\n"
        ));
        format!("{matrix}\n{}\n", outcome.told())
    });
    told.collect()
}

#[test]
fn what_has_the_wrong_shape_is_told_in_words() {
    let told = table([
        "[]",
        "prometheus: http://127.0.0.1:9090",
        "prometheus: { main: {} }",
        "prometheus: { main: { url: 'http://a', timeout: 10, max_concurrent_queries: 0 } }",
        "promtheus: { main: { url: 'http://a' } }\nrule: [a]",
        "rules: rules/*.yaml",
        "store: { mysql: x }",
        "store: { sqlite: a.db, postgres: { url: 'postgres://x' } }",
        "channels: { a: { slack: { token: plain-text } } }",
        "channels: { a: { slack: { token: { environment: X } } } }",
        "channels: { a: { webhook: { url: { env: A, file: b } } } }",
        "channels: { a: { webhook: {} } }",
        "channels: { a: { pigeon: { url: x } } }",
        "policies: { default: { matrix: { critical: { tell: everybody } } } }",
        "policies: { default: { matrix: { critical: { resolve: never } } } }",
        "policies: { default: { matrix: { critical: { repeat: { every: 5m } } } } }",
        "schedules: { s: { layers: [{ rotation: { every: 1w } }] } }",
        "routines: [{ name: a, every: { day: 32, at: '09:00' }, owner: b }]",
        "maintenance: [{ match: 'a=\"b\"', every: { days: [monday] }, reason: c }]",
        "silences: [{ match: 'a=\"b\"', until: 2027-01-01T00:00 }]",
        "flapping: { changes: 1, within: 30 }",
        "access: { tokens: [{ name: a, role: root, sha256: b }] }",
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn what_contradicts_itself_is_told_at_its_place() {
    let told = table([
        "timezone: +02:00",
        "timezone: Europe/Berln",
        "listen: 9095",
        "external_url: watchbell.example.org",
        "severities: []",
        "severities: [{ name: a }, { name: b, aliases: [a] }]\ndefault_severity: c",
        "prometheus: { a: { url: 'http://a', basic_auth: { username: u, password: { env: P } }, bearer_token: { env: T } } }",
        "prometheus: { a: { url: 'http://a', default: true }, b: { url: 'http://b', default: true } }",
        "prometheus: { a: { url: 'http://a', tls: { cert_file: c.pem } } }",
        "channels: { a: { slack: {} } }",
        "channels: { a: { slack: { url: { env: U }, to: '#a' } } }",
        "channels: { a: { slack: { url: { env: U }, signing_secret: { env: S } } } }",
        "channels: { a: { slack: { token: { env: T }, to: '#a', signing_secret: { env: S } } } }",
        "channels: { a: { email: { smtp: 'mail.example', from: nobody } } }",
        "channels: { a: { email: { smtp: 'smtp://u:p@a.example', from: w@a.example } } }",
        "channels: { a: { email: { smtp: 'smtp://a.example:25/mail?x=y', from: w@a.example } } }",
        "channels: { a: { email: { smtp: 'smtp://a.example:0', from: w@a.example } } }",
        "channels: { a: { email: { smtp: 'smtp://a.example:99999', from: w@a.example } } }",
        "channels: { a: { alertmanager: { urls: [] } }, b: { alertmanager: { urls: ['http://a', 'http://a'] } } }",
        "channels: { a: { alertmanager: { urls: ['http://a'], resend_every: 100ms } } }",
        "channels: { a: { webhook: { url: 'https://a.example' }, fallback: a } }",
        "actions: { a: { timeout: 5s }, b: { exec: [] } }",
        "actions: { a: { webhook: { url: 'http://a' }, environment: { TOKEN: { env: T } } } }",
        "access: { link_expires: 12h }",
        "access: { link_secret: { env: L }, link_expires: 0s }",
        "response: { page: { acknowledge: 0s }, critical: {} }",
        "inhibit: [{ source: 'a=\"b\"', target: 'a=\"b\", c=\"d\"' }]",
        "inhibit: [{ source: 'a=\"1\"', target: 'a=\"2\"' }, { source: 'a=\"2\"', target: 'a=\"3\"' }, { source: 'a=~\"3|4\"', target: 'a=\"1\"' }]",
        "inhibit: [{ source: 'a=\"1\", a=\"2\"', target: 'b=~\"(\"', equal: [c, c, 1d] }]",
        "routines: [{ name: a, every: { day: 1, days: [mon], at: 9:00 }, owner: nobody-known }]",
        "heartbeats: { expect: [{ alert: W, within: 0s, severity: bad }], send: [{ ping: ftp://a }] }",
        "budgets: { pages_per_rule_per_week: -1 }",
        "rules: ['../other/*.yaml', '/all/*.yaml', 'a/**/../b', '']",
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn a_chat_or_a_pager_that_cannot_be_meant_is_told() {
    let reach = |via: &str, to: &str| format!("responders: {{ p: {{ reach: [{{ via: {via}{to} }}] }} }}");
    let channel = "channels: { t: { telegram: { token: { env: T } } }, o: { opsgenie: { api_key: { env: K } } }, \
                   d: { discord: { url: { env: U } } }, m: { mattermost: { token: { env: T }, api_url: 'https://m.example' } } }\n";
    let told = table([
        "channels: { a: { teams: { url: nowhere } }, b: { discord: { url: ftp://d.example } } }",
        "channels: { a: { telegram: { token: { env: T }, to: ops, api_url: t.example } } }",
        "channels: { a: { telegram: { token: plain } } }",
        "channels: { a: { mattermost: {} } }",
        "channels: { a: { mattermost: { token: { env: T }, to: town-square } } }",
        "channels: { a: { mattermost: { token: { env: T }, to: town-square, api_url: 'https://m.example' } } }",
        "channels: { a: { mattermost: { url: { env: U }, token: { env: T }, api_url: 'https://m.example' } } }",
        "channels: { a: { mattermost: { url: { env: U }, api_url: 'https://m.example' } } }",
        "channels: { a: { opsgenie: { api_key: { env: K }, to: ops } } }",
        "channels: { a: { incident_io: { url: 'https://api.incident.io' } } }",
        "channels: { a: { webhook: { url: 'https://a.example', format: sideways } } }",
        "channels: { a: { webhook: { url: 'https://a.example', format: alertmanager, secret: { env: S } } } }",
        "channels: { a: { discord: { url: { env: U } }, teams: { url: { env: V } } } }",
        &format!("{channel}{}", reach("t", "")),
        &format!("{channel}{}", reach("m", "")),
        &format!("{channel}{}", reach("t", ", to: '@x'")),
        &format!("{channel}{}", reach("m", ", to: '#ops'")),
        &format!("{channel}{}", reach("o", ", to: ops")),
        &format!("{channel}{}", reach("d", ", to: ops")),
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn a_schedule_that_cannot_be_meant_is_told() {
    let around = "channels: { c: { webhook: { url: 'https://c.example' } } }
responders: { p: { reach: [{ via: c }] }, q: { reach: [{ via: c }] } }
schedules: { s: ";
    let schedules = [
        "{}",
        "{ layers: [{ rotation: { responders: [p, r], every: 7, from: 2026-01-05T09:00 } }] }",
        "{ layers: [{ rotation: { responders: [p], every: 0w, from: 2026-01-05 } }] }",
        "{ layers: [{ rotation: { responders: [p], every: 30m, from: 2026-01-05T09:00+01:00 } }] }",
        "{ layers: [{ rotation: { responders: [p], every: 1w, from: 2026-01-05T09:00 }, during: { days: [], from: '9', to: '25:00' } }] }",
        "{ timezone: CET, layers: [{ rotation: { responders: [p], every: 1w, from: 2026-01-05T09:00 } }] }",
        "{ overrides: [{ from: 2026-02-02T09:00, to: 2026-02-02T09:00, responder: p }] }",
        "{ overrides: [{ from: 2026-02-02T09:00, to: 2026-02-03T09:00, replace: p }] }",
        "{ overrides: [{ from: 2026-02-02T09:00, to: 2026-02-03T09:00, responder: p, replace: q, by: p }] }",
        "{ overrides: [{ from: 2026-02-02T09:00, to: 2026-02-03T09:00, responder: p }, { from: 2026-02-01T09:00, to: 2026-02-04T09:00, responder: q }] }",
        "{ overrides: [{ from: 2026-01-14T09:00, to: 2026-01-15T00:00, responder: p }] }",
    ];
    let told = schedules.map(|schedule| {
        let outcome = loading(&format!("{around}{schedule} }}\n"));
        format!("{schedule}\n{}\n", outcome.told_of(|finding| finding.code != codes::WB139))
    });
    let told = told.concat();
    insta::assert_snapshot!(told);
}

#[test]
fn a_ladder_that_cannot_be_climbed_is_told() {
    let told = table_of_ladders([
        "{}",
        "{ levels: [] }",
        "{ levels: [{}] }",
        "{ levels: [{ notify: [bot] }] }",
        "{ levels: [{ notify: [b] }] }",
        "{ levels: [{ notify: [primary] }] }",
        "{ levels: [{ notify: ['team:lead'] }] }",
        "{ levels: [{ notify: ['user:primary', 'schedule:x'] }] }",
        "{ levels: [{ notify: [a, a] }] }",
        "{ levels: [{ name: x, notify: [a] }, { name: x, after: 5m, notify: [a] }] }",
        "{ levels: [{ after: 5m, notify: [a] }, { notify: [a] }] }",
        "{ levels: [{ notify: [a] }], tell: nobody }",
        "{ levels: [{ notify: [a] }], repeat: { every: 0s, times: 1 }, ack_expires: 0s }",
        "{ digest: { at: noon, notify: [] } }",
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn routes_that_miss_or_never_match_are_told() {
    let around = "policies: { a: { matrix: &m { critical: { tell: nobody }, high: { tell: nobody }, medium: { tell: nobody }, low: { tell: nobody } } }, b: { matrix: *m } }\n";
    let routes = [
        "",
        "routes: []",
        "routes: [{ match: 'x=\"1\"', policy: a }]",
        "routes: [{ policy: c }]",
        "routes: [{ policy: a }, { match: 'x=\"1\"', policy: b }]",
        "routes: [{ match: 'x=~\"1|2\"', policy: a }, { match: 'x=\"1\", y=\"2\"', policy: b }, { policy: a }]",
        "routes: [{ match: 'severity=\"low\"', policy: a }, { policy: b }]",
        "routes: [{ match: 'x=\"1', policy: a }, { policy: b }]",
    ];
    let told = routes.map(|routes| format!("{routes}\n{}\n", loading(&format!("{around}{routes}\n")).told()));
    let told = told.concat();
    insta::assert_snapshot!(told);
}

#[test]
fn every_problem_is_told_in_one_run_and_a_bad_part_is_not_missed_elsewhere() {
    let outcome = loading(
        "timezone: EST
unknown: 1
prometheus: { main: { url: 'http://a', timeout: 10 }, other: { url: 'http://b' } }
channels: { a: { webhook: 5 }, b: { webhook: { url: nowhere } } }
teams: { leads: [who], others: leads }
policies:
  day: { matrix: { critical: { levels: [{ notify: [a, c, 'team:others'] }], resolve: { never: 1 } } } }
  night: { extends: day, matrix: { critical: { levels: [{ notify: [a, c, 'team:others'] }] } } }
inhibit: [5, { source: a, target: 'b=\"c\"' }]
routes: [{ match: 'x=\"1\"', policy: day }, 5]
",
    );
    let told = outcome.told();
    insta::assert_snapshot!(told);
}

#[test]
fn broken_files_are_findings_and_never_a_panic() {
    let bomb: String =
        (1..40).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "))).collect();
    for text in ["{", "a: b: c", "\t", "\u{0}", "---\n---\n- 1\n", "- a", "5", &format!("a0: &a0 [x]\n{bomb}")] {
        let outcome = loading(text);
        assert!(outcome.findings.has_errors() || outcome.loaded.is_some(), "{text:?}");
    }
    assert!(loading_all([]).findings.has_errors(), "there is no file");
}

#[test]
fn a_routine_of_which_nobody_hears_is_told_at_its_name() {
    let around = "channels: { pager: { pagerduty: { routing_key: { env: KEY } } }, am: { webhook: { url: 'http://a', format: alertmanager } }, chat: { webhook: { url: 'http://a' } } }
responders: { lead: { reach: [{ via: pager }] }, reader: { reach: [{ via: pager }, { via: chat }] } }
teams: { all: [lead, reader], few: [lead] }
contacts: { press: { reach: [{ via: pager }] }, board: { reach: [{ via: chat }] } }
";
    let told = ["", "pager, am", "'responder:lead'", "'team:few'", "'contact:press'", "am, nowhere"]
        .into_iter()
        .chain(["chat", "pager, chat", "'responder:reader'", "'team:all'", "'contact:board'"]);
    let told = told.map(|notify| {
        let routine = format!("{{ name: look, every: {{ at: '09:00' }}, owner: lead, notify: [{notify}] }}");
        let outcome = loading(&format!("{around}routines: [{routine}]\n"));
        format!("[{notify}]\n{}\n", outcome.told_of(|finding| finding.code == codes::WB154))
    });
    insta::assert_snapshot!(told.collect::<String>());
}

#[test]
fn an_address_that_leads_nowhere_is_told_at_its_place() {
    let teams = |url: &str| format!("channels: {{ t: {{ teams: {{ url: {url} }} }} }}");
    let write = |url: &str| format!("remote_write: {{ url: '{url}' }}");
    let routine = |name: &str| {
        let channels =
            "channels: { chat: { webhook: { url: 'http://a' } } }\nresponders: { l: { reach: [{ via: chat }] } }";
        format!("{channels}\nroutines: [{{ name: '{name}', every: {{ at: '09:00' }}, owner: l, notify: [chat] }}]")
    };
    let texts = [
        teams("'https://example.webhook.office.com/webhookb2/1'"),
        teams("'https://OUTLOOK.office.com:443/webhook/1'"),
        teams("'https://webhook.office.com.example.org/1'"),
        teams("'https://prod-1.westeurope.logic.azure.com/workflows/1/triggers/manual/paths/invoke'"),
        teams("{ env: TEAMS }"),
        write("http://127.0.0.1:9090"),
        write("http://127.0.0.1:9090/"),
        write("http://127.0.0.1:9090/?tenant=a"),
        write("http://127.0.0.1:9090/api/v1/write"),
        routine("."),
        routine(".."),
        routine("..."),
    ];
    insta::assert_snapshot!(table(texts.iter().map(String::as_str)));
}

#[test]
fn two_files_that_say_the_same_are_told_both_places() {
    let outcome = loading_all([
        (
            "watchbell.yaml",
            "include: [more.yaml, none.yaml]\ntimezone: UTC\nroutes: [{ policy: a }]\nretention: { events: 1d }\n",
        ),
        ("more.yaml", "timezone: Europe/Berlin\nroutes: [{ policy: a }]\nretention: { events: 2d, incidents: 9d }\n"),
    ]);
    insta::assert_snapshot!(outcome.told());
}

/// The same inside of a chain with a contract.
fn table_of_contracts<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let told = texts.into_iter().map(|text| {
        let chain = "collect: { chains: { c: { rpc: ['http://a'], chain_id: 1, ";
        let outcome = loading(&format!("{chain}\n{text} }} }} }}\n"));
        format!("{text}\n{}\n", outcome.told_of(|finding| finding.code != codes::WB139))
    });
    told.collect()
}

const ADDRESS: &str = "'0x5FbDB2315678afecb367f032d93F642f64180aa3'";

#[test]
fn what_cannot_be_read_of_contracts_is_told_at_its_place() {
    let in_contract = |text: &str| format!("contracts: {{ t: {{ address: {ADDRESS}, {text} }} }}");
    let texts = [
        "contracts: { t: { address: '0x8ba1f109551bD432803012645Hac136c' } }".to_owned(),
        "contracts: { t: { address: '0x5FbDB2315678AFECB367f032d93F642f64180aa3' } }".to_owned(),
        format!(
            "contracts: {{ t: {{ address: {ADDRESS} }}, u: {{ address: '0x5fbdb2315678afecb367f032d93f642f64180aa3' }} }}"
        ),
        in_contract("calls: [{ metric: m }]"),
        in_contract("calls: [{ metric: m, call: 'a() returns (bool)', any: ['b() returns (bool)'] }]"),
        in_contract("calls: [{ metric: m, call: 'totalSupply() returns (uint255)' }]"),
        in_contract("calls: [{ metric: m, call: \"f(address \\\"x) returns (bool)\" }]"),
        in_contract("calls: [{ metric: m, call: 'f() returns (IERC20 token)' }]"),
        in_contract("calls: [{ metric: m, call: 'mint(uint256)' }]"),
        in_contract("calls: [{ metric: m, call: 'f() returns (string)' }]"),
        in_contract("calls: [{ metric: m, call: 'f() returns (uint256 a, uint256 b)' }]"),
        in_contract("calls: [{ metric: m, call: 'f() returns (uint256 a, uint256 b)', take: c }]"),
        in_contract("calls: [{ metric: m, call: 'balanceOf(address) returns (uint256)' }]"),
        in_contract("calls: [{ metric: m, call: 'balanceOf(address) returns (uint256)', args: [somebody] }]"),
        in_contract("calls: [{ metric: contract_up, call: 'f() returns (bool)' }]"),
        in_contract("calls: [{ metric: m-n, call: 'f() returns (bool)' }]"),
        in_contract("calls: [{ metric: m, call: 'f() returns (bool)' }], events: [{ metric: m, event: 'E()' }]"),
        in_contract("events: [{ metric: m, event: 'E() returns (bool)' }]"),
        in_contract("events: [{ metric: m, any: [] }]"),
        in_contract("events: [{ metric: m, event: 'E(uint256 a)', sum: b }]"),
        in_contract("events: [{ metric: m, event: 'E(address a)', sum: a }]"),
        in_contract("events: [{ metric: m, event: 'E(int256 a)', sum: a }]"),
        in_contract("events: [{ metric: m, event: 'E(address a)', distinct: a }]"),
        in_contract("events: [{ metric: m, event: 'E(uint256 a)', distinct: a, over: 1d, sum: a }]"),
        in_contract("denied_by: ['NotKeeper(adress)']"),
        in_contract("denied: true, denied_by: ['NotKeeper(adress)']"),
        "oracles: { o: { price: 'f() returns (uint256 price, uint256 timestamp)' } }".to_owned(),
        format!(
            "contracts: {{ feed: {{ address: {ADDRESS} }} }}, oracles: {{ o: {{ contract: fed, price: 'f() returns (uint256 price, uint256 timestamp)' }} }}"
        ),
        format!("oracles: {{ o: {{ address: {ADDRESS}, price: 'f() returns (uint256, uint256)' }} }}"),
        format!(
            "oracles: {{ o: {{ address: {ADDRESS}, price: 'f() returns (uint256 price, uint256 timestamp)', sources: {{}} }} }}"
        ),
        format!(
            "oracles: {{ o: {{ address: {ADDRESS}, price: 'f() returns (uint256 price, uint256 timestamp)', sources: {{ list: 'g() returns (uint256[])' }} }} }}"
        ),
        format!(
            "oracles: {{ o: {{ address: {ADDRESS}, price: 'f() returns (uint256 price, uint256 timestamp)', sources: {{ list: 'g() returns ((uint256 price, uint256 timestamp)[])' }} }} }}"
        ),
    ];
    insta::assert_snapshot!(table_of_contracts(texts.iter().map(String::as_str)));
}
