#include "http/serve/files/disk_pool.hpp"

#include "core/thread.hpp"

namespace pelton::http {

namespace {}  // namespace

DiskPool::~DiskPool() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wanted_.notify_all();
  for (const pthread_t thread : threads_) ::pthread_join(thread, nullptr);
  while (DiskWork* const work = waiting_.pop_front()) through_.push_back(*work);
  deliver();
}

void DiskPool::submit(DiskWork& work) {
  ++outstanding_;
  bool must_begin = false;
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(work);
    // A waiting thread may have been notified of other work and not be awake yet.
    must_begin = ++unworked_ > threads_.size() && threads_.size() < threads_max;
  }
  if (must_begin && !begin_thread() && threads_.empty()) {
    // No thread can be started: the loop itself waits for the disk, which is slow but correct.
    waiting_.pop_front();
    --unworked_;
    work.work();
    through_.push_back(work);
    wake_.signal();
    return;
  }
  wanted_.notify_one();
}

void DiskPool::deliver() {
  for (;;) {
    DiskWork* work = nullptr;
    {
      const std::lock_guard lock(mutex_);
      work = through_.pop_front();
    }
    if (work == nullptr) return;
    --outstanding_;
    work->done();
  }
}

bool DiskPool::begin_thread() {
  const auto body = [](void* pool) -> void* {
    static_cast<DiskPool*>(pool)->run();
    return nullptr;
  };
  const auto thread = start_thread("pelton-disk", body, this);
  if (thread) threads_.push_back(*thread);
  return thread.has_value();
}

void DiskPool::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wanted_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (ending_) return;
    DiskWork* const work = waiting_.pop_front();
    lock.unlock();
    work->work();
    lock.lock();
    through_.push_back(*work);
    --unworked_;
    // A thread that wakes up would wait for the lock at once.
    lock.unlock();
    wake_.signal();
    lock.lock();
  }
}

}  // namespace pelton::http
