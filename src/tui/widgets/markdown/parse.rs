//! From Markdown's text to blocks.

use pulldown_cmark::{
    Alignment as MarkdownAlignment, BlockQuoteKind, CodeBlockKind, Event, Options, Parser, Tag,
    TagEnd,
};

use super::{Admonition, Alignment, Block, Code, Document, Item, Look, Run, Table, Text};

/// A lesson's text beyond this is left out: it would be some sixty pages.
const MAX_LENGTH: usize = 1 << 18;

/// Lists and quotations nested deeper are shown at this depth.
const MAX_DEPTH: usize = 8;

pub(super) fn parse(markdown: &str) -> Document {
    let markdown = &markdown[..markdown.floor_char_boundary(MAX_LENGTH)];
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_GFM;
    let mut builder = Builder::default();
    for event in Parser::new_ext(markdown, options) {
        builder.event(event);
    }
    builder.finish()
}

/// A block that is open, and what it holds so far.
enum Open {
    List {
        first: Option<u64>,
        loose: bool,
        items: Vec<Item>,
    },
    Item(Item),
    Quote {
        note: Option<Admonition>,
        blocks: Vec<Block>,
    },
    /// One that is nested too deep: what it holds goes to the one outside.
    Transparent,
}

#[derive(Default)]
struct Builder {
    document: Vec<Block>,
    open: Vec<Open>,
    /// The running text that is being collected.
    text: Text,
    strong: usize,
    emphasis: usize,
    strike: usize,
    links: Vec<usize>,
    targets: Vec<String>,
    code: Vec<Code>,
    /// The code block that is being collected.
    fenced: Option<Code>,
    table: Table,
    row: Vec<Text>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.fenced.is_some() => {
                self.fenced.iter_mut().for_each(|code| code.text.push_str(&text));
            }
            Event::Text(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.push(&text, false);
            }
            Event::Code(text) => self.push(&text, true),
            Event::InlineHtml(text) | Event::Html(text)
                if !text.trim_start().starts_with("<!--") =>
            {
                self.push(&text, false);
            }
            Event::FootnoteReference(name) => self.push(&format!("[{name}]"), false),
            Event::SoftBreak => self.push(" ", false),
            Event::HardBreak => self.text.push(Run { text: "\n".to_owned(), ..Run::default() }),
            Event::Rule => {
                self.end_paragraph();
                self.add(Block::Rule);
            }
            Event::TaskListMarker(done) => {
                if let Some(Open::Item(item)) = self.open.last_mut() {
                    item.done = Some(done);
                }
            }
            Event::InlineHtml(_) | Event::Html(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Strong => self.strong += 1,
            Tag::Emphasis => self.emphasis += 1,
            Tag::Strikethrough => self.strike += 1,
            Tag::Link { dest_url, .. } => {
                self.links.push(self.targets.len());
                self.targets.push(printable(&dest_url));
            }
            Tag::Image { .. } => self.push("[image: ", false),
            Tag::CodeBlock(kind) => {
                self.end_paragraph();
                let info = match &kind {
                    CodeBlockKind::Fenced(info) => printable(info),
                    CodeBlockKind::Indented => String::new(),
                };
                let (language, title) = info.trim().split_once(' ').unwrap_or((info.trim(), ""));
                let (language, title) = (language.to_owned(), title.trim().to_owned());
                self.fenced = Some(Code { language, title, text: String::new() });
            }
            Tag::List(first) => self.open(Open::List { first, loose: false, items: Vec::new() }),
            Tag::Item => self.open(Open::Item(Item::default())),
            Tag::BlockQuote(kind) => {
                self.open(Open::Quote { note: kind.map(Admonition::from), blocks: Vec::new() });
            }
            Tag::Table(alignments) => {
                self.end_paragraph();
                let alignments = alignments.into_iter().map(Alignment::from).collect();
                self.table = Table { alignments, ..Table::default() };
            }
            Tag::Paragraph => {
                self.end_paragraph();
                // An item with paragraphs makes its list one with air between the items.
                if let [.., Open::List { loose, .. }, Open::Item(_)] = self.open.as_mut_slice() {
                    *loose = true;
                }
            }
            _ => self.end_paragraph(),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Strong => self.strong = self.strong.saturating_sub(1),
            TagEnd::Emphasis => self.emphasis = self.emphasis.saturating_sub(1),
            TagEnd::Strikethrough => self.strike = self.strike.saturating_sub(1),
            TagEnd::Link => drop(self.links.pop()),
            TagEnd::Image => self.push("]", false),
            TagEnd::Heading(level) => {
                let text = std::mem::take(&mut self.text);
                self.add(Block::Heading { level: level as u8, text });
            }
            TagEnd::CodeBlock => {
                if let Some(mut code) = self.fenced.take() {
                    code.text = printable_lines(&code.text);
                    self.add(Block::Code(self.code.len()));
                    self.code.push(code);
                }
            }
            TagEnd::TableCell => self.row.push(std::mem::take(&mut self.text)),
            TagEnd::TableHead => self.table.head = std::mem::take(&mut self.row),
            TagEnd::TableRow => self.table.rows.push(std::mem::take(&mut self.row)),
            TagEnd::Table => {
                let table = std::mem::take(&mut self.table);
                self.add(Block::Table(table));
            }
            TagEnd::List(_) | TagEnd::Item | TagEnd::BlockQuote(_) => self.close(),
            _ => self.end_paragraph(),
        }
    }

    fn push(&mut self, text: &str, code: bool) {
        let (strong, emphasis) = (self.strong > 0, self.emphasis > 0);
        let look = Look { strong, emphasis, strike: self.strike > 0, code };
        self.text.push(Run { text: printable(text), look, link: self.links.last().copied() });
    }

    fn end_paragraph(&mut self) {
        let text = std::mem::take(&mut self.text);
        if text.iter().any(|run| !run.text.trim().is_empty()) {
            self.add(Block::Paragraph(text));
        }
    }

    fn open(&mut self, block: Open) {
        self.end_paragraph();
        // A list and its items are one depth.
        let depth = self.open.iter().filter(|open| !matches!(open, Open::Item(_))).count();
        let inside = !matches!(self.open.last(), Some(Open::Transparent));
        let fits = inside && (depth < MAX_DEPTH || matches!(block, Open::Item(_)));
        self.open.push(if fits { block } else { Open::Transparent });
    }

    fn close(&mut self) {
        self.end_paragraph();
        match self.open.pop() {
            Some(Open::List { first, loose, items }) => {
                self.add(Block::List { first, loose, items });
            }
            Some(Open::Quote { note, blocks }) => self.add(quote(note, blocks)),
            Some(Open::Item(item)) => {
                if let Some(Open::List { items, .. }) = self.open.last_mut() {
                    items.push(item);
                }
            }
            Some(Open::Transparent) | None => {}
        }
    }

    fn add(&mut self, block: Block) {
        let holder = self.open.iter_mut().rev().find_map(|open| match open {
            Open::Item(item) => Some(&mut item.blocks),
            Open::Quote { blocks, .. } => Some(blocks),
            Open::List { .. } | Open::Transparent => None,
        });
        holder.unwrap_or(&mut self.document).push(block);
    }

    fn finish(mut self) -> Document {
        self.end_paragraph();
        let Self { document: blocks, code, targets, .. } = self;
        Document { blocks, code, targets, highlights: Vec::new() }
    }
}

