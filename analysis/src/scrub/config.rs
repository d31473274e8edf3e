//! Lines of configuration files: `requirepass x`, `"password": "x"`, `<password>x</password>`.

use super::{
    SCRUBBED,
    names::{self, Says},
    scrub_text,
};

/// Where nginx passes requests on to: no secrets.
const PASSES: [&str; 6] = [
    "proxy_pass",
    "fastcgi_pass",
    "uwsgi_pass",
    "scgi_pass",
    "grpc_pass",
    "memcached_pass",
];

/// Takes the secrets out of a line of a configuration file, whatever stands between a name and its
/// value there. All that follows a name of a secret is taken for one.
pub fn scrub_config_line(line: &str) -> String {
    let line = scrub_text(line);
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let mut at = 0;
    while let Some(start) = line[at..].find(is_of_name).map(|found| at + found) {
        let rest = &line[start..];
        let end = start + rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
        let name = &line[start..end];
        let value = line[end..].trim_start_matches(|c: char| !c.is_alphanumeric() && c != '[');
        let is_secret = match names::of(name) {
            Says::Secret => !PASSES.contains(&name),
            Says::Doubtful => {
                let is_end = |c: char| !c.is_ascii_alphanumeric() && !"+/=_-".contains(c);
                names::looks_random(value.split(is_end).next().unwrap_or_default())
            }
            Says::Nothing => false,
        };
        if is_secret && !value.is_empty() && !value.starts_with(SCRUBBED) {
            let before = line.len() - value.len();
            return format!("{}{SCRUBBED}", &line[..before]);
        }
        at = end;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_name_of_a_secret_is_hidden() {
        let cases = [
            ("requirepass foo bared", "requirepass [scrubbed]"),
            ("  password = hunter2", "  password = [scrubbed]"),
            ("\"password\": \"hunter2\",", "\"password\": [scrubbed]"),
            ("<password>x</password>", "<password>[scrubbed]"),
            ("auth_token s3cret;", "auth_token [scrubbed]"),
            (
                "cookie 0123456789abcdef0123456789abcdef;",
                "cookie [scrubbed]",
            ),
            ("proxy_pass http://app:80;", "proxy_pass http://app:80;"),
            ("ssl_password_file /etc/x;", "ssl_password_file /etc/x;"),
            ("PasswordAuthentication no", "PasswordAuthentication no"),
            ("listen 80; # größer", "listen 80; # größer"),
        ];
        for (line, expected) in cases {
            assert_eq!(scrub_config_line(line), expected);
        }
    }
}
