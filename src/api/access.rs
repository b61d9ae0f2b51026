//! Who may come in: each route names the role that it needs, and this decides before its handler runs.
//!
//! A caller shows a bearer token. Whose it is, a [`KeyRing`] knows. Where no token is configured at all, everything is open to
//! whoever reaches a loopback listener, and beyond loopback nothing can be changed.

use super::Desk;
use super::page::{self, Page};
use super::reply::{self, Wrong};
use crate::config::{Role, Settings, Token};
use crate::http::{bearer, is_secret_of};
use crate::model::Name;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::net::IpAddr;

/// Whoever makes a request where no token is configured.
const LOCAL: &str = "local";

/// What a person with a browser, which has no token, does instead.
const HOW: &str = "A browser has no token. Open the link of a message, which is signed where `access.link_secret` is configured, \
or ask with a token: `watchbell incidents show NUMBER` with WATCHBELL_TOKEN, or `curl -H \"Authorization: Bearer $WATCHBELL_TOKEN\"` with this address.";

/// Who makes a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who: the name that stands in the timeline of what they do.
    pub name: Name,
    /// What they may do.
    pub role: Role,
}

/// Knows whose a bearer token is. The configuration's tokens are one way to know; an OIDC provider's signature would be another.
pub trait KeyRing {
    /// Who holds `bearer`; nobody, where it is none of these keys.
    fn holder(&self, bearer: &str) -> Option<Caller>;
}

impl KeyRing for [Token] {
    /// Every token is compared, each to its last byte: how long this takes says nothing about any of them.
    fn holder(&self, bearer: &str) -> Option<Caller> {
        let mut holder = None;
        for token in self {
            if is_secret_of(token.sha256.unwrap_or_default(), bearer) && token.sha256.is_some() {
                holder = Some(token);
            }
        }
        holder.map(|token| Caller { name: token.name.clone(), role: token.role })
    }
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No token was shown, and one is needed.
    NoToken,
    /// The token is nobody's.
    WrongToken,
    /// The holder's role is too small.
    SmallRole(Role),
    /// No token is configured, and this would change something from beyond loopback.
    NotLocal,
    /// No token is configured, and another web page made a browser ask.
    OtherPage,
}

impl Denied {
    /// In one word, for metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Denied::NoToken => "no_token",
            Denied::WrongToken => "wrong_token",
            Denied::SmallRole(_) => "small_role",
            Denied::NotLocal => "not_local",
            Denied::OtherPage => "other_page",
        }
    }

    fn reply(self, reader: Reader) -> Response {
        let mut response = match reader {
            Reader::Program => self.error().into_response(),
            Reader::Person => page::answer(self.status(), &self.page()),
        };
        if self.status() == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
        }
        response
    }

    fn status(self) -> StatusCode {
        match self {
            Denied::NoToken | Denied::WrongToken => StatusCode::UNAUTHORIZED,
            Denied::SmallRole(_) | Denied::NotLocal | Denied::OtherPage => StatusCode::FORBIDDEN,
        }
    }

    fn words(self) -> String {
        match self {
            Denied::NoToken => "show a token: `Authorization: Bearer …`".into(),
            Denied::WrongToken => "this token is nobody's".into(),
            Denied::SmallRole(needed) => format!("this needs the role `{}`", needed.word()),
            Denied::NotLocal => {
                "no access tokens are configured, and without one nothing is changed from beyond loopback".into()
            }
            Denied::OtherPage => "another web page may not change anything here".into(),
        }
    }

    fn page(self) -> Page {
        match self {
            Denied::NoToken | Denied::WrongToken => Page::saying("This page needs a token", &[HOW]),
            Denied::SmallRole(_) | Denied::NotLocal | Denied::OtherPage => {
                Page::saying("This page is not for you", &[&format!("Refused: {}.", self.words())])
            }
        }
    }

    fn error(self) -> Wrong {
        let kind = if self.status() == StatusCode::UNAUTHORIZED { "unauthorized" } else { "forbidden" };
        reply::error(self.status(), kind, self.words())
    }
}

/// Who reads what a route answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A program, in JSON.
    Program,
    /// A person, in a browser.
    Person,
}

impl Reader {
    /// Who reads what the route with this path answers.
    pub fn of(path: &str) -> Self {
        if path.starts_with("/incidents") { Reader::Person } else { Reader::Program }
    }
}

