#include "http/serve/pending_exchange.hpp"

#include <algorithm>
#include <utility>

#include "core/check.hpp"

namespace pelton::http {

Exchange* ExchangeHandle::get() const {
  if (pending_ == nullptr) return nullptr;
  PendingExchange* const found = pending_->find(slot_, generation_);
  return found == nullptr || found->over() ? nullptr : &found->exchange();
}

PendingExchange::PendingExchange(Place place, const Exchange& live, SuspendedHost& keeper,
                                 std::unique_ptr<IncomingMessage> message, BlockPool& blocks,
                                 const ExchangeListener& listener)
    : body(blocks),
      place_(place),
      message_(std::move(message)),
      texts_(blocks),
      listener_(listener),
      // Braces fix the order: keep_match() needs the place of the kept head.
      exchange_{live, keeper, keep_message(live), message_->keep_body(live.body()),
                keep_match(live)} {}

const RequestHead& PendingExchange::keep_message(const Exchange& live) {
  if (live.request().base != message_->octets.data()) message_->keep_head(live.request());
  // A head is small enough for the pool's reserve.
  CHECK(!message_->octets.has_failed());
  return message_->head_in_place();
}

// Values inside the head move with it; the others were decoded into the match's scratch and are
// copied.
std::string_view PendingExchange::keep_text(std::string_view text, const RequestHead& old_head) {
  if (text.empty()) return {};
  if (text.data() >= old_head.base && text.data() < old_head.base + old_head.head_bytes) {
    return {message_->head.base + (text.data() - old_head.base), text.size()};
  }
  const char* const kept = texts_.data() + texts_.size();
  texts_.append(text);
  return {kept, text.size()};
}

const Match& PendingExchange::keep_match(const Exchange& live) {
  const Match& match = live.match();
  const RequestHead& head = live.request();
  std::size_t bytes = match.allow.size() + match.location.size();
  for (const PathValue& value : match.values) bytes += value.text.size();
  // Reserved at once, because a kept text must not move when the next one is added.
  if (bytes != 0) texts_.reserve(bytes);
  match_ = match;
  std::ranges::copy(match.values, values_.begin());
  match_.values = std::span(values_).first(match.values.size());
  for (std::size_t index = 0; index < match.values.size(); ++index) {
    values_[index].text = keep_text(match.values[index].text, head);
  }
  match_.allow = keep_text(match.allow, head);
  match_.location = keep_text(match.location, head);
  return match_;
}

bool PendingExchange::tell_news() {
  if (std::exchange(peer_finished_, false)) {
    told_finished_ = true;
    listener_(ExchangeEvent::peer_finished, exchange_);
  } else if (body.take_news()) {
    listener_(ExchangeEvent::body_arrived, exchange_);
  } else if (std::exchange(room_made_, false)) {
    room_awaited_ = false;
    listener_(ExchangeEvent::writable, exchange_);
  } else {
    return false;
  }
  return true;
}

void PendingExchange::spare_connection(bool spared) {
  // A response that has begun has stated its persistence already.
  if (response_begun()) return;
  exchange_.persist(spared ? behind_body_ : Persistence::close);
}

bool PendingExchange::wants_continue() const {
  return body.awaited() && !body.begun() && !response_begun() && lacks_continue();
}

bool PendingExchange::lacks_continue() const {
  return body_awaited_ && exchange_.request().expects_continue && !continued_ &&
         !body.is_complete();
}

void PendingExchange::finish(ExchangeEvent event) {
  CHECK(!over_);
  over_ = true;
  listener_(event, exchange_);
}

}  // namespace pelton::http
