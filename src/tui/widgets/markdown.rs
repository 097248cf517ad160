//! Lessons: Markdown laid out as lines for a width.
//!
//! [`Document::parse`] is done once for a lesson; [`Document::layout`] once for each width it is
//! shown in, in well under a millisecond. Code is highlighted beside that, on a worker:
//! [`highlight_all`], whose result [`Document::set_highlights`] takes for the next layout.
//!
//! Lessons come from anybody. No line is wider than asked for, no control character is passed on,
//! and nesting and length are bounded.

mod code;
mod layout;
mod parse;
mod style;
mod table;
#[cfg(test)]
mod tests;
mod wrap;

use ratatui::text::Line;

pub use style::MarkdownStyle;

use super::highlight::{self, Tokens};

/// A lesson, parsed.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    blocks: Vec<Block>,
    code: Vec<Code>,
    targets: Vec<String>,
    highlights: Vec<Option<Vec<Tokens>>>,
}

/// A block of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// The first word after the fence, `sh` for example; empty where there is none.
    pub language: String,
    /// What stands after it, the name of a file for example; empty where there is nothing.
    pub title: String,
    /// The code, its lines separated by `\n`, without a last one. No other control characters than
    /// tabs.
    pub text: String,
}

/// A document's lines in one width, and what is where.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layout {
    /// The lines.
    pub lines: Vec<Line<'static>>,
    /// The blocks of code, in order.
    pub code: Vec<CodeBlock>,
    /// The links, one for each line that shows a part of one.
    pub links: Vec<Link>,
    /// The headings, in order.
    pub headings: Vec<Heading>,
}

/// Where a block of code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeBlock {
    /// Its place in [`Document::code`].
    pub index: usize,
    /// The first of its lines, its frame included.
    pub first_line: usize,
    /// The last.
    pub last_line: usize,
}

/// Where a link is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where it leads: a file of the lessons, a web address or whatever else the author wrote.
    pub target: String,
    /// The line.
    pub line: usize,
    /// The columns in it.
    pub columns: std::ops::Range<u16>,
}

/// Where a heading is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// 1 for the title, up to 6.
    pub level: u8,
    /// Its text.
    pub text: String,
    /// The line.
    pub line: usize,
}

impl Document {
    /// Reads a lesson. Whatever the text is, something comes out.
    pub fn parse(markdown: &str) -> Self {
        parse::parse(markdown)
    }

    /// Its blocks of code, in order.
    pub fn code(&self) -> &[Code] {
        &self.code
    }

    /// Takes what [`highlight_all`] made of [`Self::code`]; layouts from now on show it.
    pub fn set_highlights(&mut self, highlights: Vec<Option<Vec<Tokens>>>) {
        self.highlights = highlights;
    }

    /// Lays the document out in `width` columns (at least one).
    pub fn layout(&self, width: u16, style: &MarkdownStyle) -> Layout {
        layout::layout(self, usize::from(width.max(1)), style)
    }
}

/// The parts of each block of code; slow, so for a worker.
pub fn highlight_all(code: &[Code]) -> Vec<Option<Vec<Tokens>>> {
    code.iter().map(|code| highlight::highlight(&code.text, &code.language)).collect()
}

/// A part of a document that stands for itself.
#[derive(Debug, Clone, PartialEq)]
enum Block {
    Heading {
        level: u8,
        text: Text,
    },
    Paragraph(Text),
    /// Its place in [`Document::code`].
    Code(usize),
    List {
        first: Option<u64>,
        loose: bool,
        items: Vec<Item>,
    },
    Quote {
        note: Option<Admonition>,
        blocks: Vec<Block>,
    },
    Table(Table),
    Rule,
}

/// An item of a list.
#[derive(Debug, Clone, PartialEq, Default)]
struct Item {
    /// For a task: whether it is done.
    done: Option<bool>,
    blocks: Vec<Block>,
}

/// A quotation that is a note to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Admonition {
    Note,
    Tip,
    Important,
    Warning,
    Caution,
}

/// A table: each row has as many cells as there are columns.
#[derive(Debug, Clone, PartialEq, Default)]
struct Table {
    alignments: Vec<Alignment>,
    head: Vec<Text>,
    rows: Vec<Vec<Text>>,
}

/// How a column's cells stand in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alignment {
    Left,
    Center,
    Right,
}

/// Running text; a hard line break is a run of `\n`.
type Text = Vec<Run>;

/// Text that looks the same throughout.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Run {
    text: String,
    look: Look,
    /// Its target's place in the document.
    link: Option<usize>,
}

/// How running text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each may stand with each")]
struct Look {
    strong: bool,
    emphasis: bool,
    strike: bool,
    code: bool,
}
