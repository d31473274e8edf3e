//! The catalogue of analyses, a line for each: from it come [`crate::question`] and
//! [`crate::report`].
//!
//! A new analysis adds a line here, and what the line names:
//!
//! - the question's type, with `check` (is it one?) and [`std::fmt::Display`] (as one would type it);
//! - the report's type, with `health` (what an operator has to think of it) and
//!   [`crate::text::report::AsText`];
//! - an arm in `collect::answer`, which reads the facts, and a command in `cli`.
//!
//! The page shows the text of every report; one that is worth a picture gets a view in `web/src/report`.

/// Calls the macro `$then` with the catalogue:
/// `Name(Question) -> Report: "name-on-the-wire", tier, longest run in seconds;`
macro_rules! with_catalogue {
    ($then:ident) => {
        $then! {
            AnalyzeRestarts(RestartsAsked) -> RestartReport: "analyze-restarts", D0, 60;
            AnalyzeCrash(CrashAsked) -> CrashReport: "analyze-crash", D0, 60;
            AnalyzeProcess(crate::resources::ResourcesAsked) -> crate::resources::Resources: "analyze-process", D0, 75;
            AnalyzePtree(ProcessTreeAsked) -> ProcessTree: "analyze-ptree", D0, 15;
            AnalyzeService(ServiceAsked) -> ServiceReport: "analyze-service", D0, 15;
            AnalyzeBehavior(BehaviorAsked) -> Behavior: "analyze-behavior", D1, 660;
            AnalyzeBehaviorTraced(TracedBehaviorAsked) -> TracedBehavior: "analyze-behavior-traced", D2, 660;
            InspectProcess(InspectionAsked) -> Inspection: "inspect-process", D0, 15;
            InspectProcessStack(StackInspectionAsked) -> StackInspection: "inspect-process-stack", D2, 60;
            AnalyzeSystem(crate::machine::MachineAsked) -> crate::machine::Machine: "analyze-system", D0, 30;
            AnalyzeZombies(crate::zombies::ZombiesAsked) -> crate::zombies::Zombies: "analyze-zombies", D0, 20;
            CollectProcesses(crate::processes::ProcessesAsked) -> crate::processes::Processes: "collect-processes", D0, 630;
            ProfileProcess(ProfileAsked) -> Profile: "profile-process", D1, 720;
            DiagnoseStartFailure(StartFailureAsked) -> StartFailure: "diagnose-start-failure", D0, 30;
        }
    };
}

pub(crate) use with_catalogue;
