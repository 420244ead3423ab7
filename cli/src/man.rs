//! `bowline man`: manual pages, written from what `--help` says.

use std::fs;
use std::io;
use std::path::Path;

use bowline_shell::files::write_readable;
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::args::{self, Arguments};
use crate::exit::{self, Failure};
use crate::{output, show};

pub(crate) fn man(options: &args::Man) -> Result<u8, Failure> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    let Some(dir) = &options.dir else {
        let page = page(&command).map_err(|error| Failure::new(exit::FAILURES, error))?;
        output::bytes(&page)?;
        return Ok(exit::DONE);
    };
    fs::create_dir_all(dir).map_err(|error| cannot("create", dir, &error))?;
    let mut written = 0;
    write(&command, dir, &mut written)?;
    output::say(format_args!("{written} pages are in {}", show::path(dir)));
    Ok(exit::DONE)
}

/// The page of a command, and those of the commands inside it.
fn write(command: &Command, dir: &Path, written: &mut usize) -> Result<(), Failure> {
    let path = dir.join(Man::new(command.clone()).get_filename());
    let page = page(command).map_err(|error| cannot("write", &path, &error))?;
    // Root writes through no link, and into no directory, of somebody else.
    write_readable(&path, &page).map_err(|error| Failure::new(exit::FAILURES, error))?;
    *written += 1;
    command.get_subcommands().try_for_each(|inner| write(inner, dir, written))
}

fn cannot(doing: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::new(exit::FAILURES, format!("cannot {doing} {}: {error}", show::path(path)))
}

/// One page. What stands below the options in `--help` keeps its lines: they are examples.
fn page(command: &Command) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone()).source(concat!("bowline ", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut roff = Roff::new();
    roff.control("SH", ["EXAMPLES"]);
    roff.control("nf", []);
    let below = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    for line in below.lines().filter(|line| !line.starts_with("Example")) {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff.to_writer(&mut page)?;
    page.push(b'\n');
    Ok(page)
}
