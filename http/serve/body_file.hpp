// The octets of a large body in a file without a name: what a client sends costs disk, not memory
// (FRM-009). It is written by one thread at a time and read by anybody once it is whole, and it is
// gone with the last who holds it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "http/forms/multipart_index.hpp"
#include "http/serve/spool_account.hpp"

namespace pelton::http {

class BodyFile {
 public:
  // `account`: what it may take, with others; null for whatever the file system has.
  explicit BodyFile(std::shared_ptr<SpoolAccount> account = nullptr)
      : account_(std::move(account)) {}
  BodyFile(const BodyFile&) = delete;
  BodyFile& operator=(const BodyFile&) = delete;
  ~BodyFile();

  // The octets are those of a form, whose parts are found as they are appended.
  void expect_form(std::string_view boundary, const MultipartLimits& limits) {
    index_ = std::make_unique<MultipartIndex>(boundary, limits);
  }
  // Puts the octets behind those that are there; the first ones open the file, in $TMPDIR or /tmp.
  // 0, or the errno; ENOSPC also where the account has no room.
  int append(std::span<const char> octets);
  // Once it is whole: makes view() show it. 0, or the errno.
  int map();

  int descriptor() const { return descriptor_; }
  std::uint64_t bytes() const { return bytes_; }
  // Empty before map().
  std::string_view view() const { return view_; }
  // Null if no form was expected.
  const MultipartIndex* index() const { return index_.get(); }

 private:
  int open();

  const std::shared_ptr<SpoolAccount> account_;
  std::uint64_t taken_bytes_ = 0;  // of the account
  int descriptor_ = -1;
  std::uint64_t bytes_ = 0;
  std::string_view view_;
  std::unique_ptr<MultipartIndex> index_;
};

}  // namespace pelton::http
