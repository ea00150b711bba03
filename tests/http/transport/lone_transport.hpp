// One transport on an engine in memory, without a server.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "http/transport/transport.hpp"
#include "uring/memory/memory_engine.hpp"

namespace pelton::http {

inline constexpr TransportRules rules{.rate_grace_ms = 1000,
                                      .rate_credit_ms_max = 5000,
                                      .send_rate_bytes_per_second_min = 100,
                                      .linger_timeout_ms = 3000,
                                      .linger_idle_ms = 1000,
                                      .lingering_max = 1,
                                      .linger_live_max = 3};

// And the peer at its other end.
class LoneTransport {
 public:
  LoneTransport() {
    engine.accept(uring::Token(uring::Operation::accept, 0, 0), listener);
    peer = engine.connect(listener);
    transport = std::make_unique<Transport>(shared, turn().at(0).result, place);
  }
  ~LoneTransport() {
    if (!transport->closing()) transport->close();
    while (!transport->is_quiet()) collect();
    transport->close_descriptor();
    turn();
  }

  std::vector<uring::Completion> turn() {
    std::array<uring::Completion, 16> batch;
    const std::size_t count = engine.turn(batch, 0, {});
    return {batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(count)};
  }
  // Completions of the transport's own that carry no octets.
  void collect() {
    for (const uring::Completion& completion : turn()) {
      switch (completion.token.operation()) {
        case uring::Operation::receive:
          last_arrival = transport->receiver().take(completion);
          if (completion.buffer != uring::no_buffer) engine.buffers().give_back(completion.buffer);
          break;
        case uring::Operation::send:
          last_failure = transport->sender().complete_send(completion.result);
          break;
        case uring::Operation::room:
          last_failure = transport->sender().complete_room(completion.result);
          break;
        case uring::Operation::shutdown:
          transport->complete_shutdown();
          break;
        case uring::Operation::cancel:
          if (completion.token.generation() != 0) transport->complete_cancel();
          break;
        default:
          break;
      }
    }
  }

  uring::MemoryEngine engine;
  VirtualClock clock;
  BlockPool blocks;
  Stats stats;
  Transports shared{.engine = engine,
                    .receive_buffers = engine.buffers(),
                    .clock = clock,
                    .blocks = blocks,
                    .stats = stats,
                    .rules = rules};
  const uring::Descriptor listener = engine.listen();
  uring::Peer peer;
  const uring::Token place{uring::Operation::none, 1, 7};
  std::unique_ptr<Transport> transport;
  Arrival last_arrival = Arrival::nothing;
  Reason last_failure = Reason::none;
};

}  // namespace pelton::http
