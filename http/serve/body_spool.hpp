// A body on its way to a file: what arrives collects in memory while the octets ahead of it are
// written by a thread that may wait for the disk.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "core/memory/output.hpp"
#include "core/reason.hpp"
#include "http/serve/body_file.hpp"
#include "http/serve/files/disk_pool.hpp"

namespace pelton::http {

struct SpoolRules {
  // Bodies of more than this are spooled.
  std::size_t body_bytes_max_held = std::size_t{1024} * 1024;
  // What one write takes at least, and what collects meanwhile at most but for one receive: few
  // calls, and the octets are still in the cache.
  std::size_t piece_bytes = std::size_t{256} * 1024;
};

class BodySpool final : public DiskWork {
 public:
  // Told on the loop's thread whenever a piece is through.
  struct Listener {
    void (*call)(void* context) = nullptr;
    void* context = nullptr;
  };

  // Lets go of one that may be in the hands of the pool.
  struct Abandon {
    void operator()(BodySpool* spool) const { spool->abandon(); }
  };
  using Owner = std::unique_ptr<BodySpool, Abandon>;

  // Without a pool the loop waits itself, and nobody is told.
  static Owner begin(BlockPool& blocks, DiskPool* pool, Listener listener,
                     std::shared_ptr<SpoolAccount> account = nullptr) {
    return Owner(new BodySpool(blocks, pool, listener, std::move(account)));
  }

  // Before anything is written: the body is a form, and ends where it turns out to be none if it is
  // `refused` then.
  void expect_form(std::string_view boundary, const MultipartLimits& limits, bool refused) {
    file_->expect_form(boundary, limits);
    form_refused_ = refused;
  }

  // The octets are written from now on, and `filled` is empty. Not while it writes.
  void write(Output& filled);
  bool writes() const { return writes_; }
  // Why nothing more of the body is wanted, none so far; while it does not write.
  Reason failure() const;
  const std::shared_ptr<BodyFile>& file() const { return file_; }

  void work() override;
  void done() override;

 private:
  BodySpool(BlockPool& blocks, DiskPool* pool, Listener listener,
            std::shared_ptr<SpoolAccount> account)
      : pool_(pool),
        listener_(listener),
        file_(std::make_shared<BodyFile>(std::move(account))),
        octets_(blocks) {}
  void abandon();

  DiskPool* const pool_;
  Listener listener_;
  const std::shared_ptr<BodyFile> file_;
  Output octets_;  // that are being written
  int error_ = 0;
  bool writes_ = false;
  bool abandoned_ = false;
  bool form_refused_ = false;
};

}  // namespace pelton::http
