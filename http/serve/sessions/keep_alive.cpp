#include "http/serve/sessions/keep_alive.hpp"

#include "http/serve/shared.hpp"

namespace pelton::http {

// During a stop every response says `Connection: close`, since it may be the last one; requests
// that have arrived after it are served all the same (PRC-012, PRC-018).
Persistence KeepAlive::after(const Shared& shared, const RequestHead& head) {
  if (goes_on(shared, head)) return keeping(head);
  ends_once_read_ = shared.stopping && head.keep_alive &&
                    request_count_ < shared.config.requests_per_connection_max;
  peer_sent_all_ = !head.keep_alive;
  return Persistence::close;
}

Persistence KeepAlive::end() {
  ends_once_read_ = false;
  return Persistence::close;
}

Persistence KeepAlive::after_unread(Shared& shared, const RequestHead& head, bool owes_body) {
  const Persistence persistence = after(shared, head);
  peer_sent_all_ &= head.framing == BodyFraming::none;
  if (!owes_body) return persistence;
  ends_once_read_ = false;
  if (persistence == Persistence::close) return persistence;
  if (head.expects_continue) shared.stats.count(Reason::closed_expect_unanswered);
  return Persistence::close;
}

}  // namespace pelton::http
