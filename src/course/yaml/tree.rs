//! YAML text as nodes that know where they stand.
//!
//! Built from the events of the parser that `serde_yaml` uses. Aliases are expanded in place, so a
//! tree holds no more than [`MAX_NODES`] nodes however cleverly a file refers to itself.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{
    ErrorKind, Event, Marker, Options, Parser, ScalarStyle, Span, StrInput, StructureStyle, Tag,
};

use super::problems::{Problems, quote};

/// Lists and mappings inside each other. A manifest needs 4; the recursions over a tree are safe on
/// any thread's stack far beyond this.
const MAX_DEPTH: usize = 32;

/// Nodes in one file, aliases counted with all they stand for. The longest manifests have some
/// hundreds; reading this many takes milliseconds.
const MAX_NODES: usize = 20_000;

/// So many bytes of text count as one more node, so that neither can an alias to a long text,
/// repeated, fill the memory.
const BYTES_PER_NODE: usize = 64;

/// A place in a file: 1-based line, and column in characters. 0:0 is the file as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Mark {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl Mark {
    /// Where a byte of a text is.
    pub(crate) fn of(text: &str, byte: usize) -> Self {
        let before = text.get(..byte).unwrap_or_default();
        Self {
            line: before.matches('\n').count() as u32 + 1,
            column: before.chars().rev().take_while(|&c| c != '\n').count() as u32 + 1,
        }
    }
}

/// One value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Where it begins.
    pub(crate) mark: Mark,
    /// The text it is written as.
    pub(crate) bytes: Range<usize>,
    /// What it is.
    pub(crate) kind: Kind,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// A text, number, … : what it is meant as is decided by what is wanted there.
    Scalar {
        /// Without quotes, escapes resolved.
        text: String,
        /// Written without quotes.
        plain: bool,
    },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order written, double keys included.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    /// Where the key stands.
    pub(crate) mark: Mark,
    /// Where the key's text begins.
    pub(crate) start: usize,
    pub(crate) value: Node,
}

impl Node {
    /// What a file with nothing in it holds.
    pub(crate) fn empty() -> Self {
        Self { mark: Mark::default(), bytes: 0..0, kind: Kind::Map(Vec::new()) }
    }

    /// Whether nothing is written here: `key:` and then the next line.
    pub(crate) fn is_blank(&self) -> bool {
        match &self.kind {
            Kind::Scalar { text, plain } => *plain && text.is_empty(),
            Kind::Map(entries) => entries.is_empty() && self.bytes.is_empty(),
            Kind::List(_) => false,
        }
    }

    /// Whether nothing is written here, or one of YAML's words for it.
    pub(crate) fn is_null(&self) -> bool {
        self.is_blank()
            || matches!(&self.kind, Kind::Scalar { text, plain: true } if text == "~" || text == "null")
    }

    /// The value of this key of a mapping.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|e| e.key == key).map(|e| &e.value),
            _ => None,
        }
    }
}

/// A way into a tree that never fails: where there is no such node it stays at the last there is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    node: Option<&'a Node>,
    mark: Mark,
}

impl<'a> At<'a> {
    /// The whole file.
    pub(crate) fn root(node: &'a Node) -> Self {
        Self { node: Some(node), mark: node.mark }
    }

    /// The value of this key.
    pub(crate) fn key(self, key: &str) -> Self {
        self.to(self.node.and_then(|node| node.get(key)))
    }

    /// This key itself, rather than its value.
    pub(crate) fn name(self, key: &str) -> Self {
        let entry = self.entries().iter().find(|entry| entry.key == key);
        Self { node: None, mark: entry.map_or(self.mark, |entry| entry.mark) }
    }

