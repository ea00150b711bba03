// What operators and load balancers ask about a server, answered from the state that its cores
// publish. So it needs nothing of the cores and holds while handlers block them (PRC-035):
//
//   GET /health/live   200 as long as the process exists
//   GET /health/ready  200 if a core serves and no stop has begun, else 503
//   GET /workers       what each core publishes, as a JSON array
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/core_state.hpp"
#include "http/handler.hpp"
#include "http/routing/route_table.hpp"

namespace pelton::http {

class AdminRoutes {
 public:
  // `cores` are in memory that outlives the routes; a core without a process is none. One whose
  // loop has not turned for `silence_ms_max` does not serve.
  AdminRoutes(std::vector<const CoreState*> cores, std::uint64_t silence_ms_max)
      : cores_(std::move(cores)), silence_ms_max_(silence_ms_max) {}
  AdminRoutes(const AdminRoutes&) = delete;
  AdminRoutes& operator=(const AdminRoutes&) = delete;

  // For a server of their own. They refer to this object.
  RouteTable table();

  // As the routes answer at this time of CLOCK_MONOTONIC.
  bool is_ready(std::uint64_t now_ms) const;
  std::string workers_json(std::uint64_t now_ms) const;

 private:
  bool serves(const CoreState& core, std::uint64_t now_ms) const;

  const std::vector<const CoreState*> cores_;
  const std::uint64_t silence_ms_max_;
};

}  // namespace pelton::http
