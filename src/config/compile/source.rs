//! Servers, the store, and the service's own address.

use super::{Ground, names, reading};
use crate::config::Secret;
use crate::config::settings::{Auth, RemoteWrite, Sentry, Settings, Source, Store, Tls};
use crate::config::written::{self, BasicAuth, Entries, OAuth2, SecretOrText, SecretPlace, Written};
use crate::diagnostics::{Findings, Place, Spanned, codes};
use crate::model::{Name, Span};
use rustls::pki_types::ServerName;
use std::collections::BTreeMap;

const WEB: &[&str] = &["http", "https"];
/// Of a remote-write target; a source has its own.
const TIMEOUT: Span = Span::from_secs(10);

/// All sources.
pub(super) fn sources(written: &Written, findings: &mut Findings) -> BTreeMap<Name, Source> {
    let sources = written.prometheus.iter();
    sources.map(|(name, source)| (names::given(name, findings), one(source, findings))).collect()
}

fn one(source: &written::Source, findings: &mut Findings) -> Source {
    let proofs = Proofs { basic: &source.basic_auth, bearer: &source.bearer_token, oauth2: &source.oauth2 };
    let plain = Source::at(reading::address(&source.url, WEB, findings).unwrap_or_default());
    Source {
        timeout: reading::positive_or(source.timeout.as_ref(), plain.timeout, findings),
        max_concurrent_queries: source
            .max_concurrent_queries
            .map_or(plain.max_concurrent_queries, |limit| limit.value as usize),
        auth: proofs.auth(findings),
        headers: headers(&source.headers),
        tls: tls(source.tls.as_ref(), findings),
        url: plain.url,
    }
}

/// The source of groups that name none: the only one, or the one that says so.
pub(super) fn default_source(ground: &Ground<'_>, findings: &mut Findings) -> Option<Name> {
    let written = ground.written;
    let defaults: Vec<_> = written.prometheus.iter().filter(|(_, source)| says_default(source)).collect();
    let (first, _) = written.prometheus.iter().next()?;
    match (defaults.as_slice(), written.prometheus.iter().count()) {
        ([], 1) => return Some(first.value.as_str().into()),
        // The default one may be among those that could not be read.
        ([], _) if ground.left_out.any("prometheus") => {}
        ([], _) => {
            findings
                .error(codes::WB112, "of several sources one has to be the default")
                .at(first.place, "say `default: true` here, or on another")
                .help("groups that name no `source` are asked there");
        }
        ([(name, _)], _) => return Some(name.value.as_str().into()),
        ([(first, _), (second, _), ..], _) => {
            findings
                .error(codes::WB112, "two sources cannot both be the default")
                .at(second.place, "says `default: true` too")
                .see(first.place, "says `default: true`");
        }
    }
    Some(first.value.as_str().into())
}

fn says_default(source: &written::Source) -> bool {
    source.default.is_some_and(|default| default.value)
}

/// Where recorded series are written.
pub(super) fn remote_write(written: &Written, findings: &mut Findings) -> Option<RemoteWrite> {
    let target = written.remote_write.as_ref()?;
    let proofs = Proofs { basic: &target.basic_auth, bearer: &target.bearer_token, oauth2: &target.oauth2 };
    let url = reading::address(&target.url, WEB, findings);
    if url.as_deref().is_some_and(reading::has_no_path) {
        findings
            .warn(codes::WB156, "`remote_write.url` has no path")
            .at(target.url.place(), "a server takes samples at a path of its own")
            .help("for Prometheus and VictoriaMetrics it ends with `/api/v1/write`, for Mimir with `/api/v1/push`, for Thanos with `/api/v1/receive`");
    }
    Some(RemoteWrite {
        url: url.unwrap_or_default(),
        timeout: reading::positive_or(target.timeout.as_ref(), TIMEOUT, findings),
        auth: proofs.auth(findings),
        headers: headers(&target.headers),
        tls: tls(target.tls.as_ref(), findings),
    })
}

/// The ways to prove who we are, of which one may be given.
pub(super) struct Proofs<'a> {
    pub(super) basic: &'a Option<Spanned<BasicAuth>>,
    pub(super) bearer: &'a Option<Spanned<SecretPlace>>,
    pub(super) oauth2: &'a Option<Spanned<OAuth2>>,
}

impl Proofs<'_> {
    /// Who we are to a server.
    pub(super) fn auth(&self, findings: &mut Findings) -> Auth {
        self.only_one(findings);
        if let Some(basic) = self.basic {
            return Auth::Basic {
                username: basic.value.username.clone(),
                password: reading::secret(&basic.value.password),
            };
        }
        if let Some(token) = self.bearer {
            return Auth::Bearer(reading::secret(&token.value));
        }
        self.oauth2.as_ref().map_or(Auth::None, |oauth2| client_credentials(&oauth2.value, findings))
    }

    fn only_one(&self, findings: &mut Findings) {
        let basic = self.basic.as_ref().map(|basic| ("basic_auth", basic.place));
        let bearer = self.bearer.as_ref().map(|bearer| ("bearer_token", bearer.place));
        let oauth2 = self.oauth2.as_ref().map(|oauth2| ("oauth2", oauth2.place));
        exclude(&[basic, bearer, oauth2], findings);
    }
}

