//! What `new` has to know: from a flag, from whoever sits there, or as it usually is.

use std::io::{self, IsTerminal, Write};

use crate::cli::Out;
use crate::cli::interrupt::interrupted;
use crate::cli::out::printable;
use crate::problem::{Exit, Problem};

/// Whoever can be asked.
pub(super) struct Somebody<'a> {
    out: &'a Out,
    there: bool,
}

impl<'a> Somebody<'a> {
    /// There is nobody with `--yes` and `--json`, or without a terminal.
    pub(super) fn new(out: &'a Out, yes: bool) -> Self {
        let there = !yes && !out.json && io::stdin().is_terminal() && out.errors_on_terminal;
        Self { out, there }
    }

    /// The value of a flag if it is given, else an answer, which may be just Enter for what is usual.
    /// A wrong answer is asked for again; a wrong flag ends the command.
    pub(super) fn give(
        &self,
        what: &str,
        flag: Option<String>,
        usual: String,
        check: impl Fn(&str) -> Result<(), String>,
    ) -> Result<String, Problem> {
        if flag.is_some() || !self.there {
            let given = flag.unwrap_or(usual);
            let wrong = |why| Problem::new("usage", Exit::Usage, format!("{what}: {why}"));
            return check(&given).map(|()| given).map_err(wrong);
        }
        loop {
            // Nobody can be told that stderr is gone.
            let _ = write!(io::stderr(), "{what} [{}]: ", printable(&usual));
            let mut answer = String::new();
            if io::stdin().read_line(&mut answer).unwrap_or(0) == 0 {
                self.out.note("");
                return Err(interrupted("Nothing was written"));
            }
            let answer = answer.trim();
            let answer = if answer.is_empty() { usual.as_str() } else { answer };
            match check(answer) {
                Ok(()) => return Ok(answer.to_owned()),
                Err(why) => self.out.note(format_args!("  {}", printable(&why))),
            }
        }
    }
}
