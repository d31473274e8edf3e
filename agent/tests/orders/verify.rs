//! Which orders a host obeys.

use agent::orders::{
    keys::OrderKeys,
    policy::Policy,
    verify::{Circumstances, MAX_CONTENT_BYTES, Refused, Signed, verify},
};
use analysis::{
    Timestamp,
    identity::{AgentId, OrderId},
    order::{Order, Refusal},
    question::Question,
};
use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;
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
        seen: false,
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
    verify(signed, keys, ME, here)
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
            "seen before",
            right(),
            Circumstances {
                seen: true,
                ..here(&usual)
            },
            Some(Refusal::Replayed),
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
        let refused = verify(signed, &signer.keys(), ME, &here(&usual)).unwrap_err();
        assert_eq!(refused.reason, Refusal::NotUnderstood, "{content}");
        assert_eq!(refused.order_id, Some(order.order_id), "{content}");
    }
    let long = vec![b' '; MAX_CONTENT_BYTES + 1];
    let signature = signer.sign_bytes(&long);
    let signed = Signed {
        content: &long,
        signature: &signature,
    };
    let refused = verify(signed, &signer.keys(), ME, &here(&usual)).unwrap_err();
    assert_eq!(refused.reason, Refusal::NotUnderstood);
}

/// What somebody may do to an order who lacks the key, or has only a used one.
#[derive(Clone, Debug)]
enum Attack {
    FlipContent(usize, u8),
    FlipSignature(usize, u8),
    CutContent(usize),
    CutSignature(usize),
    Append(Vec<u8>),
    Garbage(Vec<u8>, Vec<u8>),
    /// Signed by another key.
    OtherKey,
    /// Signed by the right key, but as something else than an order.
    NoPrefix,
    /// A right signature of another order.
    OtherSignature,
    /// Changed in its meaning, with the old signature.
    Reworded,
    OtherHost(u128),
    Late(i64),
    Replay,
    BeforeMemory(i64),
}

fn attacks() -> impl Strategy<Value = Attack> {
    let flip = || (any::<usize>(), 0..8_u8);
    let bytes = || prop::collection::vec(any::<u8>(), 0..200);
    prop_oneof![
        flip().prop_map(|(at, bit)| Attack::FlipContent(at, bit)),
        flip().prop_map(|(at, bit)| Attack::FlipSignature(at, bit)),
        any::<usize>().prop_map(Attack::CutContent),
        (0..64_usize).prop_map(Attack::CutSignature),
        prop::collection::vec(any::<u8>(), 1..20).prop_map(Attack::Append),
        (bytes(), bytes()).prop_map(|(content, signature)| Attack::Garbage(content, signature)),
        Just(Attack::OtherKey),
        Just(Attack::NoPrefix),
        Just(Attack::OtherSignature),
        Just(Attack::Reworded),
        any::<u128>()
            .prop_filter("that is us", |id| AgentId(Uuid::from_u128(*id)) != ME)
            .prop_map(Attack::OtherHost),
        (1..1_000_000_000_000_i64).prop_map(Attack::Late),
        Just(Attack::Replay),
        (0..1_000_000_000_000_i64).prop_map(Attack::BeforeMemory),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn no_forged_changed_cut_replayed_late_or_foreign_order_is_obeyed(
        attack in attacks(),
        id in any::<u128>(),
        key in prop::sample::select(vec![0_usize, 1]),
    ) {
        let signers = signers();
        let (signer, other) = (&signers[key], &signers[1 - key]);
        let mut order = order(now());
        order.order_id = OrderId(Uuid::from_u128(id));
        let usual = policy("");
        let mut here = here(&usual);
        match &attack {
            Attack::OtherHost(id) => order.agent_id = AgentId(Uuid::from_u128(*id)),
            Attack::Late(by) => order.not_after = now() - TimeDelta::nanoseconds(*by),
            Attack::Replay => here.seen = true,
            Attack::BeforeMemory(by) => {
                here.born_at = Some(order.issued_at + TimeDelta::nanoseconds(*by));
            }
            _ => {}
        }
        let signed = signer.sign(&order);
        let (mut content, mut signature) = (signed.content.to_vec(), signed.signature.to_vec());
        match &attack {
            Attack::FlipContent(at, bit) => {
                let at = at % content.len();
                content[at] ^= 1 << bit;
            }
            Attack::FlipSignature(at, bit) => signature[at % 64] ^= 1 << bit,
            Attack::CutContent(to) => content.truncate(to % content.len()),
            Attack::CutSignature(to) => signature.truncate(*to),
            Attack::Append(bytes) => content.extend(bytes),
            Attack::Garbage(bytes, signed) => (content, signature) = (bytes.clone(), signed.clone()),
            Attack::OtherKey => signature = other.sign_bytes(&content),
            Attack::NoPrefix => signature = signer.sign_plainly(&content),
            Attack::OtherSignature => signature = signer.sign_bytes(b"{}"),
            Attack::Reworded => {
                let text = String::from_utf8(content).unwrap();
                content = text.replace("ann", "bob").into_bytes();
            }
            _ => {}
        }
        let forged = Signed { content: &content, signature: &signature };
        let answer = verify(forged, &signer.keys(), ME, &here);
        let expected = match attack {
            Attack::OtherHost(_) => Refusal::WrongHost,
            Attack::Late(_) => Refusal::Expired,
            Attack::Replay | Attack::BeforeMemory(_) => Refusal::Replayed,
            _ => Refusal::BadSignature,
        };
        prop_assert_eq!(answer.map_err(|refused| refused.reason), Err(expected));
    }
}

/// Made once: 10,000 pairs of keys would prove nothing more.
fn signers() -> &'static [Signer; 2] {
    static SIGNERS: std::sync::LazyLock<[Signer; 2]> =
        std::sync::LazyLock::new(|| [Signer::new(), Signer::new()]);
    &SIGNERS
}
