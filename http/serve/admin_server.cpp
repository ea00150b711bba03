#include "http/serve/admin_server.hpp"

#include <utility>

#include "core/thread.hpp"
#include "uring/choice.hpp"
#include "uring/loop.hpp"

namespace pelton::http {
namespace {

constexpr std::uint64_t connections_max = 64;

}  // namespace

AdminServer::AdminServer(int listener, std::vector<const CoreState*> cores,
                         std::uint64_t silence_ms_max)
    : listener_(listener), routes_(std::move(cores), silence_ms_max), table_(routes_.table()) {
  const auto body = [](void* self) -> void* {
    static_cast<AdminServer*>(self)->run();
    return nullptr;
  };
  const std::optional<pthread_t> thread = start_thread("pelton-admin", body, this);
  if (!thread) {
    problem_ = "the process can have no more threads";
    return;
  }
  thread_ = *thread;
  begun_.acquire();
}

AdminServer::~AdminServer() {
  if (thread_ == pthread_t{}) return;
  if (server_) server_->stop_quickly();
  ::pthread_join(thread_, nullptr);
}

void AdminServer::run() {
  // Of the two engines the one that every container allows.
  auto choice = uring::choose_engine(uring::EngineRequest::epoll, {}, stats_);
  if (!choice) {
    problem_ = choice.error().cause;
    begun_.release();
    return;
  }
  engine_ = std::move(choice->engine);
  ServerConfig config;
  config.connections_max = connections_max;
  clock_.refresh();
  server_ = std::make_unique<Server>(ServerParts{
      .engine = *engine_, .clock = clock_, .routes = table_, .config = config, .stats = stats_});
  server_->listen(listener_);
  begun_.release();
  uring::Loop loop(*engine_, clock_, *server_);
  while (!server_->finished()) loop.turn({});
}

}  // namespace pelton::http
