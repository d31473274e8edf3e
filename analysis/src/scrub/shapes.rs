//! What looks like a secret wherever it stands.

use super::SCRUBBED;

/// Prefixes of issued tokens, and the least length of what follows: AWS, Alibaba Cloud, Google,
/// GitHub, GitLab, Slack, Stripe, npm, Hugging Face, OpenAI and Anthropic, Vault, DigitalOcean,
/// PyPI, and ours.
const TOKEN_PREFIXES: [(&str, usize); 27] = [
    ("AKIA", 16),
    ("ASIA", 16),
    ("LTAI", 12),
    ("AIza", 35),
    ("ya29.", 20),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 20),
    ("glpat-", 20),
    ("xoxa-", 10),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("sk_live_", 16),
    ("rk_live_", 16),
    ("npm_", 30),
    ("hf_", 30),
    ("sk-", 20),
    ("hvs.", 20),
    ("dop_v1_", 32),
    ("pypi-", 32),
    ("glrt-", 16),
    ("xapp-", 10),
    ("aiops_api_", 16),
    ("aiops_join_", 16),
];
/// A user name this long in a URL without a password is a token.
const LONG_USER: usize = 20;

/// Hides private keys, JWTs, issued tokens, and passwords in URLs.
pub(super) fn scrub(text: &str) -> String {
    scrub_urls(&scrub_runs(&scrub_private_keys(text)))
}

/// From `-----BEGIN ... PRIVATE KEY-----` to its end, or to the end of the text.
fn scrub_private_keys(text: &str) -> String {
    const END: &str = "PRIVATE KEY-----";
    let mut out = String::new();
    let mut rest = text;
    while let Some(begin) = rest.find("-----BEGIN ") {
        let (before, key) = rest.split_at(begin);
        let Some(head_end) = key.find(END).map(|at| at + END.len()) else {
            break; // A certificate, which is public.
        };
        out.push_str(before);
        out.push_str(SCRUBBED);
        let body = &key[head_end..];
        rest = body.find(END).map_or("", |at| &body[at + END.len()..]);
    }
    out.push_str(rest);
    out
}

/// Hides the runs of token characters that are tokens.
fn scrub_runs(text: &str) -> String {
    let is_in_run = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_in_run) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_in_run(c)).unwrap_or(from.len());
        let (run, after) = from.split_at(end);
        out.push_str(before);
        out.push_str(if is_token(run) { SCRUBBED } else { run });
        rest = after;
    }
    out.push_str(rest);
    out
}

fn is_token(run: &str) -> bool {
    is_jwt(run)
        || TOKEN_PREFIXES.iter().any(|(prefix, least)| {
            run.strip_prefix(prefix).is_some_and(|rest| {
                rest.len() >= *least && rest.bytes().any(|b| b.is_ascii_digit())
            })
        })
}

/// Two base64 objects (`{"` is `eyJ`) and a signature.
fn is_jwt(run: &str) -> bool {
    let parts: Vec<&str> = run.split('.').collect();
    matches!(parts[..], [head, body, _] if head.starts_with("eyJ") && body.starts_with("eyJ"))
}

/// `scheme://user:password@host`: the user stays.
fn scrub_urls(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, from) = rest.split_at(at + "://".len());
        out.push_str(before);
        let end = from.find(|c: char| c.is_whitespace() || "\"'`<>".contains(c));
        let (url, after) = from.split_at(end.unwrap_or(from.len()));
        out.push_str(&scrub_user_info(url));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Works on a URL without its scheme.
fn scrub_user_info(url: &str) -> String {
    let authority = url.split(['/', '?', '#']).next().unwrap_or(url);
    let Some(at) = authority
        .rfind('@')
        .or_else(|| after_broken_password(url, authority))
    else {
        return url.to_owned();
    };
    let (user_info, host) = url.split_at(at);
    match user_info.split_once(':') {
        Some((_, "")) => url.to_owned(),
        Some((user, _)) => format!("{user}:{SCRUBBED}{host}"),
        None if user_info.len() >= LONG_USER => format!("{SCRUBBED}{host}"),
        None => url.to_owned(),
    }
}

/// A password with a `/` in it, which should have been escaped: what follows the colon is no port.
fn after_broken_password(url: &str, authority: &str) -> Option<usize> {
    let (_, port) = authority.rsplit_once(':')?;
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
    if is_port { None } else { url.rfind('@') }
}
