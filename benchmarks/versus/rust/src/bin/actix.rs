//! actix-web with one worker thread.

use actix_web::{get, post, web, App, HttpServer, Responder};
use contenders::{port, Count, Item, Message, Order};

#[get("/json")]
async fn message() -> impl Responder {
    web::Json(Message { hello: "world" })
}

#[get("/items/{id}")]
async fn item(id: web::Path<i64>) -> impl Responder {
    web::Json(Item { id: *id })
}

#[post("/items")]
async fn count(order: web::Json<Order>) -> impl Responder {
    web::Json(Count { count: order.items.len() })
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    HttpServer::new(|| App::new().service(message).service(item).service(count))
        .workers(1)
        .bind(("127.0.0.1", port()))?
        .run()
        .await
}