    /// The keys of a mapping, in the order written.
    pub(crate) fn keys(self) -> impl Iterator<Item = &'a str> {
        self.entries().iter().map(|entry| entry.key.as_str())
    }

    /// Every text from here on, keys too, with its place.
    pub(crate) fn texts(self, visit: &mut dyn FnMut(Self, &'a str)) {
        match self.node.map(|node| &node.kind) {
            Some(Kind::Scalar { text, .. }) => visit(self, text),
            Some(Kind::List(items)) => {
                for item in items {
                    self.to(Some(item)).texts(visit);
                }
            }
            Some(Kind::Map(entries)) => {
                for entry in entries {
                    visit(Self { node: None, mark: entry.mark }, &entry.key);
                    self.to(Some(&entry.value)).texts(visit);
                }
            }
            None => {}
        }
    }

    fn entries(self) -> &'a [Entry] {
        match self.node.map(|node| &node.kind) {
            Some(Kind::Map(entries)) => entries,
            _ => &[],
        }
    }

    /// The item at this place of a list.
    pub(crate) fn item(self, index: usize) -> Self {
        self.to(match self.node.map(|node| &node.kind) {
            Some(Kind::List(items)) => items.get(index),
            _ => None,
        })
    }

    /// Where this is.
    pub(crate) fn mark(self) -> Mark {
        self.mark
    }

    fn to(self, node: Option<&'a Node>) -> Self {
        Self { node, mark: node.map_or(self.mark, |node| node.mark) }
    }
}

/// The first character that a terminal would obey, or that would make a reader see another order
/// of characters than is written. Content has no business with either; ends of lines (`\r\n` too)
/// and tabs are fine.
pub(crate) fn hidden_character(text: &str) -> Option<(usize, char)> {
    // Nearly all text is plain ASCII, for which this is all.
    let plain = |b: u8| matches!(b, b' '..=b'~' | b'\n' | b'\t');
    if text.bytes().all(plain) {
        return None;
    }
    text.char_indices().find(|&(at, c)| match c {
        '\n' | '\t' => false,
        '\r' => !text[at..].starts_with("\r\n"),
        '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => true,
        c => c.is_control(),
    })
}

/// The one document in `text`, or `None` with the reason among the problems.
pub(super) fn parse(text: &str, problems: &mut Problems) -> Option<Node> {
    // Not emitted, and thus not limited in number either.
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    let mut builder = Builder {
        text,
        parser: Parser::new_from_str_with_options(text, options),
        anchors: HashMap::new(),
        nodes: 0,
        problems,
    };
    match builder.document() {
        Ok(node) => Some(node),
        Err(Stop { mark, message, help }) => {
            problems.error(mark, message, help.map(str::to_owned));
            None
        }
    }
}

/// What ends the reading of a file.
struct Stop {
    mark: Mark,
    message: String,
    help: Option<&'static str>,
}

impl Stop {
    fn new(mark: Mark, message: impl Into<String>) -> Self {
        Self { mark, message: message.into(), help: None }
    }
}

struct Builder<'a, 'p> {
    text: &'a str,
    parser: Parser<'a, StrInput<'a>>,
    /// What each anchor names, and of how many nodes that consists.
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    problems: &'p mut Problems,
}

