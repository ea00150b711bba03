#include "tests/support/line_echo.hpp"

#include <algorithm>
#include <utility>

#include "core/check.hpp"

namespace pelton::support {

using http::Arrival;
using uring::Completion;
using uring::Operation;
using uring::Token;

namespace {

constexpr std::uint64_t nanoseconds_per_ms = 1'000'000;

}  // namespace

// --- the filter ---

std::string XorFilter::of(std::string_view octets) {
  std::string turned(octets);
  for (char& octet : turned) octet = static_cast<char>(octet ^ key);
  return turned;
}

Reason XorFilter::open(std::span<const char> wire, Output& plain) {
  plain.append(of({wire.data(), wire.size()}));
  return Reason::none;
}

bool XorFilter::seal(Output& plain, Output& wire) {
  if (!std::exchange(greeted_, true)) wire.append(greeting);
  wire.append(of(plain.view()));
  plain.release();
  return !wire.has_failed();
}

// --- a connection ---

EchoConnection::EchoConnection(Slab<EchoConnection>::Place place, LineEcho& server,
                               uring::Descriptor descriptor)
    : server_(server),
      transport_(server.transports_, descriptor,
                 Token(Operation::none, place.generation, place.slot)) {
  if (server.filters_) transport_.set_filter(std::make_unique<XorFilter>(), 0);
  transport_.receiver().arm();
}

void EchoConnection::complete(const Completion& completion) {
  Reason failure = Reason::none;
  switch (completion.token.operation()) {
    case Operation::receive: {
      uring::BufferLease lease;
      if (completion.buffer != uring::no_buffer) {
        lease = uring::BufferLease(server_.transports_.receive_buffers, completion.buffer,
                                   static_cast<std::size_t>(std::max(completion.result, 0)));
      }
      std::span<char> octets = lease ? lease.octets() : std::span<char>();
      switch (transport_.receiver().take(completion)) {
        case Arrival::octets:
          failure = transport_.receiver().open(octets);
          if (failure == Reason::none) received(octets);
          transport_.receiver().let_opened_go();
          break;
        case Arrival::end:
          peer_finished();
          break;
        case Arrival::failed:
          failure = transport_.receiver().failure();
          break;
        case Arrival::own_octets:
        case Arrival::unwanted:
          CHECK(!"memory that was not offered");
        case Arrival::no_buffers:
        case Arrival::nothing:
        case Arrival::after_closing:
          break;
      }
      break;
    }
    case Operation::send:
      failure = transport_.sender().complete_send(completion.result);
      break;
    case Operation::shutdown:
      transport_.complete_shutdown();
      break;
    case Operation::cancel:
      transport_.complete_cancel();
      break;
    default:
      CHECK(!"an operation no echo prepares");
  }
  end_for(failure);
}

void EchoConnection::received(std::span<char> octets) {
  if (transport_.lingering()) return transport_.note_discarded();
  if (transport_.finishing()) return;
  line_.append(octets.data(), octets.size());
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = line_.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string_view line(line_.data() + begin, end + 1 - begin);
    transport_.sender().output().append(line);
    if (line == "quit\n") return transport_.finish();
  }
  line_.erase(0, begin);
  if (transport_.sender().queued_bytes() > queue_bytes_high) {
    transport_.receiver().pause();
    transport_.receiver().cancel();
  }
}

void EchoConnection::peer_finished() {
  if (transport_.lingering()) return transport_.close();
  transport_.finish();
}

void EchoConnection::end_for(Reason reason) {
  if (reason == Reason::none || transport_.closing()) return;
  if (reason != Reason::lost_reset && reason != Reason::lost_timeout) transport_.reset_at_close();
  transport_.close();
}

