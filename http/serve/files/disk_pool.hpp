// A few threads that wait for the disk so that the loop need not (STA-017). They start with the
// first work, so a server without files has none.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <vector>

#include "core/intrusive_list.hpp"
#include "core/wake.hpp"

namespace pelton::http {

class DiskWork : public ListNode {
 public:
  virtual ~DiskWork() = default;
  // Runs on a thread of the pool; must not touch anything of the loop.
  virtual void work() = 0;
  // Runs on the loop's thread, once, after work(). May destroy the object.
  virtual void done() = 0;
};

class DiskPool {
 public:
  // `wake` makes the loop call deliver().
  explicit DiskPool(const Wake& wake) : wake_(wake) {}
  DiskPool(const DiskPool&) = delete;
  DiskPool& operator=(const DiskPool&) = delete;
  // Waits for work in progress, then calls done() of all work, also of work that was never started.
  ~DiskPool();

  void submit(DiskWork& work);
  // Calls done() of completed work.
  void deliver();
  // Work that was submitted and not delivered.
  std::size_t outstanding() const { return outstanding_; }

 private:
  static constexpr std::size_t threads_max = 4;

  bool begin_thread();
  void run();

  const Wake& wake_;
  std::mutex mutex_;
  std::condition_variable wanted_;
  IntrusiveList<DiskWork> waiting_;
  IntrusiveList<DiskWork> through_;
  bool ending_ = false;
  std::size_t unworked_ = 0;     // submitted and not completed
  std::size_t outstanding_ = 0;  // counted on the loop's thread
  std::vector<pthread_t> threads_;
};

}  // namespace pelton::http