/// A quotation. One that begins with **Note**, **Warning** … is such a note, as most renderers know
/// only quotations.
fn quote(note: Option<Admonition>, mut blocks: Vec<Block>) -> Block {
    if note.is_none()
        && let Some(Block::Paragraph(text)) = blocks.first_mut()
        && let Some(note) = text.first().filter(|run| run.look.strong).and_then(Admonition::named)
    {
        text.remove(0);
        if let Some(next) = text.first_mut() {
            next.text = next.text.trim_start_matches([':', ' ']).to_owned();
        }
        if text.iter().all(|run| run.text.trim().is_empty()) {
            blocks.remove(0);
        }
        return Block::Quote { note: Some(note), blocks };
    }
    Block::Quote { note, blocks }
}

impl Admonition {
    fn named(run: &Run) -> Option<Self> {
        match run.text.trim().trim_end_matches(':').to_lowercase().as_str() {
            "note" => Some(Self::Note),
            "tip" => Some(Self::Tip),
            "important" => Some(Self::Important),
            "warning" => Some(Self::Warning),
            "caution" => Some(Self::Caution),
            _ => None,
        }
    }
}

impl From<BlockQuoteKind> for Admonition {
    fn from(kind: BlockQuoteKind) -> Self {
        match kind {
            BlockQuoteKind::Note => Self::Note,
            BlockQuoteKind::Tip => Self::Tip,
            BlockQuoteKind::Important => Self::Important,
            BlockQuoteKind::Warning => Self::Warning,
            BlockQuoteKind::Caution => Self::Caution,
        }
    }
}

impl From<MarkdownAlignment> for Alignment {
    fn from(alignment: MarkdownAlignment) -> Self {
        match alignment {
            MarkdownAlignment::Center => Self::Center,
            MarkdownAlignment::Right => Self::Right,
            MarkdownAlignment::Left | MarkdownAlignment::None => Self::Left,
        }
    }
}

/// Text with what must not reach a terminal replaced, line ends and tabs by spaces.
fn printable(text: &str) -> String {
    text.chars().filter_map(shown).map(|c| if matches!(c, '\n' | '\t') { ' ' } else { c }).collect()
}

/// The same for code, whose line ends and tabs count.
fn printable_lines(text: &str) -> String {
    let text: String = text.replace("\r\n", "\n").chars().filter_map(shown).collect();
    text.strip_suffix('\n').map(str::to_owned).unwrap_or(text)
}

/// What stands for a character; `None` for those that only say how another is presented, which
/// terminals disagree on the width of.
fn shown(c: char) -> Option<char> {
    match c {
        '\n' | '\t' => Some(c),
        '\u{fe00}'..='\u{fe0f}' | '\u{200d}' | '\u{feff}' => None,
        c if c.is_control() => Some('\u{fffd}'),
        // They turn the order of what is around them.
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some('\u{fffd}')
        }
        c => Some(c),
    }
}