impl<'a> Builder<'a, '_> {
    fn document(&mut self) -> Result<Node, Stop> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(root.unwrap_or_else(Node::empty)),
                Event::DocumentStart(..) if root.is_some() => {
                    return Err(Stop {
                        help: Some("remove the --- line and what follows it"),
                        ..Stop::new(mark(&span), "a second document begins here")
                    });
                }
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                event => root = Some(self.node(event, &span, 0)?),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Stop> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => {
                let mark = at(error.marker());
                if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
                    return Err(too_deep(mark));
                }
                let reason = error.info().replace(|c: char| c.is_control(), " ");
                Err(Stop::new(mark, format!("this is not valid YAML: {reason}")))
            }
            None => Err(Stop::new(Mark::default(), "this is not valid YAML: it ends too early")),
        }
    }

    /// The node that begins with this event.
    fn node(&mut self, event: Event<'a>, span: &Span, depth: usize) -> Result<Node, Stop> {
        let mark = mark(span);
        let bytes = span.byte_range().unwrap_or_default();
        if depth > MAX_DEPTH {
            return Err(too_deep(mark));
        }
        let before = self.nodes;
        let text_size = bytes.len() / BYTES_PER_NODE;
        self.count(mark, 1 + if let Event::Scalar(..) = event { text_size } else { 0 })?;
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                self.look_at_tag(span, tag.as_deref());
                self.look_at_text(mark, &text);
                // For a value that is not there the parser gives "~", and no place for it.
                let text =
                    if plain && bytes.is_empty() { String::new() } else { text.into_owned() };
                let kind = Kind::Scalar { text, plain };
                (Node { mark, bytes, kind }, anchor)
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.look_at_tag(span, tag.as_deref());
                let mut items = Vec::new();
                let end = loop {
                    match self.next()? {
                        (Event::SequenceEnd, span) => break span,
                        (event, span) => items.push(self.node(event, &span, depth + 1)?),
                    }
                };
                let last = items.last().map(|item: &Node| item.bytes.end);
                let bytes = bytes.start..self.end(style, &bytes, last, &end);
                (Node { mark, bytes, kind: Kind::List(items) }, anchor)
            }
            Event::MappingStart(style, anchor, tag) => {
                self.look_at_tag(span, tag.as_deref());
                let mut entries = Vec::new();
                let end = loop {
                    match self.next()? {
                        (Event::MappingEnd, span) => break span,
                        (event, span) => entries.push(self.entry(event, &span, depth + 1)?),
                    }
                };
                let last = entries.last().map(|entry: &Entry| entry.value.bytes.end);
                let bytes = bytes.start..self.end(style, &bytes, last, &end);
                (Node { mark, bytes, kind: Kind::Map(entries) }, anchor)
            }
            Event::Alias(id) => {
                // An anchor inside what it names is not known yet: that would have no end.
                let Some((node, size)) = self.anchors.get(&id).cloned() else {
                    return Err(Stop::new(mark, "an alias inside the very thing it refers to"));
                };
                self.count(mark, size)?;
                return Ok(Node { mark, bytes, ..node });
            }
            _ => return Err(Stop::new(mark, "this is not valid YAML: a value is missing here")),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), self.nodes - before));
        }
        Ok(node)
    }

    fn entry(&mut self, event: Event<'a>, span: &Span, depth: usize) -> Result<Entry, Stop> {
        let key = self.node(event, span, depth)?;
        let (event, span) = self.next()?;
        let mut value = self.node(event, &span, depth)?;
        if value.is_blank() {
            // The parser gives a value that is not there the place of whatever comes next.
            value.mark = key.mark;
        }
        match key.kind {
            Kind::Scalar { text, .. } => {
                Ok(Entry { key: text, mark: key.mark, start: key.bytes.start, value })
            }
            Kind::List(_) | Kind::Map(_) => Err(Stop {
                help: Some("put quotes around it if it is meant as text"),
                ..Stop::new(key.mark, "a key must be text")
            }),
        }
    }

    /// Where a list or mapping ends: the parser gives an indented one the place of what follows.
    fn end(
        &self,
        style: StructureStyle,
        start: &Range<usize>,
        last: Option<usize>,
        end: &Span,
    ) -> usize {
        let end = match style {
            StructureStyle::Flow => end.byte_range().map_or(start.end, |range| range.end),
            StructureStyle::Block => last.unwrap_or(start.end),
        };
        end.clamp(start.start, self.text.len())
    }

    fn count(&mut self, mark: Mark, nodes: usize) -> Result<(), Stop> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            return Err(Stop {
                help: Some("an alias counts as everything that it repeats"),
                ..Stop::new(mark, format!("more than {MAX_NODES} values are in this file"))
            });
        }
        Ok(())
    }

    fn look_at_text(&mut self, mark: Mark, text: &str) {
        if let Some((_, c)) = hidden_character(text) {
            let message = format!("control character U+{:04X} in {}", u32::from(c), quote(text));
            self.problems.error(mark, message, Some("remove it".to_owned()));
        }
    }

    fn look_at_tag(&mut self, span: &Span, tag: Option<&Tag>) {
        if let Some(tag) = tag
            && !tag.is_yaml_core_schema()
        {
            let mark = at(&span.tag_start().unwrap_or(span.start));
            let message = format!("the tag {} has no meaning here", quote(&tag.original()));
            self.problems.error(mark, message, Some("remove it".to_owned()));
        }
    }
}

fn too_deep(mark: Mark) -> Stop {
    Stop::new(mark, format!("nested more than {MAX_DEPTH} levels deep"))
}

fn mark(span: &Span) -> Mark {
    at(&span.start)
}

fn at(marker: &Marker) -> Mark {
    Mark { line: marker.line() as u32, column: marker.col() as u32 + 1 }
}
