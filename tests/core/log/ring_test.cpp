#include "core/log/ring.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace pelton {
namespace {

std::string taken(LogRing& ring) {
  const auto pieces = ring.pending();
  std::string octets = std::string(pieces[0]) + std::string(pieces[1]);
  ring.consume(octets.size());
  return octets;
}

TEST(LogRing, records_come_out_in_order_once_published) {
  LogRing ring(8);
  EXPECT_FALSE(ring.has_unpublished());
  EXPECT_TRUE(ring.append("abc"));
  EXPECT_TRUE(ring.append("de"));
  EXPECT_TRUE(ring.has_unpublished());
  EXPECT_EQ(taken(ring), "");
  ring.publish();
  EXPECT_EQ(ring.bytes_pending(), 5u);
  EXPECT_EQ(taken(ring), "abcde");
  EXPECT_EQ(ring.bytes_pending(), 0u);
}

// LIM-095 at n - 1, n and n + 1, starting at every place of the ring.
TEST(LogRing, LIM_095_what_does_not_fit_is_refused_whole) {
  constexpr std::size_t n = 8;
  for (std::size_t start = 0; start < n; ++start) {
    LogRing ring(n);
    EXPECT_TRUE(ring.append(std::string(start, 's')));
    ring.publish();
    EXPECT_EQ(taken(ring).size(), start);
    for (const std::size_t bytes : {n - 1, n, n + 1}) {
      std::string record;
      for (std::size_t index = 0; index < bytes; ++index) record += static_cast<char>('a' + index);
      EXPECT_EQ(ring.append(record), bytes <= n) << bytes;
      ring.publish();
      EXPECT_EQ(taken(ring), bytes <= n ? record : "") << start;
    }
    EXPECT_TRUE(ring.append("12345"));
    EXPECT_FALSE(ring.append("6789"));
    EXPECT_TRUE(ring.append("678"));
    ring.publish();
    EXPECT_EQ(taken(ring), "12345678");
  }
}

TEST(LogRing, two_threads_see_the_same_octets) {
  LogRing ring(61);
  constexpr unsigned records = 3'000;
  std::thread producer([&] {
    for (unsigned index = 0; index < records; ++index) {
      const std::string record = std::to_string(index) + "\n";
      while (!ring.append(record)) std::this_thread::yield();
      ring.publish();
    }
  });
  std::string octets;
  unsigned expected = 0;
  while (expected < records) {
    octets += taken(ring);
    std::size_t begin = 0;
    for (std::size_t end; (end = octets.find('\n', begin)) != std::string::npos; begin = end + 1) {
      ASSERT_EQ(octets.substr(begin, end - begin), std::to_string(expected++));
    }
    octets.erase(0, begin);
    std::this_thread::yield();
  }
  producer.join();
  EXPECT_EQ(octets, "");
}

}  // namespace
}  // namespace pelton
