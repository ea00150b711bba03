// A server of a protocol other than HTTP, over the transports that carry HTTP: it sends each line
// back, and ends a connection after a line "quit". It shows that a session needs no more than
// Transport offers, and how little that is.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/memory/output.hpp"
#include "core/memory/slab.hpp"
#include "core/stats.hpp"
#include "http/transport/octet_filter.hpp"
#include "http/transport/transport.hpp"
#include "uring/engine.hpp"
#include "uring/loop.hpp"

namespace pelton::support {

// Each octet is the exclusive or of the plain octet and a key. The server sends a greeting first,
// as in a protocol that negotiates.
class XorFilter final : public http::OctetFilter {
 public:
  static constexpr char key = 0x5a;
  static constexpr std::string_view greeting = "xor\n";
  static std::string of(std::string_view octets);

  Reason open(std::span<const char> wire, Output& plain) override;
  bool seal(Output& plain, Output& wire) override;
  bool has_own_octets() const override { return !greeted_; }

 private:
  bool greeted_ = false;
};

class LineEcho;

// The session and its transport. The beginning of an incomplete line waits in `line_`.
class EchoConnection {
 public:
  EchoConnection(Slab<EchoConnection>::Place place, LineEcho& server, uring::Descriptor descriptor);

  void complete(const uring::Completion& completion);
  // At the end of a turn: one send for all echoed lines, and a receive if none is in flight.
  void settle();
  bool may_leave() const { return transport_.closing() && transport_.is_quiet(); }
  http::Transport& transport() { return transport_; }

 private:
  void received(std::span<char> octets);
  void peer_finished();
  void end_for(Reason reason);

  static constexpr std::size_t queue_bytes_high = 8192;

  LineEcho& server_;
  http::Transport transport_;
  std::string line_;
  bool resumes_ = false;  // a receive has ended for lack of buffers
};

class LineEcho final : public uring::Work {
 public:
  LineEcho(uring::Engine& engine, Clock& clock, bool filters);
  ~LineEcho() override;

  void listen(uring::Descriptor listener);
  void stop() { stopping_ = true; }
  bool finished() const { return stopping_ && connections_.live() == 0 && !accept_armed_; }
  std::uint32_t live() const { return connections_.live(); }

  void settle(std::uint64_t seen_ns) override;
  std::uint64_t next_deadline_ns() const override;
  void complete(std::span<const uring::Completion> batch) override;

 private:
  friend class EchoConnection;

  void complete_accept(const uring::Completion& completion);

  uring::Engine& engine_;
  Clock& clock_;
  const bool filters_;
  BlockPool blocks_;
  Stats stats_;
  http::Transports transports_;
  Slab<EchoConnection> connections_{1024};
  uring::Descriptor listener_ = -1;
  bool accept_armed_ = false;
  bool accept_cancelled_ = false;
  bool stopping_ = false;
};

}  // namespace pelton::support
