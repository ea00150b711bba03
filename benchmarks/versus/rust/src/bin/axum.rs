//! axum on tokio's runtime of one thread.

use axum::extract::Path;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use contenders::{port, Count, Item, Message, Order};

async fn message() -> Json<Message> {
    Json(Message { hello: "world" })
}

async fn item(Path(id): Path<i64>) -> Json<Item> {
    Json(Item { id })
}

async fn count(Json(order): Json<Order>) -> Json<Count> {
    Json(Count { count: order.items.len() })
}

fn main() -> std::io::Result<()> {
    let app = Router::new()
        .route("/json", get(message))
        .route("/items/{id}", get(item))
        .route("/items", post(count));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port())).await?;
        let listener = listener.tap_io(|socket| {
            // Without it Nagle's algorithm holds small answers back; axum's own examples set it.
            let _ = socket.set_nodelay(true);
        });
        axum::serve(listener, app).await
    })
}
