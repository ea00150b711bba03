//! What the answers are made of, and the order of questions/post.json.

use serde::{Deserialize, Serialize};

#[derive(Serialize)]
pub struct Message {
    pub hello: &'static str,
}

#[derive(Serialize)]
pub struct Item {
    pub id: i64,
}

#[derive(Serialize)]
pub struct Count {
    pub count: usize,
}

#[derive(Deserialize)]
pub struct Address {
    pub street: String,
    pub city: String,
    pub zip: String,
}

#[derive(Deserialize)]
pub struct Line {
    pub id: i64,
    pub name: String,
    pub count: i64,
}

#[derive(Deserialize)]
pub struct Order {
    pub order: i64,
    pub customer: String,
    pub email: String,
    pub express: bool,
    pub total: f64,
    pub address: Address,
    pub items: Vec<Line>,
    pub note: String,
}

/// The port is the only argument.
pub fn port() -> u16 {
    std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .expect("usage: PROGRAM PORT")
}
