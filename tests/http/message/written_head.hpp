// A head with the fields that a test names, in memory of its own.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message/request_head.hpp"

namespace pelton::http {

class WrittenHead {
 public:
  using Lines = std::vector<std::pair<std::string, std::string>>;

  explicit WrittenHead(const Lines& lines, std::string_view authority = {}) {
    for (const auto& [name, value] : lines) {
      fields_.push_back({.name = put(name), .value = put(value)});
    }
    head_.authority = put(authority);
    head_.base = octets_.data();
    head_.fields = fields_;
  }
  WrittenHead(const WrittenHead&) = delete;
  WrittenHead& operator=(const WrittenHead&) = delete;

  const RequestHead& head() const { return head_; }

 private:
  Span put(std::string_view text) {
    const Span span{static_cast<std::uint32_t>(octets_.size()),
                    static_cast<std::uint32_t>(text.size())};
    octets_ += text;
    return span;
  }

  std::string octets_;
  std::vector<Field> fields_;
  RequestHead head_;
};

}  // namespace pelton::http
