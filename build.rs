//! Tells cargo to build again when a file is added to what is compiled into the binary: the macro
//! that does it only notices changes of files it has seen.

fn main() {
    for folder in ["content", "exercises", "images", "scenarios", "themes"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
