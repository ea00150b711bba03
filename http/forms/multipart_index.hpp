// Indexes a multipart form whose octets are stored elsewhere: the heads of its parts, and where
// each part lies in the body. Built while the body arrives, however it is split.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/reason.hpp"
#include "http/forms/multipart_parser.hpp"

namespace pelton::http {

class MultipartIndex {
 public:
  struct Part {
    PartHead head;
    std::uint64_t begin = 0;  // in the body
    std::uint64_t bytes = 0;
  };

  MultipartIndex(std::string_view boundary, const MultipartLimits& limits)
      : parser_(boundary, limits) {}

  // Takes the next octets of the body.
  void feed(std::string_view octets);
  // Why the octets so far are no form within the limits; none if they are.
  Reason failure() const { return failure_; }
  // The same for a body that ends here.
  Reason failure_at_end() const { return parser_.finish(); }
  const std::vector<Part>& parts() const { return parts_; }

 private:
  MultipartParser parser_;
  std::vector<Part> parts_;
  std::uint64_t read_bytes_ = 0;
  Reason failure_ = Reason::none;
};

}  // namespace pelton::http
