// How an HTTP/1.1 session takes a large body: it is received into memory of its own and written to
// a file as it arrives, so that little of it is in memory at any time. While the disk is slower
// than the client, nothing more is received.
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

namespace {

MultipartLimits limits_of_form(const ServerConfig& config) {
  return {.parts_max = config.multipart_parts_max,
          .files_max = config.multipart_files_max,
          .field_bytes_max = config.multipart_field_bytes_max,
          .memory_bytes_max = config.multipart_memory_bytes_max,
          .part_headers_max = config.multipart_part_headers_max,
          .part_header_bytes_max = config.multipart_part_header_bytes_max,
          .slack_bytes_max = config.multipart_slack_bytes_max};
}

}  // namespace

void H1Session::begin_spool() {
  const auto hear = [](void* context) { static_cast<H1Session*>(context)->spooled(); };
  incoming_->spool =
      BodySpool::begin(shared_.blocks, shared_.disk(), {hear, this}, shared_.spool_account);
  const RequestHead& head = incoming_->head_in_place();
  const FormType form =
      form_type(content_type_of(head), shared_.config.multipart_boundary_bytes_max);
  if (form.kind != FormType::Kind::multipart) return;
  const Match match = shared_.routes.match(head, shared_.match_scratch);
  incoming_->spool->expect_form(form.boundary, limits_of_form(shared_.config),
                                match.route->wants_form);
}

std::string_view H1Session::resume_spooled(std::string_view octets) {
  const std::size_t taken = std::min<std::uint64_t>(octets.size(), incoming_->left_bytes);
  if (!incoming_->body.append(octets.substr(0, taken))) {
    refuse(Reason::shed_memory, incoming_method());
    return {};
  }
  incoming_->left_bytes -= taken;
  earn_body_credit(taken);
  return spool_on(octets.substr(taken));
}

// Writes what is enough for it, and serves the message once all of it is written. What came after
// the message waits here, or is returned if it need not.
std::string_view H1Session::spool_on(std::string_view following) {
  IncomingMessage& incoming = *incoming_;
  BodySpool& spool = *incoming.spool;
  if (incoming.phase == Phase::spooled_body) incoming.whole = incoming.left_bytes == 0;
  if (incoming.whole) waiting_ = Wait::nothing;
  const std::size_t enough = incoming.whole ? 1 : shared_.spool_rules.piece_bytes;
  const bool must_write = incoming.body.size() >= enough;
  if (must_write && !spool.writes() && spool.failure() == Reason::none) spool.write(incoming.body);
  if (const Reason reason = spool.writes() ? Reason::none : spool.failure();
      reason != Reason::none) {
    refuse(reason, incoming_method());
    return {};
  }
  if (incoming.whole && !spool.writes()) {
    serve_spooled();
    return following;
  }
  if (!incoming.following.append(following)) {
    refuse(Reason::shed_memory, incoming_method());
    return {};
  }
  if (incoming.whole || incoming.body.size() >= shared_.spool_rules.piece_bytes) {
    hold_for_spool();
  } else {
    release_from_spool();
    if (incoming_ && transport().receives() && !transport().receives_into_room() && owes_much())
      transport().cancel_receive();
  }
  return {};
}

// A piece is through.
void H1Session::spooled() {
  if (life_ != Life::open) return;
  spool_on({});
}

// The peer's time does not run while we do not read.
void H1Session::hold_for_spool() {
  if (transport().reading_paused()) return;
  const std::uint64_t now_ms = shared_.clock.now_ms();
  incoming_->credit_ms = wait_deadline_ms_ > now_ms ? wait_deadline_ms_ - now_ms : 0;
  waiting_ = Wait::nothing;
  connection_.pause_reading();
}

void H1Session::release_from_spool() {
  if (!transport().reading_paused()) return;
  wait_for(Wait::body, shared_.clock.now_ms() + incoming_->credit_ms);
  transport().resume_reading();
  if (transport().peer_finished()) return peer_finished();
  connection_.read_on();
}

void H1Session::serve_spooled() {
  std::unique_ptr<IncomingMessage> owner = std::move(incoming_);
  owner->file = owner->spool->file();
  owner->spool.reset();
  Output following(shared_.blocks);
  following.take(owner->following);
  const bool held = transport().reading_paused();
  transport().resume_reading();
  if (owner->file->map() != 0) {
    incoming_ = std::move(owner);
    return refuse(Reason::answered_spool_full, incoming_method());
  }
  const std::string_view body = owner->file->view();
  serve_incoming(std::move(owner), body);
  if (!held) return;
  if (!following.empty()) received(following.view());
  if (life_ == Life::open && transport().peer_finished() && !transport().reading_paused())
    peer_finished();
  connection_.read_on();
}

// Octets that were received right where they belong.
void H1Session::receive_own(std::size_t bytes) {
  // The message is over meanwhile, and nobody wants them any more.
  const bool goes_on = life_ == Life::open || life_ == Life::handling;
  if (!goes_on || !incoming_) return received({});
  if (streams_body()) return receive_streamed(bytes);
  if (incoming_->phase == Phase::discard_length) {
    // A streamed body whose handler is through with it.
    Output discarded(shared_.blocks);
    incoming_->body.advance(bytes);
    discarded.take(incoming_->body);
    return received(discarded.view());
  }
  incoming_->body_came(bytes);
  if (incoming_->phase == Phase::spooled_body) {
    earn_body_credit(bytes);
    spool_on({});
    return;
  }
  CHECK(incoming_->phase == Phase::length_body);
  length_body_grew(bytes);
}

// So much of it is to come that it is received into memory of its own: the buffers that all share
// are for those who need little.
bool H1Session::owes_much() const {
  return incoming_->has_length() &&
         incoming_->body_bytes_owed() > shared_.config.receive_credit_bytes;
}

std::shared_ptr<const BodyFile> H1Session::body_file() const {
  const Shared::Served& served = shared_.served;
  if (served.session == this && *served.message) return (*served.message)->file;
  return exchange_ == nullptr ? nullptr : exchange_->pending().body_file();
}

}  // namespace pelton::http
