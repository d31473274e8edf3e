//! Which page a request comes from: browsers send cookies along with what any page asks for.

use axum::extract::Request;
use axum::http::{HeaderMap, Uri, header};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A page of this server.
    Here,
    Elsewhere,
    /// It does not say: no browser of today, or a program.
    Unknown,
}

/// Where `request` says that it comes from: `Sec-Fetch-Site`, which no page can set, and for older
/// browsers `Origin`.
pub(super) fn of(request: &Request) -> Origin {
    let headers = request.headers();
    match text(headers, "sec-fetch-site") {
        Some("same-origin") => return Origin::Here,
        Some(_) => return Origin::Elsewhere,
        None => {}
    }
    let Some(origin) = text(headers, header::ORIGIN.as_str()) else {
        return Origin::Unknown;
    };
    // HTTP/2 has the host in the address.
    let asked = request
        .uri()
        .authority()
        .map(|authority| authority.as_str());
    let asked = asked.or_else(|| text(headers, header::HOST.as_str()));
    let origin: Option<Uri> = origin.parse().ok();
    let here = origin.is_some_and(|origin| {
        origin.scheme_str() == Some("https") && origin.authority().map(|at| at.as_str()) == asked
    });
    if here {
        Origin::Here
    } else {
        Origin::Elsewhere
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    // What is no text is not from here.
    headers
        .get(name)
        .map(|value| value.to_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn from(address: &str, headers: &[(&str, &str)]) -> Origin {
        let mut request = Request::builder().uri(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        of(&request.body(Body::empty()).unwrap())
    }

    #[test]
    fn only_what_says_so_comes_from_here() {
        use Origin::{Elsewhere, Here, Unknown};
        let origin = |origin| [("host", "aiops.example:8443"), ("origin", origin)];
        for (headers, expected) in [
            (&[("sec-fetch-site", "same-origin")][..], Here),
            (&[("sec-fetch-site", "same-site")], Elsewhere),
            (&[("sec-fetch-site", "cross-site")], Elsewhere),
            (&[("sec-fetch-site", "none")], Elsewhere),
            (
                &[
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "https://aiops.example:8443"),
                ],
                Elsewhere,
            ),
            (&origin("https://aiops.example:8443"), Here),
            (&origin("http://aiops.example:8443"), Elsewhere),
            (&origin("https://aiops.example"), Elsewhere),
            (&origin("https://evil.example"), Elsewhere),
            (&origin("null"), Elsewhere),
            (&[("host", "aiops.example:8443")], Unknown),
        ] {
            assert_eq!(from("/api/v1/logout", headers), expected, "{headers:?}");
        }
        let over_http2 = from("https://a.example/x", &[("origin", "https://a.example")]);
        assert_eq!(over_http2, Here);
    }
}
