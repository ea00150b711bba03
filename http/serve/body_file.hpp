// The octets of a large body in a file without a name: a large body costs disk, not memory
// (FRM-009). One thread at a time writes it; any thread may read it once it is whole. It is deleted
// with its last owner.
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
  // `account`: the room that this file shares with others; null: no limit but the file system's.
  explicit BodyFile(std::shared_ptr<SpoolAccount> account = nullptr)
      : account_(std::move(account)) {}
  BodyFile(const BodyFile&) = delete;
  BodyFile& operator=(const BodyFile&) = delete;
  ~BodyFile();

  // The body is a form; its parts are found while octets are appended.
  void expect_form(std::string_view boundary, const MultipartLimits& limits) {
    index_ = std::make_unique<MultipartIndex>(boundary, limits);
  }
  // Appends octets; the first call opens the file, in $TMPDIR or /tmp. 0, or the errno; ENOSPC also
  // if the account has no room.
  int append(std::span<const char> octets);
  // Called once the file is whole: makes view() show it. 0, or the errno.
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
  std::uint64_t taken_bytes_ = 0;  // from the account
  int descriptor_ = -1;
  std::uint64_t bytes_ = 0;
  std::string_view view_;
  std::unique_ptr<MultipartIndex> index_;
};

}  // namespace pelton::http