void EchoConnection::settle() {
  if (transport_.closing()) return;
  if (transport_.sender().can_send()) {
    const std::int64_t left = transport_.sender().send_at_once();
    if (left < 0) {
      end_for(transport_.sender().begin_send(static_cast<int>(-left)));
      if (transport_.closing()) return;
    }
  }
  if (transport_.finishing() && transport_.sender().is_flushed()) {
    if (transport_.receiver().peer_finished() || !transport_.linger()) return transport_.close();
  }
  if (transport_.receiver().is_paused() && transport_.sender().queued_bytes() <= queue_bytes_high) {
    transport_.receiver().resume();
  }
  if (transport_.receiver().is_armed() || !transport_.receiver().may_be_armed()) return;
  if (server_.transports_.receive_buffers.leases_out() == 0) {
    transport_.receiver().arm();
  } else {
    transport_.receiver().await_buffer();
  }
}

// --- the server ---

LineEcho::LineEcho(uring::Engine& engine, Clock& clock, bool filters)
    : engine_(engine),
      clock_(clock),
      filters_(filters),
      transports_({.engine = engine,
                   .receive_buffers = engine.buffers(),
                   .clock = clock,
                   .blocks = blocks_,
                   .stats = stats_,
                   .rules = {.rate_grace_ms = 10'000'000,
                             .rate_credit_ms_max = 10'000'000,
                             .send_rate_bytes_per_second_min = 240,
                             .linger_timeout_ms = 10'000'000,
                             .linger_idle_ms = 10'000'000,
                             .lingering_max = 1000,
                             .linger_live_max = 1000}}) {}

LineEcho::~LineEcho() {
  CHECK(connections_.live() == 0);
}

void LineEcho::listen(uring::Descriptor listener) {
  listener_ = listener;
}

void LineEcho::settle(std::uint64_t seen_ns) {
  const std::uint64_t seen_ms = seen_ns / nanoseconds_per_ms;
  while (!transports_.retries.empty() && transports_.retries.top().at_ns <= clock_.now_ns()) {
    const Token place = transports_.retries.top().place;
    transports_.retries.pop();
    EchoConnection* const connection = connections_.find(place.slot(), place.generation());
    if (connection != nullptr && connection->transport().retry()) {
      connection->transport().receiver().arm();
    }
  }
  connections_.for_each([&](EchoConnection& connection) {
    if (!connection.transport().closing() &&
        connection.transport().overdue(seen_ms) != Reason::none) {
      connection.transport().close();
    }
    connection.settle();
    if (!connection.may_leave()) return;
    if (!connection.transport().close_descriptor()) {
      connections_.erase(connection.transport().place().slot());
    }
  });
  if (stopping_) {
    if (accept_armed_ && !std::exchange(accept_cancelled_, true)) {
      engine_.cancel(Token(Operation::cancel, 0, 0), Token(Operation::accept, 0, 0));
    }
  } else if (!std::exchange(accept_armed_, true)) {
    engine_.accept(Token(Operation::accept, 0, 0), listener_);
  }
}

std::uint64_t LineEcho::next_deadline_ns() const {
  std::uint64_t deadline_ns = uring::no_deadline;
  if (!transports_.retries.empty()) deadline_ns = transports_.retries.top().at_ns;
  return deadline_ns;
}

void LineEcho::complete(std::span<const Completion> batch) {
  for (const Completion& completion : batch) {
    const Token token = completion.token;
    if (token.operation() == Operation::accept) {
      complete_accept(completion);
      continue;
    }
    EchoConnection* const connection = connections_.find(token.slot(), token.generation());
    if (connection == nullptr) {
      if (completion.buffer != uring::no_buffer) {
        transports_.receive_buffers.give_back(completion.buffer);
      }
    } else if (token.operation() == Operation::close) {
      connections_.erase(token.slot());
    } else {
      connection->complete(completion);
    }
  }
}

void LineEcho::complete_accept(const Completion& completion) {
  if (!completion.more) accept_armed_ = false;
  if (completion.result >= 0) connections_.emplace(*this, completion.result);
}

}  // namespace pelton::support
