//! Whom to trust before a password is sent: the authority with the pinned key, or the one that a
//! person accepted.

use std::{
    io::{self, BufRead as _, IsTerminal as _},
    time::Duration,
};

use rustls::crypto::ring;
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::{
    exit::{Exit, Failure},
    message::say,
    output::Printer,
    server,
};

const REPLY_WITHIN: Duration = Duration::from_secs(10);

/// The certificate of the server's authority, as PEM, once it is known to be the right one.
///
/// # Errors
///
/// [`Failure`] if the server has another authority, or nobody is there to accept it.
pub(super) async fn fetch(
    address: &str,
    pin: Option<&str>,
    printer: &Printer,
) -> Result<String, Failure> {
    let wanted = pin.map(parse).transpose()?;
    let pem = download(address).await?;
    let no_ca = || {
        let message = say("cli-no-ca").with("server", address);
        Failure::new(Exit::Usage, message).hint(say("cli-no-ca-hint"))
    };
    let found = pin_of(&pem).ok_or_else(no_ca)?;
    match wanted {
        Some(wanted) if wanted == found => Ok(pem),
        Some(wanted) => {
            let message = say("cli-wrong-pin").with("server", address);
            let message = message.with("pin", wanted).with("found", found);
            Err(Failure::new(Exit::NotAllowed, message).hint(say("cli-wrong-pin-hint")))
        }
        None => accepted(address, &found, printer).map(|()| pem),
    }
}

/// Fetches the certificate from a server that is not trusted yet. Nothing secret is sent, and what
/// comes is checked against the pin; whatever follows trusts this authority alone.
async fn download(address: &str) -> Result<String, Failure> {
    // There is one already if a command logs in twice, which none does.
    let _ = ring::default_provider().install_default();
    let stranger = reqwest::Client::builder()
        .tls_danger_accept_invalid_certs(true)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(REPLY_WITHIN)
        .build()
        .map_err(|error| Failure::broken(say("cli-no-http"), error))?;
    let lost = |error| server::no_answer(address, error);
    let response = stranger.get(format!("{address}/ca.pem")).send().await;
    let response = response.map_err(lost)?;
    if !response.status().is_success() {
        return Err(server::refusal(response).await);
    }
    response.text().await.map_err(lost)
}

/// SHA-256 of the key of the only certificate in a PEM file. `None`: it is no such file.
fn pin_of(pem: &str) -> Option<String> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    // With a second one beside the pinned one somebody else would be trusted as well.
    let [only] = <[CertificateDer<'_>; 1]>::try_from(all.ok()?).ok()?;
    let (_, parsed) = X509Certificate::from_der(&only).ok()?;
    let hash = Sha256::digest(parsed.public_key().raw);
    Some(format!("sha256:{hash:x}"))
}

/// A pin as it is compared.
fn parse(text: &str) -> Result<String, Failure> {
    let text = text.trim().to_ascii_lowercase();
    let hex = text.strip_prefix("sha256:").unwrap_or_default();
    if hex.len() == 64 && hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Ok(text);
    }
    let message = say("cli-no-pin").with("pin", text);
    Err(Failure::new(Exit::Usage, message))
}

/// Asks the person at the terminal whether this is the right authority.
fn accepted(address: &str, found: &str, printer: &Printer) -> Result<(), Failure> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        let message = say("cli-unpinned").with("server", address);
        let message = message.with("found", found);
        return Err(Failure::new(Exit::NotAllowed, message).hint(say("cli-unpinned-hint")));
    }
    printer.note(&say("cli-trust-shown").with("server", address));
    printer.note(&format!("  {found}").into());
    printer.note(&say("cli-trust-question"));
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    let answer = answer.trim().to_lowercase();
    if read.is_ok() && ["y", "yes", "是"].contains(&answer.as_str()) {
        return Ok(());
    }
    let message = say("cli-not-trusted").with("server", address);
    Err(Failure::new(Exit::NotAllowed, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_the_hash_of_the_only_key() {
        let made = |name: &str| rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let (one, two) = (made("one"), made("two"));
        let key = rcgen::PublicKeyData::subject_public_key_info(&one.signing_key);
        let expected = format!("sha256:{:x}", Sha256::digest(key));
        assert_eq!(pin_of(&one.cert.pem()), Some(expected));
        assert_eq!(pin_of(&(one.cert.pem() + &two.cert.pem())), None);
        assert_eq!(pin_of("no certificate"), None);
    }

    #[test]
    fn pins_are_taken_in_both_cases_and_nothing_else_is() {
        let pin = format!("sha256:{}", "0F".repeat(32));
        assert_eq!(parse(&pin).unwrap(), pin.to_lowercase());
        for wrong in [
            "",
            "sha256:",
            &pin[..70],
            &pin.replace("sha256", "md5"),
            "sha256:é",
        ] {
            assert_eq!(parse(wrong).unwrap_err().exit, Exit::Usage, "{wrong:?}");
        }
    }
}
