#include "http/h1/request_target.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pelton::http {
namespace {

TEST(RequestTarget, H1_023_schemes_are_met_octet_by_octet) {
  const auto walk = [](const std::string& target) {
    for (std::size_t bytes = 1; bytes <= target.size(); ++bytes) {
      const SchemeProgress progress = scheme_progress(target.substr(0, bytes));
      if (progress != SchemeProgress::on_the_way) {
        return std::to_string(bytes) +
               (progress == SchemeProgress::complete ? " complete" : " other");
      }
    }
    return std::string("on the way");
  };
  EXPECT_EQ(walk("http://h"), "7 complete");
  EXPECT_EQ(walk("HTTPS://h"), "8 complete");
  EXPECT_EQ(walk("hTtPs:"), "on the way");
  EXPECT_EQ(walk("httpx://"), "5 other");
  EXPECT_EQ(walk("https//"), "6 other");
  EXPECT_EQ(walk("http:s//"), "6 other");
  EXPECT_EQ(walk("*"), "1 other");
}

struct Judged {
  Reason reason;
  RequestHead head;
};

Judged judge(Method method, const std::string& target) {
  RequestHead head;
  head.method = method;
  head.target = {0, static_cast<std::uint32_t>(target.size())};
  head.form = target[0] == '/' ? TargetForm::origin : TargetForm::authority;
  return {judge_target(head, target.data()), head};
}

TEST(RequestTarget, H1_016_H1_025_forms_go_with_methods) {
  EXPECT_EQ(judge(Method::options, "*").reason, Reason::none);
  EXPECT_EQ(judge(Method::options, "*").head.form, TargetForm::asterisk);
  EXPECT_EQ(judge(Method::get, "*").reason, Reason::refused_target_form);
  EXPECT_EQ(judge(Method::get, "h:80").reason, Reason::refused_target_form);
  EXPECT_EQ(judge(Method::get, "/").reason, Reason::none);
  EXPECT_EQ(judge(Method::connect, "/").reason, Reason::refused_connect_unsupported);
  EXPECT_EQ(judge(Method::connect, "h:80").reason, Reason::refused_connect_unsupported);
  EXPECT_EQ(judge(Method::connect, "h").reason, Reason::refused_target_form);
  EXPECT_EQ(judge(Method::get, "ftp://h").reason, Reason::refused_target_absolute);
  EXPECT_EQ(judge(Method::get, "1a://h").reason, Reason::refused_target_form);
}

}  // namespace
}  // namespace pelton::http
