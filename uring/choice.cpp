#include "uring/choice.hpp"

#include <cstring>

#include "uring/epoll/epoll_engine.hpp"
#include "uring/ring/features.hpp"

namespace pelton::uring {

namespace {

std::expected<EngineChoice, EngineError> open_epoll(const EngineOptions& options,
                                                    std::string reason) {
  auto epoll = EpollEngine::open(options);
  if (!epoll) {
    return std::unexpected(
        EngineError{std::string("epoll_create1: ") + std::strerror(epoll.error()),
                    "raise the limit of open files (ulimit -n, LimitNOFILE=)"});
  }
  return EngineChoice{std::move(*epoll), std::move(reason)};
}

std::string reason_for(const TriedRing& ring) {
  std::string reason = "every operation tried works";
  const char* separator = "; set up with ";
  for (const std::string_view flag : ring.set_up_flags) {
    reason.append(separator).append(flag);
    separator = "|";
  }
  return reason;
}

}  // namespace

std::optional<EngineRequest> engine_request(std::string_view word) {
  if (word == "auto") return EngineRequest::automatic;
  if (word == "uring") return EngineRequest::uring;
  if (word == "epoll") return EngineRequest::epoll;
  return std::nullopt;
}

std::expected<EngineChoice, EngineError> choose_engine(EngineRequest request,
                                                       const EngineOptions& options, Stats& stats) {
  if (request == EngineRequest::epoll) return open_epoll(options, "as asked for");
  auto ring = open_tried_ring(options, stats);
  if (ring) {
    std::string reason = reason_for(*ring);
    return EngineChoice{std::move(ring->engine), std::move(reason)};
  }
  if (request == EngineRequest::uring) return std::unexpected(ring.error());
  stats.count(Reason::fallback_engine_epoll);
  return open_epoll(options, ring.error().cause + "; to use io_uring, " + ring.error().remedy);
}

}  // namespace pelton::uring