fn client_credentials(oauth2: &OAuth2, findings: &mut Findings) -> Auth {
    Auth::OAuth2 {
        client_id: oauth2.client_id.clone(),
        client_secret: reading::secret(&oauth2.client_secret),
        token_url: reading::address(&oauth2.token_url, WEB, findings).unwrap_or_default(),
        scopes: oauth2.scopes.clone(),
    }
}

/// Tells where more than one of these keys is given.
pub(super) fn exclude(keys: &[Option<(&str, Place)>], findings: &mut Findings) {
    let mut given = keys.iter().flatten();
    let Some((first, earlier)) = given.next() else { return };
    for (second, place) in given {
        findings
            .error(codes::WB113, format!("`{first}` and `{second}` exclude each other"))
            .at(*place, "second")
            .see(*earlier, "first");
    }
}

fn headers(written: &Entries<SecretOrText>) -> BTreeMap<String, Secret> {
    written.iter().map(|(name, value)| (name.value.clone(), reading::secret_or_text(value))).collect()
}

/// TLS towards one server.
pub(super) fn tls(written: Option<&Spanned<written::Tls>>, findings: &mut Findings) -> Tls {
    let Some(written) = written else { return Tls::default() };
    let tls = &written.value;
    if tls.cert_file.is_some() != tls.key_file.is_some() {
        let (has, lacks) = if tls.cert_file.is_some() { ("cert_file", "key_file") } else { ("key_file", "cert_file") };
        findings
            .error(codes::WB114, format!("`{has}` needs `{lacks}`"))
            .at(written.place, format!("`{lacks}` is missing here"));
    }
    if let Some(name) = tls.server_name.as_ref().filter(|name| ServerName::try_from(name.as_str()).is_err()) {
        findings
            .error(codes::WB168, format!("`{name}` cannot be the name in a certificate"))
            .at(written.place, "`server_name` here")
            .help("write the name of a host, as `api.example.org`, or an IP address");
    }
    let path = |text: &Option<written::PlainText>| text.as_ref().map(|text| text.as_str().into());
    Tls {
        ca_file: path(&tls.ca_file),
        cert_file: path(&tls.cert_file),
        key_file: path(&tls.key_file),
        server_name: tls.server_name.clone(),
        insecure_skip_verify: tls.insecure_skip_verify,
    }
}

/// Where state is kept.
pub(super) fn store(written: &Written, findings: &mut Findings) -> Option<Store> {
    let store = written.store.as_ref()?;
    let sqlite = store.value.sqlite.as_ref().map(|path| ("sqlite", path.place()));
    exclude(&[sqlite, store.value.postgres.as_ref().map(|postgres| ("postgres", postgres.place))], findings);
    if let Some(postgres) = &store.value.postgres {
        return Some(Store::Postgres(reading::secret_or_text(&postgres.value.url)));
    }
    let Some(path) = &store.value.sqlite else {
        findings
            .error(codes::WB114, "the store is nowhere")
            .at(store.place, "neither `sqlite` nor `postgres` is here")
            .help("leave `store` away for a file called `watchbell.db`");
        return None;
    };
    Some(Store::Sqlite(reading::spoken(path, "sqlite", findings).into()))
}

/// The address to listen on: a host and a port.
pub(super) fn listen(written: &Written, findings: &mut Findings) -> Option<String> {
    address_to_listen_on(written.listen.as_ref()?, findings)
}

/// A host and a port.
pub(super) fn address_to_listen_on(text: &written::PlainText, findings: &mut Findings) -> Option<String> {
    let good = text.as_str().rsplit_once(':').is_some_and(|(host, port)| is_host(host) && port.parse::<u16>().is_ok());
    if !good {
        findings
            .error(codes::WB109, format!("`{}` is nothing to listen on", text.as_str()))
            .at(text.place(), "expected `HOST:PORT`")
            .help("write for example `127.0.0.1:9095`, or `0.0.0.0:9095` for every interface");
    }
    good.then(|| text.as_str().to_owned())
}

/// A name, or an address of which all digits are there.
fn is_host(text: &str) -> bool {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let is_name = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    bare.parse::<std::net::IpAddr>().is_ok() || is_name && !is_number
}

/// Where people reach the service.
pub(super) fn external_url(written: &Written, listen: &str, findings: &mut Findings) -> String {
    let url = written.external_url.as_ref().and_then(|url| reading::address(url, WEB, findings));
    url.unwrap_or_else(|| Settings::usual_external_url(listen))
}

/// Where our own errors are reported.
pub(super) fn sentry(written: &Written) -> Option<Sentry> {
    let sentry = written.sentry.as_ref()?;
    Some(Sentry { dsn: reading::secret_or_text(&sentry.dsn), environment: sentry.environment.clone() })
}
