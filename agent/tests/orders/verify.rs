//! Which orders a host obeys.

use agent::orders::{
    keys::OrderKeys,
    policy::Policy,
    verify::{Circumstances, MAX_CONTENT_BYTES, Refused, Signed, admit, open},
};
use analysis::{
    Timestamp,
    identity::AgentId,
    order::{Order, Refusal},
    question::Question,
};
use chrono::{DateTime, TimeDelta};
use uuid::Uuid;

use crate::support::orders::{ME, Signer, order};

type Trusted = Result<Policy, (Refusal, String)>;

fn now() -> Timestamp {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn policy(text: &str) -> Trusted {
    Ok(Policy::parse(text).unwrap())
}

/// A host that is ready for everything.
fn here(policy: &Trusted) -> Circumstances<'_> {
    Circumstances {
        now: Some(now()),
        born_at: Some(now() - TimeDelta::days(30)),
        policy,
        running: 0,
        in_last_minute: 0,
    }
}

fn check(
    signer: &Signer,
    order: &Order,
    keys: &OrderKeys,
    here: &Circumstances<'_>,
) -> Result<Order, Refused> {
    let signed = signer.sign(order);
    let signed = Signed {
        content: &signed.content,
        signature: &signed.signature,
    };
    decide(signed, keys, here)
}

/// As the desk does.
fn decide(
    signed: Signed<'_>,
    keys: &OrderKeys,
    here: &Circumstances<'_>,
) -> Result<Order, Refused> {
    let order = open(signed, keys, ME)?;
    admit(&order, here)?;
    Ok(order)
}

#[test]
fn an_order_that_is_right_in_everything_is_obeyed() {
    let (signer, order, usual) = (Signer::new(), order(now()), policy(""));
    let obeyed = check(&signer, &order, &signer.keys(), &here(&usual));
    assert_eq!(obeyed.unwrap(), order);
}

#[test]
fn each_thing_that_is_wrong_has_its_own_reason() {
    let signer = Signer::new();
    let usual = policy("");
    let unusable = Err((Refusal::PolicyUnusable, "mode 666".to_owned()));
    let disabled = Err((Refusal::Disabled, String::new()));
    let of = |change: &dyn Fn(&mut Order)| {
        let mut order = order(now());
        change(&mut order);
        order
    };
    let right = || of(&|_| {});
    let start_failure = |unit: &str| {
        let json = format!(r#"{{"analysis":"diagnose-start-failure","unit":"{unit}"}}"#);
        serde_json::from_str::<Question>(&json).unwrap()
    };
    let (no_d0, deny) = (policy("tiers = ['D1']"), policy("deny = ['analyze-ptree']"));
    let single = policy("tiers = []\nallow = ['analyze-ptree']");
    let (bob, ann) = (
        policy("requesters = ['bob']"),
        policy("requesters = ['ann', 'bob']"),
    );
    let two = policy("max_running = 2\nper_minute = 3");
    let cases: Vec<(&str, Order, Circumstances<'_>, Option<Refusal>)> = vec![
        (
            "for another host",
            of(&|order| order.agent_id = AgentId(Uuid::from_u128(8))),
            here(&usual),
            Some(Refusal::WrongHost),
        ),
        (
            "at its end, to the nanosecond",
            of(&|order| order.not_after = now()),
            here(&usual),
            None,
        ),
        (
            "a nanosecond late",
            of(&|order| order.not_after = now() - TimeDelta::nanoseconds(1)),
            here(&usual),
            Some(Refusal::Expired),
        ),
        (
            "the server never told the time",
            right(),
            Circumstances {
                now: None,
                ..here(&usual)
            },
            Some(Refusal::Expired),
        ),
        (
            "issued when the memory began",
            right(),
            Circumstances {
                born_at: Some(now()),
                ..here(&usual)
            },
            Some(Refusal::Replayed),
        ),
        (
            "no memory",
            right(),
            Circumstances {
                born_at: None,
                ..here(&usual)
            },
            Some(Refusal::Replayed),
        ),
        (
            "unusable policy",
            right(),
            here(&unusable),
            Some(Refusal::PolicyUnusable),
        ),
        (
            "disabled",
            right(),
            here(&disabled),
            Some(Refusal::Disabled),
        ),
        ("tier", right(), here(&no_d0), Some(Refusal::Policy)),
        ("denied", right(), here(&deny), Some(Refusal::Policy)),
        (
            "another is denied",
            of(&|order| order.question = start_failure("nginx.service")),
            here(&deny),
            None,
        ),
        ("allowed alone", right(), here(&single), None),
        (
            "another is allowed alone",
            of(&|order| order.question = start_failure("nginx.service")),
            here(&single),
            Some(Refusal::Policy),
        ),
        (
            "not this requester",
            right(),
            here(&bob),
            Some(Refusal::Policy),
        ),
        ("one of the requesters", right(), here(&ann), None),
        (
            "room for one",
            right(),
            Circumstances {
                running: 1,
                ..here(&two)
            },
            None,
        ),
        (
            "no room",
            right(),
            Circumstances {
                running: 2,
                ..here(&two)
            },
            Some(Refusal::TooMany),
        ),
        (
            "the last of a minute",
            right(),
            Circumstances {
                in_last_minute: 2,
                ..here(&two)
            },
            None,
        ),
        (
            "too many in a minute",
            right(),
            Circumstances {
                in_last_minute: 3,
                ..here(&two)
            },
            Some(Refusal::TooMany),
        ),
    ];
    for (name, order, here, expected) in cases {
        let answer = check(&signer, &order, &signer.keys(), &here);
        let reason = answer.as_ref().err().map(|refused| refused.reason);
        assert_eq!(reason, expected, "{name}: {answer:?}");
        if let Err(refused) = answer {
            assert_eq!(refused.order_id, Some(order.order_id), "{name}");
        }
    }
}

#[test]
fn what_a_newer_server_asks_is_not_understood_but_answered() {
    let (signer, usual) = (Signer::new(), policy(""));
    let order = order(now());
    let json = serde_json::to_string(&order).unwrap();
    let cases = [
        json.replace("analyze-ptree", "restart-unit"),
        json.replacen('{', r#"{"force":true,"#, 1),
        json.replace(r#""pid":null"#, r#""command":"reboot""#),
    ];
    for content in cases {
        assert_ne!(content, json);
        let signature = signer.sign_bytes(content.as_bytes());
        let signed = Signed {
            content: content.as_bytes(),
            signature: &signature,
        };
        let refused = decide(signed, &signer.keys(), &here(&usual)).unwrap_err();
        assert_eq!(refused.reason, Refusal::NotUnderstood, "{content}");
        assert_eq!(refused.order_id, Some(order.order_id), "{content}");
    }
    let long = vec![b' '; MAX_CONTENT_BYTES + 1];
    let signature = signer.sign_bytes(&long);
    let signed = Signed {
        content: &long,
        signature: &signature,
    };
    let refused = decide(signed, &signer.keys(), &here(&usual)).unwrap_err();
    assert_eq!(refused.reason, Refusal::NotUnderstood);
}
