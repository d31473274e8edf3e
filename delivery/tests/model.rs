//! Agent, network and server under every fault there is, in any order.

mod support;

use delivery::Rules;
use proptest::prelude::*;
use support::action::{Action, Fate};
use support::oracle::{actions, check, shrunk};
use support::world::Breakage;

#[test]
fn seeds_lose_nothing_and_double_nothing() {
    pass(0..1500);
}

#[test]
#[ignore = "takes minutes; FIRST_SEED=1500 cargo nextest run -p delivery --run-ignored only"]
fn many_more_seeds_lose_nothing_and_double_nothing() {
    let first = std::env::var("FIRST_SEED").map_or(1500, |seed| seed.parse().unwrap());
    pass(first..first + 30_000);
}

fn pass(seeds: std::ops::Range<u64>) {
    let (rules, breakage) = (Rules::default(), Breakage::default());
    for seed in seeds {
        let happened = actions(seed);
        if check(seed, &happened, rules, breakage).is_err() {
            panic!("{}", shrunk(seed, happened, rules, breakage));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// The same with shrinking: a failure is printed as a short list of actions.
    #[test]
    fn any_history_loses_nothing_and_doubles_nothing(
        seed in 0u64..1000,
        numbers in prop::collection::vec(any::<u64>(), 0..120),
    ) {
        let actions: Vec<Action> = numbers.into_iter().map(Action::from_number).collect();
        let checked = check(seed, &actions, Rules::default(), Breakage::default());
        prop_assert!(checked.is_ok(), "{checked:?}\n{actions:#?}");
    }
}

/// Events of the log that the server has stored, found on the disk by an agent that never heard of
/// that, while the disk takes nothing and memory is full; then the power goes.
#[test]
fn what_was_found_on_the_disk_is_not_dropped_from_memory() {
    let numbers: [u64; 22] = [
        12823573534540778450,
        5501521842384112012,
        16368109978888614888,
        11620066097862656322,
        3646288585040214400,
        12511957810083857497,
        7901608886830174012,
        5631373338814188332,
        14331705498951983442,
        5255806322649105051,
        13726730053952098257,
        8013415795173847370,
        5645605062976918300,
        7142879420360000357,
        13491235069765178270,
        11083056043010437088,
        2760987041971288327,
        17999546401666533397,
        14373606652695516324,
        5307444991655310531,
        6079703020714066010,
        13073639305040663090,
    ];
    let actions = numbers.map(Action::from_number);
    let checked = check(74, &actions, Rules::default(), Breakage::default());
    assert!(checked.is_ok(), "{checked:?}\n{actions:#?}");
}

/// An event of the log that the server has stored and not acknowledged is dropped from the last
/// segment, to make room; then the agent is killed, and reads the log from where the spool says.
#[test]
fn what_is_dropped_from_the_last_segment_is_not_read_again() {
    let actions = [
        Action::Log(1),
        Action::Read(4),
        Action::Drain,
        Action::Connect {
            welcome_lost: false,
        },
        Action::Process(4),
        Action::Send,
        Action::FailSyncs(4),
        Action::Deliver {
            from_old_stream: false,
            fate: Fate::StoredUnanswered,
        },
        Action::Sync,
        Action::Process(2),
        Action::Process(4),
        Action::Process(2),
        Action::Process(3),
        Action::Kill,
    ];
    let checked = check(318_381, &actions, Rules::default(), Breakage::default());
    assert!(checked.is_ok(), "{checked:?}");
}
