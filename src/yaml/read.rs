//! Reading a file: whatever goes wrong is a finding.

use super::node::Node;
use super::parse::parse;
use crate::diagnostics::{Findings, Place, SourceId, Sources, codes};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// The largest file that is read, in bytes. Ten thousand rules need a third of it.
pub const LARGEST: u64 = 16 << 20;

/// A file as it was found on disk, before it has a number. Reading needs no [`Sources`], so that many can be read at once.
pub type Content = Result<Vec<u8>, ReadError>;

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The operating system refused.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// It is larger than [`LARGEST`].
    #[error("it is larger than {} MiB", LARGEST >> 20)]
    TooLarge,
}

/// Reads the bytes of the file at `path`, unless they are too many.
///
/// # Errors
/// See [`ReadError`].
pub fn content(path: &Path) -> Content {
    let file = File::open(path)?;
    // What is said to be small may grow, and a pipe says nothing: both count.
    if file.metadata()?.len() > LARGEST { Err(ReadError::TooLarge) } else { content_of(file) }
}

/// Reads all bytes, unless they are too many.
///
/// # Errors
/// See [`ReadError`].
pub fn content_of(reader: impl Read) -> Content {
    let mut bytes = Vec::new();
    if reader.take(LARGEST + 1).read_to_end(&mut bytes)? as u64 > LARGEST {
        return Err(ReadError::TooLarge);
    }
    Ok(bytes)
}

/// Takes a file into `sources`. One that cannot be used is taken in too, for the finding to point into, and `None` returned.
pub fn admit(path: &Path, content: Content, sources: &mut Sources, findings: &mut Findings) -> Option<SourceId> {
    match content {
        Ok(bytes) => admit_bytes(path, bytes, sources, findings),
        Err(error) => {
            let source = sources.add(path, "");
            let place = Place { source, start: 0, end: 0 };
            let code = if matches!(error, ReadError::TooLarge) { codes::WB002 } else { codes::WB001 };
            let finding = findings.error(code, format!("cannot read `{}`: {error}", path.display())).at(place, "");
            finding.help = help_for(&error).map(str::to_owned);
            None
        }
    }
}

/// Reads and parses one file. `None` where it could not be read; otherwise its documents, as far as they are YAML.
pub fn read(path: &Path, sources: &mut Sources, findings: &mut Findings) -> Option<(SourceId, Vec<Node>)> {
    let source = admit(path, content(path), sources, findings)?;
    let text = sources.get(source).text().clone();
    Some((source, parse(source, &text, findings)))
}

/// The first document of a file; where there is none, and nothing else is wrong, that is told.
pub fn first<'a>(source: SourceId, documents: &'a [Node], findings: &mut Findings) -> Option<&'a Node> {
    if documents.is_empty() && !findings.has_errors() {
        findings.error(codes::WB015, "there is nothing in this file").at(Place { source, start: 0, end: 0 }, "");
    }
    documents.first()
}

fn admit_bytes(path: &Path, bytes: Vec<u8>, sources: &mut Sources, findings: &mut Findings) -> Option<SourceId> {
    let error = match String::from_utf8(bytes) {
        Ok(text) => return Some(sources.add(path, text)),
        Err(error) => error,
    };
    // Everything before the bad byte stays at its offset; that byte becomes one visible character.
    let source = sources.add(path, String::from_utf8_lossy(error.as_bytes()).into_owned());
    let start = u32::try_from(error.utf8_error().valid_up_to()).unwrap_or(u32::MAX);
    let width = u32::try_from(char::REPLACEMENT_CHARACTER.len_utf8()).unwrap_or(1);
    let byte = error.as_bytes()[error.utf8_error().valid_up_to()];
    findings
        .error(codes::WB003, "the file is not UTF-8")
        .at(Place { source, start, end: start + width }, format!("the byte {byte:#04x} does not belong here"))
        .help("save the file as UTF-8");
    None
}

fn help_for(error: &ReadError) -> Option<&'static str> {
    match error {
        ReadError::TooLarge => Some("split it into several files"),
        ReadError::Io(error) if error.kind() == ErrorKind::NotFound => {
            Some("is the path right, seen from this folder?")
        }
        ReadError::Io(error) if error.kind() == ErrorKind::PermissionDenied => Some("may this user read it?"),
        ReadError::Io(_) => None,
    }
}
