//! Where an answer sends us, and what may go there.

use super::exchange::{Asked, Heard};
use crate::collect::probe::Trouble;
use bytes::Bytes;
use reqwest::{Method, StatusCode};

/// The request that `heard` asks for in place of `asked`, if it is a redirect.
///
/// What says who we are, and what we have to say, stay with the host that they are meant for.
///
/// # Errors
/// When the answer leads nowhere, or from an encrypted address to an open one.
pub(super) fn next(asked: &Asked, heard: &Heard) -> Result<Option<Asked>, Trouble> {
    let Some(location) = heard.location.as_deref().filter(|_| leads_on(heard)) else { return Ok(None) };
    let url = asked.url.join(location).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
    let url = url.ok_or_else(|| trouble("the redirect leads to no address"))?;
    if asked.url.scheme() == "https" && url.scheme() == "http" {
        return Err(trouble("the redirect leads from https to http"));
    }
    let is_ours = url.origin() == asked.url.origin();
    let keeps_method = matches!(heard.status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
    let mut next = Asked { url, ..asked.clone() };
    if !is_ours {
        next.headers.clear();
    }
    if !is_ours || !keeps_method {
        next.body = Bytes::new();
        next.method = if asked.method.is_safe() { asked.method.clone() } else { Method::GET };
    }
    Ok(Some(next))
}

/// What to say where redirects do not end.
pub(super) fn too_many(followed: u32) -> Trouble {
    trouble(format!("sent on again after {followed} redirects"))
}

fn trouble(text: impl Into<String>) -> Trouble {
    Trouble::new("redirect", text)
}

/// Whether `heard` sends us elsewhere.
pub(super) fn leads_on(heard: &Heard) -> bool {
    heard.location.is_some() && [301, 302, 303, 307, 308].contains(&heard.status.as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderMap;

    fn asked(method: Method) -> Asked {
        let headers = HeaderMap::from_iter([("authorization".parse().unwrap(), "secret".parse().unwrap())]);
        let url = "https://user:secret@api.example.org/orders?x=1".parse().unwrap();
        Asked { url, method, headers, body: "secret".into() }
    }

    fn heard(status: u16, location: &str) -> Heard {
        let status = StatusCode::from_u16(status).unwrap();
        Heard { status, location: Some(location.to_owned()), body: Bytes::new() }
    }

    #[test]
    fn on_the_same_host_all_goes_along_as_the_status_says() {
        let next = |status| next(&asked(Method::POST), &heard(status, "../v2/orders")).unwrap().unwrap();
        let (kept, turned) = (next(308), next(303));
        assert_eq!(kept.url.as_str(), "https://user:secret@api.example.org/v2/orders");
        assert_eq!((kept.method, kept.body.len(), kept.headers.len()), (Method::POST, 6, 1));
        assert_eq!((turned.method, turned.body.len(), turned.headers.len()), (Method::GET, 0, 1));
    }

    #[test]
    fn no_secret_goes_to_another_host() {
        for place in ["https://www.example.org/", "https://api.example.org:8443/orders", "//evil.example/orders"] {
            let next = next(&asked(Method::POST), &heard(307, place)).unwrap().unwrap();
            assert_eq!((next.method, next.body.len(), next.headers.len()), (Method::GET, 0, 0), "{place}");
            assert!(!next.url.as_str().contains("secret"), "{place}");
        }
    }

    #[test]
    fn a_redirect_to_nowhere_or_out_of_encryption_is_told_and_what_is_none_is_none() {
        for place in ["http://api.example.org/", "ftp://api.example.org/", "https://"] {
            let told = next(&asked(Method::GET), &heard(302, place)).unwrap_err();
            assert_eq!(told.reason, "redirect", "{place}");
        }
        assert!(next(&asked(Method::GET), &heard(201, "/orders/7")).unwrap().is_none());
        assert!(next(&asked(Method::GET), &heard(304, "/orders/7")).unwrap().is_none());
    }
}