/// Lets a request through to its handler, which finds the [`Caller`] among its extensions; or answers itself.
pub async fn guard(
    State((desk, needed, reader)): State<(Desk, Role, Reader)>,
    mut request: Request,
    next: Next,
) -> Response {
    let settings = desk.doors.settings.borrow().clone();
    match admit(&settings, desk.is_local, needed, request.headers()) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(denied) => {
            let (path, reason) = (request.uri().path(), denied.word());
            tracing::info!(path, reason, "refused a request for {path}: {reason}");
            desk.doors.metrics.denied(reason);
            denied.reply(reader)
        }
    }
}

fn admit(settings: &Settings, is_local: bool, needed: Role, headers: &HeaderMap) -> Result<Caller, Denied> {
    if settings.tokens.is_empty() {
        return admit_without_tokens(settings, is_local, needed, headers);
    }
    let shown = Shown::read(headers).ok_or(Denied::NoToken)?;
    let caller = settings.tokens.as_slice().holder(&shown.token).ok_or(Denied::WrongToken)?;
    if shown.user.is_some_and(|user| *user != *caller.name) {
        return Err(Denied::WrongToken);
    }
    // A browser sends a password that it knows by itself, also where another page makes it ask.
    if shown.is_basic && needed != Role::Viewer && comes_from_elsewhere(settings, headers) {
        return Err(Denied::OtherPage);
    }
    if caller.role.may(needed) { Ok(caller) } else { Err(Denied::SmallRole(needed)) }
}

fn admit_without_tokens(
    settings: &Settings,
    is_local: bool,
    needed: Role,
    headers: &HeaderMap,
) -> Result<Caller, Denied> {
    let changes_something = needed != Role::Viewer;
    if changes_something && !is_local {
        return Err(Denied::NotLocal);
    }
    if changes_something && comes_from_elsewhere(settings, headers) {
        return Err(Denied::OtherPage);
    }
    Ok(Caller { name: LOCAL.into(), role: if is_local { Role::Admin } else { Role::Viewer } })
}

/// Whether a browser asks for another page. It says which one, also where somebody else's name points to loopback.
fn comes_from_elsewhere(settings: &Settings, headers: &HeaderMap) -> bool {
    let page = headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
    page.is_some_and(|page| !is_our_page(settings, page))
}

fn is_our_page(settings: &Settings, origin: &str) -> bool {
    let Ok(asking) = reqwest::Url::parse(origin) else { return false };
    let Some(host) = asking.host_str() else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    // Another port of the same host may be anybody's.
    is_loopback || reqwest::Url::parse(&settings.external_url).is_ok_and(|ours| ours.origin() == asking.origin())
}

/// What a caller shows of itself.
struct Shown {
    token: String,
    user: Option<String>,
    is_basic: bool,
}

