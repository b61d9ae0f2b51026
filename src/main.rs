//! The program: parse the arguments, hand over, exit with the answer.

fn main() {}
