#include "http/serve/files/file_sender.hpp"

#include <cerrno>

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "core/check.hpp"
#include "http/serve/files/file_answer.hpp"
#include "http/serve/files/file_octets.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {
namespace {

// How many octets one call checks, warms or sends.
constexpr std::uint64_t window_bytes = std::uint64_t{256} * 1024;
// After so many octets of one file other connections are served first.
constexpr std::uint64_t turn_bytes_max = std::uint64_t{1} << 20;
// How many octets one call copies.
constexpr std::size_t copied_bytes_max = std::size_t{64} * 1024;
// Octets sent with the head, so that the head does not travel alone.
constexpr std::uint64_t first_bytes = std::uint64_t{16} * 1024;

std::atomic<std::size_t> live_senders = 0;

}  // namespace

std::size_t FileSender::live() {
  return live_senders.load(std::memory_order_relaxed);
}

FileSender::FileSender(FileQuery query, FoundFile found, FilePlan plan)
    : query_(std::move(query)), found_(std::move(found)), plan_(std::move(plan)) {
  live_senders.fetch_add(1, std::memory_order_relaxed);
}

FileSender::~FileSender() {
  live_senders.fetch_sub(1, std::memory_order_relaxed);
}

void FileSender::begin(Exchange& exchange, FileQuery query, FoundFile found, FilePlan plan) {
  auto* const sender = new FileSender(std::move(query), std::move(found), std::move(plan));
  sender->disk_ = exchange.shared().disk();
  const ExchangeListener listener{.call = &FileSender::hear, .context = sender};
  sender->handle_ = exchange.take_over(listener);
  if (sender->found_.fault == OpenFault::none) return sender->start();
  sender->submitted_ = true;
  sender->disk_->submit(*sender);
}

void FileSender::hear(void* context, ExchangeEvent event, Exchange& /*exchange*/) {
  auto* const sender = static_cast<FileSender*>(context);
  switch (event) {
    case ExchangeEvent::writable:
      sender->turn_bytes_ = 0;
      if (sender->state_ == State::sending) sender->go_on();
      return;
    case ExchangeEvent::peer_finished:
    case ExchangeEvent::body_arrived:
      return;
    case ExchangeEvent::body_refused:
    case ExchangeEvent::peer_lost:
    case ExchangeEvent::cancelled:
      break;
  }
  // Over; but the pool may still use the descriptor.
  if (!sender->submitted_) delete sender;
}

// --- on the pool ---

void FileSender::work() {
  if (state_ == State::finding) {
    found_ = query_.find(Patience::unlimited);
  } else {
    warm(found_.file.descriptor(), warmed_);
  }
}

void FileSender::done() {
  submitted_ = false;
  if (handle_.get() == nullptr) {
    delete this;
  } else if (state_ == State::finding) {
    found();
  } else {
    state_ = State::sending;
    go_on();
  }
}

// --- the answer ---

void FileSender::found() {
  Exchange& exchange = *handle_.get();
  std::optional<Outcome> outcome;
  if (found_.fault == OpenFault::none) {
    plan_ = plan_for(exchange, found_, *query_.manner);
    outcome = answer_at_once(exchange, found_, *query_.manner, plan_);
  } else if (query_.receipt && query_.receipt->take_back(exchange, found_.fault)) {
    delete this;
    return;
  } else {
    outcome = answer_without_file(exchange, found_.fault, *query_.manner);
  }
  if (outcome) return end(*outcome);
  start();
}

void FileSender::start() {
  Exchange& exchange = *handle_.get();
  state_ = State::sending;
  copies_ = !exchange.passes_files();
  if (begin_file(exchange, found_, *query_.manner, plan_) != HeadFault::none) {
    return end(Outcome::failed);
  }
  go_on();
}

void FileSender::go_on() {
  switch (send()) {
    case Sent::all:
      return end(Outcome::responded);
    case Sent::failed:
      return end(Outcome::failed);
    case Sent::later:
      return;
  }
}

