//! Agent, network and server under every fault there is, in any order.

mod support;

use delivery::Rules;
use proptest::prelude::*;
use support::action::Action;
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
