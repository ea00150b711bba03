#include "http/serve/orphaned_handler.hpp"

#include <utility>

namespace pelton::http {

OrphanedHandler::OrphanedHandler(OrphanedHandlers& all, std::uint64_t limit_ms, Expire at_limit,
                                 void* context, std::shared_ptr<const void> share)
    : all_(&all), expire_(at_limit), context_(context), share_(std::move(share)) {
  all.enter(*this, limit_ms);
}

OrphanedHandler::~OrphanedHandler() {
  if (all_ != nullptr) all_->leave(*this);
}

void OrphanedHandlers::enter(OrphanedHandler& handler, std::uint64_t limit_ms) {
  handlers_.push_back(handler);
  ++count_;
  if (limit_ms != TimerWheel::no_deadline_ms) limits_.arm(handler, limit_ms);
}

void OrphanedHandlers::leave(OrphanedHandler& handler) {
  limits_.disarm(handler);
  handler.OrphanNode::unlink();
  --count_;
}

OrphanedHandlers::~OrphanedHandlers() {
  while (OrphanedHandler* const handler = handlers_.front()) {
    leave(*handler);
    handler->forget_server();
  }
}

}  // namespace pelton::http
