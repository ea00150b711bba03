#include "http/websocket/deflate_offer.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pelton::http::websocket {
namespace {

constexpr std::string_view always =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

// What is answered; "-" if no offer is taken, "400" if the value is no list.
std::string answer(std::string_view value) {
  DeflateTerms terms;
  if (!read_extensions(value, terms)) return "400";
  if (!terms.agreed) return "-";
  BlockPool blocks;
  Output output(blocks);
  write_deflate_answer(output, terms);
  const std::string_view text = output.view();
  EXPECT_TRUE(text.starts_with(always));
  return std::string(text.substr(always.size()));
}

TEST(DeflateOffer, WS_060_WS_061_what_is_agreed_on) {
  for (const char* value :
       {"permessage-deflate", "Permessage-Deflate", "permessage-deflate; client_max_window_bits",
        "permessage-deflate;client_max_window_bits=8",
        "permessage-deflate ; client_max_window_bits=\"15\"",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        "x-webkit-deflate-frame, permessage-deflate", ", permessage-deflate,,",
        "foo; bar=1; bar=2; baz=\"q\", permessage-deflate",
        "permessage-deflate; unknown, permessage-deflate"}) {
    EXPECT_EQ(answer(value), "") << value;
  }
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=9"), "; server_max_window_bits=9");
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=15"), "; server_max_window_bits=15");
  // The first that will do, not the best.
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=10, permessage-deflate"),
            "; server_max_window_bits=10");
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=8, permessage-deflate"), "");
}

TEST(DeflateOffer, WS_060_offers_that_are_passed_over) {
  for (const char* parameters :
       {"unknown", "unknown=1", "server_no_context_takeover=1", "client_no_context_takeover=1",
        "server_no_context_takeover; server_no_context_takeover",
        "client_no_context_takeover; client_no_context_takeover", "server_max_window_bits",
        "server_max_window_bits=7", "server_max_window_bits=8", "server_max_window_bits=16",
        "server_max_window_bits=09", "server_max_window_bits=0x9", "server_max_window_bits=1000",
        "server_max_window_bits=10; server_max_window_bits=10", "client_max_window_bits=7",
        "client_max_window_bits=16", "client_max_window_bits=a",
        "client_max_window_bits; client_max_window_bits=9"}) {
    EXPECT_EQ(answer("permessage-deflate; " + std::string(parameters)), "-") << parameters;
  }
  EXPECT_EQ(answer("foo"), "-");
  EXPECT_EQ(answer("permessage-deflate2"), "-");
}

TEST(DeflateOffer, WS_003_values_that_are_no_list) {
  for (const char* value :
       {"permessage-deflate;", "permessage-deflate; ;", "permessage-deflate; a=", "a b", "a; b c",
        "a; b=\"", "a; b=\"c", "a; b=\"\"", "=", "a;=b", "a/b", "a; b=c/d"}) {
    EXPECT_EQ(answer(value), "400") << value;
  }
}

TEST(DeflateOffer, an_earlier_field_goes_first) {
  DeflateTerms terms;
  EXPECT_TRUE(read_extensions("permessage-deflate; server_max_window_bits=11", terms));
  EXPECT_TRUE(read_extensions("permessage-deflate", terms));
  EXPECT_EQ(terms.window_bits, 11);
}

}  // namespace
}  // namespace pelton::http::websocket
