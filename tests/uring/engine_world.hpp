// One engine and the peers of its connections: over loopback TCP for the kernel's engines, in
// memory for the memory engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "uring/engine.hpp"

namespace pelton::uring {

class EngineWorld {
 public:
  // Null if the engine cannot start on this machine.
  static std::unique_ptr<EngineWorld> open(EngineKind kind, const EngineOptions& options);
  virtual ~EngineWorld() = default;

  Engine& engine() { return *engine_; }

  virtual Descriptor listen() = 0;
  // Returns the peer's number, from 0.
  virtual std::size_t connect(Descriptor listener) = 0;
  virtual void deliver(std::size_t peer, std::string_view octets) = 0;
  virtual void finish(std::size_t peer) = 0;
  virtual void reset(std::size_t peer) = 0;
  // The octets that have arrived at the peer since the last call.
  virtual std::string take(std::size_t peer) = 0;
  // True once take() has come to the FIN.
  virtual bool saw_finish(std::size_t peer) = 0;
  virtual bool saw_reset(std::size_t peer) = 0;
  // Leaves so little room that a send soon has to wait for take().
  virtual void narrow(std::size_t peer, Descriptor socket) = 0;

 protected:
  explicit EngineWorld(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}

  std::unique_ptr<Engine> engine_;
};

// The engines that this run tests: all, or all but the ring with PELTON_ENGINE=epoll.
std::vector<EngineKind> engine_kinds();

std::string engine_name(EngineKind kind);

}  // namespace pelton::uring
