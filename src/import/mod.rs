//! What other tools' files say, in the words of Watchbell. One folder for each tool.

pub mod prometheus;
