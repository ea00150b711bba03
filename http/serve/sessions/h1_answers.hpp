// The answers that an HTTP/1.1 session writes itself, where no handler does or where one has
// failed, and the access log of all answers. It keeps nothing: a session makes one when it needs
// it.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/reason.hpp"
#include "http/message/persistence.hpp"
#include "http/message/request_head.hpp"
#include "http/routing/match.hpp"
#include "http/routing/route_table.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/sessions/h1_exchange.hpp"

namespace pelton::http {

struct OwnAnswer;
class H1Session;

class H1Answers {
 public:
  explicit H1Answers(H1Session& session) : session_(session) {}

  // --- whole answers, after which the session goes on or ends ---

  // True if the request was answered because of its host (H1-043) or scheme, or by a middleware.
  bool answer_at_once(RequestHead& head, std::string_view rest);
  // True if the request was answered 503. The connection goes on: the shortage will pass (RSP-026).
  bool shed(const RequestHead& head, std::string_view rest);
  // No route is found for it, or its route has no handler.
  void answer_unmatched(const RequestHead& head, const Match& match, std::string_view rest);
  // Answers 415 without waiting for the body.
  void answer_unfit(const RequestHead& head, const RouteSettings& route, Reason reason,
                    std::string_view rest);

  // --- only the answer ---

  // Each returns how the connection goes on after it: as asked, or it ends without an answer.
  Persistence write(const RequestHead& head, const OwnAnswer& answer, Persistence persistence);
  Persistence refuse(const RequestHead& head, Reason reason);
  // Answers 500 if the handler has failed, and logs the exchange (PRC-051).
  Persistence settle(Exchange& exchange, Outcome outcome);

  // --- the access log ---

  // Writes one line (PRC-051).
  void log(const RequestHead& head, const RouteSettings* route, const SentResponse& sent,
           Reason reason);

 private:
  void answer(const RequestHead& head, const OwnAnswer& answer, std::string_view rest);
  Persistence leave_unanswered();
  Persistence persistence_with_unread(const RequestHead& head, std::string_view rest);

  H1Session& session_;
};

}  // namespace pelton::http
