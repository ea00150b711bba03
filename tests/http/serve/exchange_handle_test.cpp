#include "http/serve/exchange_handle.hpp"

#include "served.hpp"

namespace pelton::http {
namespace {

TEST(ExchangeHandle, leads_nowhere_before_it_is_given_and_after_the_exchange_has_ended) {
  EXPECT_EQ(ExchangeHandle().get(), nullptr);
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, "GET /later/a HTTP/1.1\r\nHost: a\r\n\r\n");
  const ExchangeHandle first = served.seen.suspended.at(0).handle;
  ASSERT_NE(first.get(), nullptr);
  answer_later(served.seen.suspended[0], "one");
  EXPECT_EQ(first.get(), nullptr);
  served.run();
  // The next tenant of the slot does not answer to the old name.
  served.send(peer, "GET /later/b HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_NE(served.seen.suspended.at(1).handle.get(), nullptr);
  EXPECT_EQ(first.get(), nullptr);
  answer_later(served.seen.suspended[1], "two");
  served.run();
}

}  // namespace
}  // namespace pelton::http
