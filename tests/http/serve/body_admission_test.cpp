#include "http/serve/body_admission.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "http/h1/head_parser.hpp"
#include "http/h1/scan.hpp"

namespace pelton::http {
namespace {

// A request with these lines.
class Parsed {
 public:
  explicit Parsed(const std::string& lines)
      : octets_("POST / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n") {
    EXPECT_EQ(parser_.parse(octets_), Verdict::complete);
  }
  const RequestHead& head() const { return parser_.head(); }

 private:
  const std::string octets_;
  const HeadLimits limits_;
  std::array<Field, 128> storage_;
  HeadParser parser_{limits_, storage_, scanner_for(CpuFeatures::of_this_machine())};
};

std::string unfit(const std::string& lines, const RouteSettings& settings) {
  const Reason reason = unfit_body(Parsed(lines).head(), settings, ServerConfig{});
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
  const auto limit_of = [&config](const RouteSettings& settings, const std::string& type) {
    return body_bytes_max_of(settings, config, Parsed("Content-Type: " + type + "\r\n").head());
  };
  const std::string form = "multipart/form-data; boundary=b";
  EXPECT_EQ(limit_of({}, form), config.body_bytes_max);
  EXPECT_EQ(limit_of({.takes_files = true}, form), config.multipart_bytes_max);
  EXPECT_EQ(limit_of({.body_bytes_max = 7, .takes_files = true}, form), 7u);
  // Who takes a body as it comes may read the parts of one that has any.
  EXPECT_EQ(limit_of({.streams_body = true}, form), config.multipart_bytes_max);
  EXPECT_EQ(limit_of({.streams_body = true}, "multipart/form-data"), config.body_bytes_max);
  EXPECT_EQ(limit_of({.streams_body = true}, "text/plain"), config.body_bytes_max);
  EXPECT_EQ(limit_of({.body_bytes_max = 7, .streams_body = true}, form), 7u);
}

}  // namespace
}  // namespace pelton::http
