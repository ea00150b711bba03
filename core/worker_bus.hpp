// The bus between workers: each slot has an inbox, a socket of records that the supervisor keeps,
// so that it outlives the slot's processes; all workers write into it.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <vector>

namespace pelton {

class WorkerBus {
 public:
  // The error is an errno.
  static std::expected<WorkerBus, int> create(std::size_t slots);

  WorkerBus(WorkerBus&& other) noexcept = default;
  WorkerBus& operator=(WorkerBus&&) = delete;
  ~WorkerBus();

  // Unique on every machine.
  const std::string& name() const { return name_; }
  // What a worker of the slot inherits: its inbox, then the other ends of all inboxes by slot.
  std::vector<int> descriptors_of(std::size_t slot) const;

 private:
  WorkerBus() = default;

  std::string name_;
  std::vector<int> inboxes_;
  std::vector<int> outboxes_;
};

}  // namespace pelton
