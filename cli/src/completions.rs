//! `bowline completions`: what a shell needs to complete the command line.

use clap::CommandFactory;
use clap_complete::Generator;

use crate::args::{self, Arguments};
use crate::exit::{self, Failure};
use crate::output;

pub(crate) fn completions(options: &args::Completions) -> Result<u8, Failure> {
    let mut command = Arguments::command();
    command.set_bin_name("bowline");
    command.build();
    let mut script = Vec::new();
    options
        .shell
        .try_generate(&command, &mut script)
        .map_err(|error| Failure::new(exit::FAILURES, error))?;
    output::bytes(&script)?;
    Ok(exit::DONE)
}
