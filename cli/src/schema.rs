//! `aiops schema`: what the JSON of a report looks like.

use analysis::question::Analysis;

use crate::{
    context::Context,
    exit::{Exit, Failure},
    message::say,
};

pub fn show(context: &Context, report: Option<&str>) -> Result<Exit, Failure> {
    let Some(name) = report else {
        let names = Analysis::ALL.iter().map(|known| known.name());
        let names: Vec<&str> = names.collect();
        context
            .printer
            .report(&names, |_| names.join("\n") + "\n")?;
        return Ok(Exit::Fine);
    };
    let analysis = Analysis::from_name(name).ok_or_else(|| {
        let message = say("cli-no-such-report").with("name", name);
        Failure::new(Exit::Usage, message).hint(say("cli-no-such-report-hint"))
    })?;
    let schema = analysis.report_schema();
    context
        .printer
        .report(&schema, |_| format!("{schema:#}\n"))?;
    Ok(Exit::Fine)
}
