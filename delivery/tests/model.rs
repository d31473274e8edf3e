//! Agent, network and server under every fault there is, in any order.

mod support;

use delivery::Rules;
use proptest::prelude::*;
use support::action::Action;
use support::oracle::{actions, check, shrunk};
use support::world::Breakage;

#[test]
fn seeds_lose_nothing_and_double_nothing() {
    for seed in 0..1500 {
        let (rules, breakage) = (Rules::default(), Breakage::default());
        if check(seed, &actions(seed), rules, breakage).is_err() {
            panic!("{}", shrunk(seed, actions(seed), rules, breakage));
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
