// A body on its way to a file: arriving octets collect in memory while a thread that may wait for
// the disk writes the earlier ones.
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
  // Longer bodies are spooled.
  std::size_t body_bytes_max_held = std::size_t{1024} * 1024;
  // The least that one write takes, and, but for one receive, the most that collects meanwhile: few
  // calls, and the octets are still in the cache.
  std::size_t piece_bytes = std::size_t{256} * 1024;
};

class BodySpool final : public DiskWork {
 public:
  // Called on the loop's thread after each piece is written.
  struct Listener {
    void (*call)(void* context) = nullptr;
    void* context = nullptr;
  };

  // Gives up a spool that a thread of the pool may be using.
  struct Abandon {
    void operator()(BodySpool* spool) const { spool->abandon(); }
  };
  using Owner = std::unique_ptr<BodySpool, Abandon>;

  // Without a pool the loop itself waits for the disk, and the listener is not called.
  static Owner begin(BlockPool& blocks, DiskPool* pool, Listener listener,
                     std::shared_ptr<SpoolAccount> account = nullptr) {
    return Owner(new BodySpool(blocks, pool, listener, std::move(account)));
  }

  // Called before the first write: the body is a form. With `refused`, failure() also reports why
  // the octets are no valid form.
  void expect_form(std::string_view boundary, const MultipartLimits& limits, bool refused) {
    file_->expect_form(boundary, limits);
    form_refused_ = refused;
  }

  // Begins to write the octets and empties `filled`. Not while another write is under way.
  void write(Output& filled);
  bool writes() const { return writes_; }
  // Why no more of the body is wanted; none if it is. Not while a write is under way.
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
  Output octets_;  // being written
  int error_ = 0;
  bool writes_ = false;
  bool abandoned_ = false;
  bool form_refused_ = false;
};

}  // namespace pelton::http
