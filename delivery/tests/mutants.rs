//! Breaks one rule at a time, then two, and demands that the model notices each time.
//!
//! Two layers often hide each other's faults: full resend and no dedup are both harmless alone as
//! far as counting rows goes. So the model also checks every step, and no single mutant may live.

mod support;

use delivery::{Rule, Rules};
use support::oracle::{actions, check};
use support::world::Breakage;

/// A mutant that lives through so many seeds is not noticed.
const SEEDS: u64 = 4000;

const RULES: [Rule; 20] = [
    Rule::SyncBeforeSend,
    Rule::DirectorySync,
    Rule::Checksum,
    Rule::NewFileAfterSyncError,
    Rule::NeverReuseSeq,
    Rule::DeleteOnlyAcked,
    Rule::DeclareDrops,
    Rule::HoleForcesEpoch,
    Rule::CarryOver,
    Rule::HoldStaleSources,
    Rule::ChainCheck,
    Rule::ResumeAtAcked,
    Rule::RaiseWhenBehind,
    Rule::RaiseOnOtherEpoch,
    Rule::RaiseAboveBoth,
    Rule::Fencing,
    Rule::EpochCheck,
    Rule::GapCheck,
    Rule::Dedup,
    Rule::LookupCarried,
];

const ACK_BEFORE_COMMIT: Breakage = Breakage {
    ack_before_commit: true,
    ..NOTHING
};
const CURSOR_APART_ON_SERVER: Breakage = Breakage {
    cursor_in_its_own_transaction: true,
    ..NOTHING
};
const CURSOR_APART_ON_AGENT: Breakage = Breakage {
    cursor_in_its_own_file: true,
    ..NOTHING
};
const NOTHING: Breakage = Breakage {
    ack_before_commit: false,
    cursor_in_its_own_transaction: false,
    cursor_in_its_own_file: false,
};

#[test]
fn every_rule_is_needed() {
    for rule in RULES {
        notices(&[rule], NOTHING);
    }
}

#[test]
fn every_breakage_outside_the_core_is_noticed() {
    for breakage in [
        ACK_BEFORE_COMMIT,
        CURSOR_APART_ON_SERVER,
        CURSOR_APART_ON_AGENT,
    ] {
        notices(&[], breakage);
    }
}

#[test]
fn pairs_are_noticed() {
    let pairs = [
        (vec![Rule::ResumeAtAcked, Rule::Dedup], NOTHING),
        (vec![Rule::GapCheck], ACK_BEFORE_COMMIT),
        (vec![Rule::Dedup], ACK_BEFORE_COMMIT),
        (vec![Rule::Fencing, Rule::EpochCheck], NOTHING),
        (vec![Rule::Fencing, Rule::Dedup], NOTHING),
        (vec![Rule::RaiseWhenBehind, Rule::ChainCheck], NOTHING),
        (vec![Rule::SyncBeforeSend, Rule::ChainCheck], NOTHING),
        (vec![Rule::CarryOver, Rule::LookupCarried], NOTHING),
        (vec![Rule::NeverReuseSeq, Rule::ChainCheck], NOTHING),
        (vec![Rule::DeleteOnlyAcked], ACK_BEFORE_COMMIT),
        (vec![Rule::HoldStaleSources], CURSOR_APART_ON_AGENT),
        (vec![Rule::Checksum, Rule::HoleForcesEpoch], NOTHING),
    ];
    for (rules, breakage) in pairs {
        notices(&rules, breakage);
    }
}

/// Panics unless some seed fails under the mutant that passes without it.
fn notices(broken: &[Rule], breakage: Breakage) {
    let rules = broken
        .iter()
        .fold(Rules::default(), |rules, rule| rules.without(*rule));
    let fails = |seed: &u64| check(*seed, &actions(*seed), rules, breakage).is_err();
    let Some(seed) = (0..SEEDS).find(fails) else {
        panic!("{broken:?} with {breakage:?} lived through {SEEDS} seeds");
    };
    let sound = check(seed, &actions(seed), Rules::default(), NOTHING);
    assert_eq!(
        sound,
        Ok(()),
        "seed {seed} also fails with all rules in force"
    );
    // For whoever reads the output: which check it was that noticed.
    println!(
        "{broken:?} {breakage:?}: seed {seed}: {:?}",
        check(seed, &actions(seed), rules, breakage)
    );
}