FileSender::Sent FileSender::send() {
  Exchange& exchange = *handle_.get();
  while (part_ < plan_.parts.size()) {
    const FilePart& part = plan_.parts[part_];
    Sent sent = Sent::all;
    if (part_sent_ < part.text.size()) {
      sent = send_text(exchange, std::string_view(part.text).substr(part_sent_));
    } else if (const std::uint64_t begin = part.octets.begin + part_sent_ - part.text.size();
               begin < part.octets.end) {
      sent = send_octets(exchange, {begin, std::min(part.octets.end, begin + window_bytes)});
    } else {
      ++part_;
      part_sent_ = 0;
    }
    if (sent != Sent::all) return sent;
  }
  return Sent::all;
}

FileSender::Sent FileSender::send_text(Exchange& exchange, std::string_view text) {
  const std::size_t taken = exchange.write(text);
  part_sent_ += taken;
  return taken < text.size() ? Sent::later : Sent::all;
}

// Has the pool load the octets into memory; false if they are there or were just loaded.
bool FileSender::warm_up(const ByteRange& octets) {
  const bool fresh = warmed_.begin <= octets.begin && octets.end <= warmed_.end;
  if (fresh || disk_ == nullptr) return false;
  warmed_ = octets;
  state_ = State::warming;
  submitted_ = true;
  disk_->submit(*this);
  return true;
}

FileSender::Sent FileSender::send_octets(Exchange& exchange, const ByteRange& octets) {
  if (turn_bytes_ >= turn_bytes_max) {
    exchange.await_turn();
    return Sent::later;
  }
  const bool is_first = part_ == 0 && part_sent_ == 0;
  if (copies_ || is_first) return copy_octets(exchange, octets);
  const int file = found_.file.descriptor();
  if (is_cached(file, octets) != Cached::yes && warm_up(octets)) return Sent::later;
  const std::int64_t sent =
      exchange.write_file(file, octets.begin, static_cast<std::size_t>(octets.bytes()));
  if (sent == -EOPNOTSUPP || sent == -EINVAL || sent == -ENOSYS) {
    exchange.shared().stats.count(Reason::fallback_splice);
    copies_ = true;
    return Sent::all;
  }
  return after(sent, exchange);
}

FileSender::Sent FileSender::copy_octets(Exchange& exchange, const ByteRange& octets) {
  std::vector<char>& memory = exchange.shared().file_octets;
  memory.resize(copied_bytes_max);
  if (exchange.is_backed_up()) return Sent::later;
  const std::uint64_t most = copies_ ? memory.size() : first_bytes;
  const auto wanted = static_cast<std::size_t>(std::min(octets.bytes(), most));
  const int file = found_.file.descriptor();
  const bool fresh = warmed_.begin <= octets.begin && octets.begin + wanted <= warmed_.end;
  const bool may_wait = fresh || disk_ == nullptr;
  const std::int64_t read = may_wait ? read_file(file, octets.begin, memory.data(), wanted)
                                     : read_cached(file, octets.begin, memory.data(), wanted);
  if (read == -EAGAIN && warm_up(octets)) return Sent::later;
  if (read <= 0) return after(read == 0 ? -ENODATA : read, exchange);
  const std::size_t taken = exchange.write({memory.data(), static_cast<std::size_t>(read)});
  const Sent sent = after(static_cast<std::int64_t>(taken), exchange);
  return taken < static_cast<std::size_t>(read) ? Sent::later : sent;
}

// Handles the result of a send: some octets taken, none yet, or a failure.
FileSender::Sent FileSender::after(std::int64_t result, Exchange& exchange) {
  if (result > 0) {
    part_sent_ += static_cast<std::uint64_t>(result);
    turn_bytes_ += static_cast<std::uint64_t>(result);
    return Sent::all;
  }
  if (result == 0) return Sent::later;
  // The disk failed: the client sees the same as for a file that became shorter.
  exchange.note_truncated();
  return Sent::failed;
}

// Ends this object.
void FileSender::end(Outcome outcome) {
  handle_.get()->end(outcome);
  const bool is_complete = outcome == Outcome::responded && !is_short(plan_);
  if (is_complete && query_.receipt) query_.receipt->complete();
  delete this;
}

}  // namespace pelton::http
