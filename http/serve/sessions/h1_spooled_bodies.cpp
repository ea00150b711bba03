// How an HTTP/1.1 session reads a large body: it is received into memory of its own and written to
// a file as it arrives, so that little of it is in memory at any time. While the disk is slower
// than the client, reading is paused.
#include <algorithm>
#include <utility>

#include "core/check.hpp"
#include "http/forms/form_type.hpp"
#include "http/serve/body_admission.hpp"
#include "http/serve/body_spool.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

using Phase = IncomingMessage::Phase;

using Wait = H1Session::Wait;

void H1Reader::begin_spool() {
  const auto hear = [](void* context) { static_cast<H1Reader*>(context)->spooled(); };
  message_->spool = BodySpool::begin(session_.shared().blocks, session_.shared().disk(),
                                     {hear, this}, session_.shared().spool_account);
  const RequestHead& head = message_->head_in_place();
  const FormType form =
      form_type(content_type_of(head), session_.shared().config.multipart_boundary_bytes_max);
  if (form.kind != FormType::Kind::multipart) return;
  const Match match = session_.shared().routes.match(head, session_.shared().match_scratch);
  message_->spool->expect_form(form.boundary, multipart_limits_of(session_.shared().config),
                               match.route->wants_form);
}

std::string_view H1Reader::resume_spooled(std::string_view octets) {
  const std::size_t taken = std::min<std::uint64_t>(octets.size(), message_->left_bytes);
  if (!message_->body.append(octets.substr(0, taken))) {
    session_.refuse(Reason::shed_memory, method());
    return {};
  }
  message_->left_bytes -= taken;
  earn_credit(taken);
  return spool_on(octets.substr(taken));
}

// Writes the collected octets once they are a piece, and serves the message once all of it is
// written. Octets after the message wait in it, or are returned if nothing is left to write.
std::string_view H1Reader::spool_on(std::string_view following) {
  IncomingMessage& incoming = *message_;
  BodySpool& spool = *incoming.spool;
  if (incoming.phase == Phase::spooled_body) incoming.whole = incoming.left_bytes == 0;
  if (incoming.whole) session_.timer().stop();
  const std::size_t enough = incoming.whole ? 1 : session_.shared().spool_rules.piece_bytes;
  const bool must_write = incoming.body.size() >= enough;
  if (must_write && !spool.writes() && spool.failure() == Reason::none) spool.write(incoming.body);
  if (const Reason reason = spool.writes() ? Reason::none : spool.failure();
      reason != Reason::none) {
    session_.refuse(reason, method());
    return {};
  }
  if (incoming.whole && !spool.writes()) {
    serve_spooled();
    return following;
  }
  if (!incoming.following.append(following)) {
    session_.refuse(Reason::shed_memory, method());
    return {};
  }
  if (incoming.whole || incoming.body.size() >= session_.shared().spool_rules.piece_bytes) {
    hold_for_spool();
  } else {
    release_from_spool();
    if (message_ && session_.transport().receiver().is_armed() &&
        !session_.transport().receiver().is_into_room() && owes_much())
      session_.transport().receiver().cancel();
  }
  return {};
}

// A piece has been written, or writing it failed.
void H1Reader::spooled() {
  if (!session_.is_open()) return;
  spool_on({});
}

// The client's time limit does not run while reading is paused.
void H1Reader::hold_for_spool() {
  if (session_.transport().receiver().is_paused()) return;
  message_->credit_ms = session_.timer().credit_ms(session_.shared().clock.now_ms());
  session_.timer().stop();
  session_.connection().pause_reading();
}

void H1Reader::release_from_spool() {
  if (!session_.transport().receiver().is_paused()) return;
  session_.wait_for(Wait::body, message_->credit_ms);
  session_.transport().receiver().resume();
  if (session_.transport().receiver().peer_finished()) return session_.peer_finished();
  session_.connection().read_on();
}

void H1Reader::serve_spooled() {
  std::unique_ptr<IncomingMessage> owner = std::move(message_);
  owner->file = owner->spool->file();
  owner->spool.reset();
  Output following(session_.shared().blocks);
  following.take(owner->following);
  const bool held = session_.transport().receiver().is_paused();
  session_.transport().receiver().resume();
  if (owner->file->map() != 0) {
    message_ = std::move(owner);
    return session_.refuse(Reason::answered_spool_full, method());
  }
  const std::string_view body = owner->file->view();
  session_.serve_incoming(std::move(owner), body);
  if (!held) return;
  if (!following.empty()) session_.received(following.view());
  if (session_.is_open() && session_.transport().receiver().peer_finished() &&
      !session_.transport().receiver().is_paused())
    session_.peer_finished();
  session_.connection().read_on();
}

// Octets were received into the memory of the message.
void H1Reader::receive_own(std::size_t bytes) {
  // The message has ended meanwhile: the octets are dropped.
  const bool goes_on = session_.is_open() || session_.is_handling();
  if (!goes_on || !message_) return session_.received({});
  if (streams_body()) return receive_streamed(bytes);
  if (message_->phase == Phase::discard_length) {
    // The rest of a streamed body whose handler has answered.
    Output discarded(session_.shared().blocks);
    message_->body.advance(bytes);
    discarded.take(message_->body);
    return session_.received(discarded.view());
  }
  message_->body_came(bytes);
  if (message_->phase == Phase::spooled_body) {
    earn_credit(bytes);
    spool_on({});
    return;
  }
  CHECK(message_->phase == Phase::length_body);
  length_body_grew(bytes);
}

// So many octets are to come that they are received into memory of their own: the shared buffers
// are for connections that need little.
bool H1Reader::owes_much() const {
  return message_->has_length() &&
         message_->body_bytes_owed() > session_.shared().config.receive_credit_bytes;
}

}  // namespace pelton::http
