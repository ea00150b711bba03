// What a pending exchange shows of its request, long after the octets it was read from are gone.
#include "http/serve/pending_exchange.hpp"

#include "served.hpp"

namespace pelton::http {
namespace {

// Other requests run through the receive buffers and the shared parser in between.
void overwrite(Served& served) {
  for (int count = 0; count < 3; ++count) {
    served.answer("POST /echo HTTP/1.1\r\nHost: other\r\nContent-Length: 3000\r\n\r\n" +
                  std::string(3000, '#'));
    served.answer("GET /name/zzzzzzzzzzzzzzzz%20zzzzzzzzzz HTTP/1.1\r\nHost: other\r\n\r\n");
  }
}

void expect_whole(const Exchange& exchange, std::string_view name, std::string_view body) {
  const RequestHead& head = exchange.request();
  EXPECT_EQ(head.text(head.fields[0].value), "mine");
  EXPECT_EQ(head.text(head.target), std::string("/later/") + (name == "a b" ? "a%20b" : "name"));
  ASSERT_EQ(exchange.path_values().size(), 1u);
  EXPECT_EQ(exchange.path_values()[0].text, name);
  EXPECT_EQ(exchange.body(), body);
  EXPECT_EQ(exchange.match().outcome, MatchOutcome::found);
}

TEST(PendingExchange, keeps_the_request_it_was_suspended_with) {
  Served served;
  for (const std::size_t body_bytes : {0u, 10u, 2000u, 50'000u}) {
    for (const bool chunked : {false, true}) {
      for (const std::string name : {"name", "a%20b"}) {
        const std::string body(body_bytes, 'b');
        std::string input = "POST /later/" + name + " HTTP/1.1\r\nHost: mine\r\n";
        if (chunked) {
          char size[20];
          std::snprintf(size, sizeof size, "%zx", body_bytes);
          input += "Transfer-Encoding: chunked\r\n\r\n";
          if (body_bytes != 0) input += size + ("\r\n" + body + "\r\n");
          input += "0\r\n\r\n";
        } else {
          input += "Content-Length: " + std::to_string(body_bytes) + "\r\n\r\n" + body;
        }
        const uring::Peer peer = served.connect();
        EXPECT_EQ(served.send(peer, input), "");
        overwrite(served);
        const Suspended& suspended = served.seen.suspended.back();
        ASSERT_NE(suspended.handle.get(), nullptr);
        expect_whole(*suspended.handle.get(), name == "name" ? "name" : "a b", body);
        answer_later(suspended, "done");
        served.run();
        EXPECT_EQ(body_of(served.engine.take_sent(peer)), "done");
      }
    }
  }
}

TEST(PendingExchange, keeps_a_head_that_came_in_pieces) {
  Served served;
  const uring::Peer peer = served.connect();
  const std::string input = "GET /later/name HTTP/1.1\r\nHost: mine\r\n\r\n";
  const std::vector<std::size_t> pieces(input.size(), 1);
  served.send_in_pieces(peer, input, pieces);
  overwrite(served);
  expect_whole(*served.seen.suspended.at(0).handle.get(), "name", "");
  answer_later(served.seen.suspended[0], "done");
  served.run();
  EXPECT_EQ(body_of(served.engine.take_sent(peer)), "done");
}

}  // namespace
}  // namespace pelton::http
