"""Rust's frameworks, as their users write them; the programs are in benchmarks/versus/rust."""

CONTENDERS = {
    "actix-web (Rust)": {
        "crate": "rust",
        "command": ["{crate}/actix", "{port}"],
    },
    "axum (Rust)": {
        "crate": "rust",
        "command": ["{crate}/axum", "{port}"],
    },
}  # fmt: skip
