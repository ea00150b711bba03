#include "http/serve/body_admission.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "http/h1/head_parser.hpp"
#include "http/h1/scan.hpp"

namespace noria::http {
namespace {

// The verdict on a request with these lines.
std::string unfit(const std::string& lines, const RouteSettings& settings) {
  const std::string octets = "POST / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n";
  const HeadLimits limits;
  std::array<Field, 128> storage;
  HeadParser parser(limits, storage, scanner_for(CpuFeatures::of_this_machine()));
  EXPECT_EQ(parser.parse(octets), Verdict::complete);
  const Reason reason = unfit_body(parser.head(), settings, ServerConfig{});
  return std::string(reason_row(reason).word);
}

TEST(BodyAdmission, UPL_001_json) {
  const RouteSettings strict{.wants_json = true};
  const RouteSettings loose{.wants_json = true, .untyped_is_json = true};
  EXPECT_EQ(unfit("Content-Type: application/json\r\n", strict), "none");
  EXPECT_EQ(unfit("Content-Type: text/plain\r\n", strict), "content_type");
  EXPECT_EQ(unfit("Content-Type: text/plain\r\n", loose), "content_type");
  EXPECT_EQ(unfit("", strict), "content_type");
  EXPECT_EQ(unfit("", loose), "none");
  EXPECT_EQ(unfit("Content-Type: text/plain\r\n", {}), "none");
}

TEST(BodyAdmission, UPL_002_forms) {
  const RouteSettings form{.wants_form = true};
  EXPECT_EQ(unfit("Content-Type: application/x-www-form-urlencoded\r\n", form), "none");
  EXPECT_EQ(unfit("Content-Type: multipart/form-data; boundary=x\r\n", form), "none");
  EXPECT_EQ(unfit("Content-Type: multipart/form-data\r\n", form), "multipart_boundary");
  EXPECT_EQ(unfit("Content-Type: application/json\r\n", form), "content_type");
  EXPECT_EQ(unfit("", form), "content_type");
}

TEST(BodyAdmission, UPL_003_coded_bodies) {
  const RouteSettings form{.wants_form = true};
  const std::string type = "Content-Type: application/x-www-form-urlencoded\r\n";
  EXPECT_EQ(unfit(type + "Content-Encoding: gzip\r\n", form), "content_encoding");
  EXPECT_EQ(unfit(type + "Content-Encoding: identity\r\n", form), "none");
  EXPECT_EQ(unfit("Content-Encoding: gzip\r\n", {}), "none");
}

TEST(BodyAdmission, LIM_050_which_limit_holds) {
  const ServerConfig config;
  EXPECT_EQ(body_bytes_max_of({}, config), config.body_bytes_max);
  EXPECT_EQ(body_bytes_max_of({.takes_files = true}, config), config.multipart_bytes_max);
  EXPECT_EQ(body_bytes_max_of({.body_bytes_max = 7, .takes_files = true}, config), 7u);
}

}  // namespace
}  // namespace noria::http
