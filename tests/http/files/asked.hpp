// A request's head with the fields of a test's choice.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message/request_head.hpp"

namespace pelton::http {

class Asked {
 public:
  explicit Asked(const std::vector<std::pair<std::string, std::string>>& fields,
                 Method method = Method::get) {
    for (const auto& [name, value] : fields) {
      const auto begin = static_cast<std::uint32_t>(octets_.size());
      octets_ += name + ": " + value + "\r\n";
      const auto bytes = static_cast<std::uint32_t>(name.size());
      fields_.push_back({.name = {begin, bytes},
                         .value = {begin + bytes + 2, static_cast<std::uint32_t>(value.size())}});
    }
    head_.method = method;
    head_.base = octets_.data();
    head_.fields = fields_;
  }
  Asked(const Asked&) = delete;

  const RequestHead& head() const { return head_; }

 private:
  std::string octets_;
  std::vector<Field> fields_;
  RequestHead head_;
};

}  // namespace pelton::http
