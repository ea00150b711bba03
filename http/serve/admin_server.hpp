// A server with a thread of its own for what operators ask (admin_routes.hpp). Nothing that
// handlers do holds it up, nor the lock of an interpreter (PRC-035).
#pragma once

#include <pthread.h>

#include <cstdint>
#include <memory>
#include <semaphore>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/core_state.hpp"
#include "core/stats.hpp"
#include "http/routing/route_table.hpp"
#include "http/serve/admin_routes.hpp"
#include "http/serve/server.hpp"
#include "uring/engine.hpp"

namespace pelton::http {

class AdminServer {
 public:
  // Serves on the listening socket, which stays the caller's, until the destructor. `cores` and
  // `silence_ms_max` are those of AdminRoutes.
  AdminServer(int listener, std::vector<const CoreState*> cores, std::uint64_t silence_ms_max);
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;
  ~AdminServer();

  // Why it does not serve; empty if it does.
  const std::string& problem() const { return problem_; }

 private:
  void run();

  const int listener_;
  AdminRoutes routes_;
  const RouteTable table_;
  Stats stats_;
  Clock clock_;
  std::binary_semaphore begun_{0};
  std::string problem_;
  std::unique_ptr<uring::Engine> engine_;
  std::unique_ptr<Server> server_;
  pthread_t thread_{};
};

}  // namespace pelton::http
