// The few threads that wait for the disk in the loop's place (STA-017). They begin with the first
// work there is, so who serves no files has none.
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
  // On a thread of the pool; nothing of the loop may be touched.
  virtual void work() = 0;
  // On the loop's thread, once, behind work(). May end the object.
  virtual void done() = 0;
};

class DiskPool {
 public:
  // `wake` makes the loop call deliver().
  explicit DiskPool(const Wake& wake) : wake_(wake) {}
  DiskPool(const DiskPool&) = delete;
  DiskPool& operator=(const DiskPool&) = delete;
  // Waits for what is being worked on, and tells everybody that waits of an end.
  ~DiskPool();

  void submit(DiskWork& work);
  // Calls done() of what is through.
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
  std::size_t unworked_ = 0;     // submitted, and not through
  std::size_t outstanding_ = 0;  // the loop's own count
  std::vector<pthread_t> threads_;
};

}  // namespace pelton::http
