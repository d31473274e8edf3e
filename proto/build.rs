//! Compiles the `.proto` files with protox, so that no machine needs a `protoc`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=aiops");
    let files = protox::compile(["aiops/v1/stream.proto"], ["."])?;
    tonic_prost_build::configure()
        .bytes(".")
        .compile_fds(files)?;
    Ok(())
}
