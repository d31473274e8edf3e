//! `aiops inquiry ...`

use analysis::identity::InquiryId;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum InquiryCommand {
    /// The questions of late, the newest first
    List {
        /// At most so many
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// A question and the answers; one host's report in full with --host
    Show { id: InquiryId },
    /// Stop it on the hosts that have not answered
    Cancel { id: InquiryId },
}