impl Shown {
    /// The token of `Authorization: Bearer …`, or the password of `Authorization: Basic …` with the name of its holder as the
    /// user: some programs know nothing else. The scheme's name may be in any case.
    fn read(headers: &HeaderMap) -> Option<Self> {
        let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        if let Some(token) = bearer(header) {
            return Some(Shown { token: token.to_owned(), user: None, is_basic: false });
        }
        let (scheme, shown) = header.split_once(' ')?;
        let pair = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(shown.trim()).ok())??;
        let (user, token) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
        Some(Shown { token: token.to_owned(), user: Some(user.to_owned()), is_basic: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    fn token(name: &str, role: Role, text: &str) -> Token {
        Token { name: name.into(), role, sha256: Some(Sha256::digest(text).into()) }
    }

    fn settings(tokens: Vec<Token>) -> Settings {
        Settings { tokens, external_url: "https://watchbell.example.org".into(), ..Settings::default() }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect::<HeaderMap>()
    }

    #[test]
    fn a_token_opens_what_its_role_and_the_smaller_ones_may() {
        let settings = settings(vec![
            token("eve", Role::Viewer, "v"),
            token("bob", Role::Responder, "r"),
            token("ann", Role::Admin, "a"),
        ]);
        let asked = |needed, authorization: &str| {
            admit(&settings, true, needed, &headers(&[("authorization", authorization)]))
                .map(|caller| caller.name.to_string())
        };
        assert_eq!(asked(Role::Responder, "Bearer r").as_deref(), Ok("bob"));
        assert_eq!(asked(Role::Viewer, "bearer a").as_deref(), Ok("ann"));
        assert_eq!(asked(Role::Responder, "Bearer v"), Err(Denied::SmallRole(Role::Responder)));
        assert_eq!(asked(Role::Admin, "Bearer r"), Err(Denied::SmallRole(Role::Admin)));
        assert_eq!(asked(Role::Viewer, "Bearer x"), Err(Denied::WrongToken));
        assert_eq!(asked(Role::Viewer, "Bearer "), Err(Denied::WrongToken));
        assert_eq!(asked(Role::Viewer, "Basic r"), Err(Denied::NoToken));
        assert_eq!(admit(&settings, true, Role::Viewer, &HeaderMap::new()), Err(Denied::NoToken));
    }

    #[test]
    fn who_may_only_post_alerts_reads_nothing_and_who_only_reads_posts_none() {
        let tokens = [Role::Sender, Role::Viewer, Role::Responder, Role::Admin];
        let settings = settings(tokens.map(|role| token(role.word(), role, role.word())).into());
        let may = |role: Role, needed| {
            let authorization = format!("Bearer {}", role.word());
            admit(&settings, true, needed, &headers(&[("authorization", &authorization)])).is_ok()
        };
        let all = |needed| tokens.map(|role| may(role, needed));
        assert_eq!(all(Role::Sender), [true, false, true, true]);
        assert_eq!(all(Role::Viewer), [false, true, true, true]);
        assert_eq!(all(Role::Responder), [false, false, true, true]);
        assert_eq!(all(Role::Admin), [false, false, false, true]);
    }

    #[test]
    fn a_token_may_be_a_password_of_its_holder_and_of_nobody_else() {
        let settings = settings(vec![token("prometheus", Role::Sender, "wb:1")]);
        let asked = |pair: &str, more: &[(&'static str, &str)]| {
            let authorization = format!("Basic {}", STANDARD.encode(pair));
            let shown = [&[("authorization", authorization.as_str())], more].concat();
            admit(&settings, true, Role::Sender, &headers(&shown)).map(|caller| caller.name.to_string())
        };
        assert_eq!(asked("prometheus:wb:1", &[]).as_deref(), Ok("prometheus"));
        assert_eq!(asked("grafana:wb:1", &[]), Err(Denied::WrongToken));
        assert_eq!(asked("prometheus:x", &[]), Err(Denied::WrongToken));
        assert_eq!(asked("prometheus", &[]), Err(Denied::NoToken));
        assert_eq!(asked("prometheus:wb:1", &[("origin", "https://evil.example")]), Err(Denied::OtherPage));
    }

    #[test]
    fn a_token_whose_hash_is_none_lets_nobody_in_and_leaves_nothing_open() {
        let settings = settings(vec![Token { name: "ci".into(), role: Role::Admin, sha256: None }]);
        assert_eq!(admit(&settings, true, Role::Viewer, &HeaderMap::new()), Err(Denied::NoToken));
        let zeros = String::from_utf8(vec![0; 32]).unwrap();
        for shown in ["", "ci", zeros.as_str()] {
            assert_eq!(settings.tokens.as_slice().holder(shown), None);
        }
    }

    #[test]
    fn without_tokens_loopback_is_open_and_beyond_it_nothing_can_be_changed() {
        let settings = settings(Vec::new());
        let asked = |is_local, needed| admit(&settings, is_local, needed, &HeaderMap::new()).map(|caller| caller.role);
        assert_eq!(asked(true, Role::Admin), Ok(Role::Admin));
        assert_eq!(asked(false, Role::Viewer), Ok(Role::Viewer));
        assert_eq!(asked(false, Role::Responder), Err(Denied::NotLocal));
        assert_eq!(asked(false, Role::Sender), Err(Denied::NotLocal));
    }

    #[test]
    fn without_tokens_no_other_web_page_can_make_a_browser_change_anything() {
        let settings = settings(Vec::new());
        let asked = |origin: &str| admit(&settings, true, Role::Responder, &headers(&[("origin", origin)])).is_ok();
        for ours in
            ["http://localhost:9095", "http://127.0.0.1:9095", "http://[::1]:9095", "https://watchbell.example.org"]
        {
            assert!(asked(ours), "{ours}");
        }
        for other in [
            "https://example.com",
            "null",
            "http://127.0.0.1.example.com",
            "http://rebound.example:9095",
            "http://watchbell.example.org",
            "https://watchbell.example.org:9999",
            "",
        ] {
            assert!(!asked(other), "{other}");
        }
    }
}
