//! A file as it is laid out: keys, values and comments in the words of the file, for who writes it anew.
//!
//! [`parse`] beside this reads what a file means; [`Page::read`] reads how it is written. Scalars keep their quotes, block
//! scalars their lines, collections their style, anchors and aliases their names, and every comment the entry that it
//! speaks of. [`Page::print`] writes it with our indentation. Absent on purpose: what any key means.
//!
//! [`parse`]: super::parse

mod attach;
mod print;
mod read;

pub use read::Unreadable;

/// A file.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Its documents.
    pub documents: Vec<Document>,
}

/// One document of a file.
#[derive(Clone, Debug)]
pub struct Document {
    /// Whether `---` stands before it.
    pub is_marked: bool,
    /// The comments before its content.
    pub lead: Vec<Remark>,
    /// Its content.
    pub content: Node,
    /// The comments after it.
    pub tail: Vec<Remark>,
}

/// A comment on a line of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// From `#` on.
    pub text: String,
    /// Whether a blank line stands before it.
    pub after_blank: bool,
}

/// A value.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its anchor, without `&`.
    pub anchor: Option<String>,
    /// Where it begins in the file; for what was added, nothing.
    pub start: usize,
    /// What it is.
    pub shape: Shape,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A single value.
    Scalar(Scalar),
    /// `*name`.
    Alias(String),
    /// A list or a mapping.
    Collection(Collection),
}

/// A single value as it is written.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// What it says.
    pub text: String,
    /// How it is written.
    pub written: Written,
}

/// How a scalar is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// Bare or in quotes: these very characters.
    Inline(String),
    /// After `|` or `>`.
    Block {
        /// `|`, `>-` …
        header: String,
        /// The lines, without their common indentation.
        lines: Vec<String>,
    },
}

/// A list or a mapping.
#[derive(Clone, Debug)]
pub struct Collection {
    /// Which of both.
    pub kind: Kind,
    /// Whether it is written in brackets.
    pub is_flow: bool,
    /// What is in it.
    pub entries: Vec<Entry>,
    /// Comments after the last entry.
    pub tail: Vec<Remark>,
    /// Its text where it is in brackets and has comments: it stays as it is.
    pub verbatim: Option<String>,
    /// The column of its entries in the file.
    column: usize,
    end: usize,
}

/// A list or a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A list.
    Sequence,
    /// Keys and values.
    Mapping,
}

/// An item of a list, or a key and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The comments before it.
    pub lead: Vec<Remark>,
    /// Whether a blank line stands right before it.
    pub after_blank: bool,
    /// Whether it has to be set apart by a blank line, though there is none.
    pub is_apart: bool,
    /// The key of a mapping.
    pub key: Option<Node>,
    /// The comment behind the key or the dash, where the value begins on another line.
    pub head: Option<String>,
    /// The value.
    pub value: Node,
    /// The comment behind the value.
    pub trailing: Option<String>,
    start: usize,
    end: usize,
}

impl Node {
    /// A node that is not in the file.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        Node { anchor: None, start: usize::MAX, shape }
    }

    /// A scalar that is not in the file, written like this.
    #[must_use]
    pub fn inline(text: &str) -> Self {
        let written = Written::Inline(text.to_owned());
        Node::new(Shape::Scalar(Scalar { text: text.to_owned(), written }))
    }

    /// A block mapping that is not in the file.
    #[must_use]
    pub fn mapping(entries: Vec<Entry>) -> Self {
        Node::new(Shape::Collection(Collection {
            kind: Kind::Mapping,
            is_flow: false,
            entries,
            tail: Vec::new(),
            verbatim: None,
            column: 0,
            end: 0,
        }))
    }

    /// What a scalar says.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.shape {
            Shape::Scalar(scalar) => Some(&scalar.text),
            Shape::Alias(_) | Shape::Collection(_) => None,
        }
    }

    /// The collection, if it is one.
    #[must_use]
    pub fn collection(&self) -> Option<&Collection> {
        match &self.shape {
            Shape::Collection(collection) => Some(collection),
            Shape::Scalar(_) | Shape::Alias(_) => None,
        }
    }

    /// The collection, to be changed.
    pub fn collection_mut(&mut self) -> Option<&mut Collection> {
        match &mut self.shape {
            Shape::Collection(collection) => Some(collection),
            Shape::Scalar(_) | Shape::Alias(_) => None,
        }
    }

    /// The value of `key`, where this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.collection()?.get(key)
    }

    /// The names of the anchors in it, and of those that its aliases ask for.
    #[must_use]
    pub fn references(&self) -> References<'_> {
        let mut references = References::default();
        self.collect(&mut references);
        references
    }

    fn collect<'a>(&'a self, references: &mut References<'a>) {
        references.anchors.extend(self.anchor.as_deref());
        match &self.shape {
            Shape::Scalar(_) => {}
            Shape::Alias(name) => references.aliases.push(name),
            Shape::Collection(collection) => {
                for entry in &collection.entries {
                    entry.collect(references);
                }
            }
        }
    }
}

/// What a value has to do with anchors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References<'a> {
    /// The anchors that it sets.
    pub anchors: Vec<&'a str>,
    /// The anchors that it asks for.
    pub aliases: Vec<&'a str>,
}

impl References<'_> {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.anchors.is_empty() && self.aliases.is_empty()
    }
}

impl Collection {
    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|entry| entry.name() == Some(key)).map(|entry| &entry.value)
    }

    /// Takes the entry of `key` out.
    pub fn take(&mut self, key: &str) -> Option<Entry> {
        let index = self.entries.iter().position(|entry| entry.name() == Some(key))?;
        Some(self.entries.remove(index))
    }

    /// Writes it in lines, if it is in brackets.
    pub fn unfold(&mut self) {
        if self.verbatim.is_none() {
            self.is_flow = false;
        }
    }
}

impl Entry {
    /// A key and its value that are not in the file.
    #[must_use]
    pub fn new(key: &str, value: Node) -> Self {
        Entry {
            lead: Vec::new(),
            after_blank: false,
            is_apart: false,
            key: Some(Node::inline(key)),
            head: None,
            value,
            trailing: None,
            start: usize::MAX,
            end: usize::MAX,
        }
    }

    /// What its key says.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.key.as_ref().and_then(Node::text)
    }

    /// Everything that is said beside it, as comments on lines of their own.
    #[must_use]
    pub fn into_remarks(self) -> Vec<Remark> {
        let mut remarks = self.lead;
        let beside = [self.head, self.trailing].into_iter().flatten();
        remarks.extend(beside.map(|text| Remark { text, after_blank: false }));
        if let Shape::Collection(collection) = self.value.shape {
            remarks.extend(collection.entries.into_iter().flat_map(Entry::into_remarks));
            remarks.extend(collection.tail);
        }
        remarks
    }

    /// The names of the anchors in it, and of those that its aliases ask for.
    #[must_use]
    pub fn references(&self) -> References<'_> {
        let mut references = References::default();
        self.collect(&mut references);
        references
    }

    fn collect<'a>(&'a self, references: &mut References<'a>) {
        if let Some(key) = &self.key {
            key.collect(references);
        }
        self.value.collect(references);
    }
}
