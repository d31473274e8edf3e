//! The program `aiops-server`.
fn main() {}
