// Connections of HTTP/2 through the scripted engine: the input is a tape of what goes wrong and
// frames in a grammar of their own, so that most of them get past the framing. Every connection
// ends, nothing is left over, and no flood costs more turns than its octets.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/check.hpp"
#include "http/h2/nghttp2_codec.hpp"
#include "http/routing/router.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/server.hpp"
#include "tests/http/h2/frame_client.hpp"
#include "tests/http/serve/relay.hpp"
#include "tests/support/scripted_engine.hpp"

namespace {

using namespace pelton;
using namespace pelton::http;
using h2::ErrorCode;
using h2::FrameType;

constexpr std::size_t peers_max = 3;
constexpr std::size_t turns_max = 100'000;
constexpr std::size_t input_bytes_max = 4096;
constexpr std::uint8_t next_peer = 0xFF;

// The octets of the input, one after the other; zeros behind its end.
class Draw {
 public:
  explicit Draw(std::span<const std::uint8_t> octets) : octets_(octets) {}

  bool empty() const { return octets_.empty(); }
  std::uint8_t octet() {
    if (octets_.empty()) return 0;
    const std::uint8_t value = octets_[0];
    octets_ = octets_.subspan(1);
    return value;
  }
  std::span<const std::uint8_t> take(std::size_t bytes) {
    const auto taken = octets_.first(std::min(bytes, octets_.size()));
    octets_ = octets_.subspan(taken.size());
    return taken;
  }

 private:
  std::span<const std::uint8_t> octets_;
};

// A frame of a WebSocket whose mask is all zeros.
std::string websocket_frame(std::uint8_t first, std::uint8_t bytes) {
  const std::size_t payload_bytes = bytes % 126;
  std::string frame{static_cast<char>(first), static_cast<char>(0x80 | payload_bytes)};
  return frame.append(4, '\0').append(payload_bytes, 'x');
}

// A client's frames, as the input draws them.
class Speech {
 public:
  // One frame.
  std::string next(std::uint8_t kind, Draw& draw) {
    switch (kind % kinds) {
      case 0:
        return support::request(begin(), "/");
      case 1:
        return support::request(begin(), "/e", "POST", {}, false);
      case 2:
        return support::request(begin(), draw.octet() % 2 == 0 ? "/r/early" : "/r/late", "POST", {},
                                false);
      case 3:
      case 4:
        return support::data(some_stream(draw), std::string(std::size_t{draw.octet()} * 16, 'x'),
                             kind % kinds == 3);
      case 5:
        return support::reset(some_stream(draw), ErrorCode(draw.octet() % 14));
      case 6:
        return support::window_update(draw.octet() % 2 == 0 ? 0 : some_stream(draw),
                                      std::uint32_t{draw.octet()} << (draw.octet() % 24));
      case 7:
        return support::frame(FrameType::ping, draw.octet() % 2, 0, "12345678");
      case 8: {
        // One setting, often the size of the windows.
        const auto value = static_cast<char>(draw.octet());
        const std::string setting{'\0', static_cast<char>(draw.octet() % 10), '\0', value, value,
                                  value};
        return support::frame(FrameType::settings, 0, 0, setting);
      }
      case 9:
        return support::frame(FrameType::settings, 0x1, 0);
      case 10:
        return support::frame(FrameType::priority, 0, some_stream(draw), std::string(5, '\1'));
      case 11: {
        const std::string block = support::block(support::request_fields("GET", "/n/x"));
        const std::size_t cut = draw.octet() % block.size();
        const std::uint32_t stream = begin();
        return support::frame(FrameType::headers, 0x1, stream, block.substr(0, cut)) +
               support::frame(FrameType::continuation, 0x4, stream, block.substr(cut));
      }
      case 12:
        return support::request(begin(), "/e", "POST",
                                {{"content-length", std::to_string(draw.octet() * 16)},
                                 {"expect", draw.octet() % 2 == 0 ? "100-continue" : "x"}},
                                false);
      case 13: {
        // A header list of any octets.
        const auto octets = draw.take(draw.octet());
        return support::frame(FrameType::headers, 0x5, begin(),
                              {reinterpret_cast<const char*>(octets.data()), octets.size()});
      }
      case 14: {
        const auto octets = draw.take(draw.octet() % 32);
        return support::frame(FrameType(draw.octet()), draw.octet(), some_stream(draw),
                              {reinterpret_cast<const char*>(octets.data()), octets.size()});
      }
      case 15:
        return support::headers(begin(),
                                {{":method", "CONNECT"},
                                 {":protocol", "websocket"},
                                 {":scheme", "http"},
                                 {":authority", "a"},
                                 {":path", "/s"},
                                 {"sec-websocket-version", "13"},
                                 {"sec-websocket-extensions", "permessage-deflate"}},
                                draw.octet() % 16 == 0);
      case 16: {
        const std::string frame = websocket_frame(draw.octet(), draw.octet());
        const std::uint32_t stream = some_stream(draw);
        const std::size_t cut = draw.octet() % frame.size();
        return support::data(stream, frame.substr(0, cut), false) +
               support::data(stream, frame.substr(cut), false);
      }
      default: {
        const auto octets = draw.take(draw.octet() % 32);
        return {reinterpret_cast<const char*>(octets.data()), octets.size()};
      }
    }
  }

 private:
  static constexpr unsigned kinds = 18;

  std::uint32_t begin() { return last_ += 2; }
  // Most often one that is open.
  std::uint32_t some_stream(Draw& draw) const {
    const std::uint32_t back = 2 * (draw.octet() % 8u);
    return back > last_ ? last_ + 2 : last_ - back;
  }

  std::uint32_t last_ = 0xFFFF'FFFF;  // so that the first is 1
};

Outcome hello(void*, Exchange& exchange) {
  return exchange.respond({}, "hello") == HeadFault::none ? Outcome::responded : Outcome::failed;
}

Outcome echo(void*, Exchange& exchange) {
  return exchange.respond({}, exchange.body()) == HeadFault::none ? Outcome::responded
                                                                  : Outcome::failed;
}

void hear(void*, WebSocket& socket, const WebSocketNews& news) {
  if (news.event == WebSocketEvent::text) socket.send(MessageKind::text, news.octets);
  if (news.event == WebSocketEvent::binary) socket.send(MessageKind::binary, news.octets);
}

Outcome echo_socket(void*, Exchange& exchange) {
  const ExchangeHandle handle =
      exchange.suspend({.call = [](void*, ExchangeEvent, Exchange&) {}, .context = nullptr});
  CHECK(handle.get()->accept_websocket({}, {.call = hear, .context = nullptr}).fault ==
        AcceptFault::none);
  return Outcome::pending;
}

RouteTable make_routes() {
  Router router;
  const auto add = [&](std::string_view method, std::string_view pattern,
                       Handler::Call call) -> RouteSettings& {
    const auto route = router.add(std::vector{method}, pattern);
    CHECK(route.has_value());
    router.settings(*route).handler = {call, nullptr};
    return router.settings(*route);
  };
  add("GET", "/", hello);
  add("GET", "/n/{name}", hello);
  add("POST", "/e", echo);
  add("POST", "/r/{how}", relay).streams_body = true;
  const auto socket = router.add_websocket("/s");
  CHECK(socket.has_value());
  router.settings(*socket).handler = {echo_socket, nullptr};
  return router.freeze({});
}

ServerConfig config_of(std::uint8_t how) {
  ServerConfig config;
  if ((how & 1) != 0) {
    config.h2_streams_max = 3;
    config.h2_header_list_bytes_max = 1024;
    config.h2_stream_window_bytes = 2048;
    config.body_bytes_max = 3000;
  }
  if ((how & 2) != 0) {
    config.send_queue_bytes_high = 300;
    config.send_queue_bytes_low = 50;
    config.connection_queue_bytes_max = 600;
  }
  if ((how & 4) != 0) config.requests_per_connection_max = 5;
  return config;
}

}  // namespace

extern "C" [[gnu::visibility("default")]] int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                                                     std::size_t bytes);

// octet 0: limits; octet 1: how peers end; octet 2: length of the tape; the tape; frames.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes) {
  static const RouteTable routes = make_routes();
  Draw draw({data, std::min(bytes, input_bytes_max)});
  const ServerConfig config = config_of(draw.octet());
  const bool half_closes = draw.octet() % 2 != 0;
  const auto tape = draw.take(draw.octet());
  std::vector<std::string> peers{support::opening()};
  Speech speech;
  while (!draw.empty()) {
    const std::uint8_t kind = draw.octet();
    if (kind != next_peer) {
      peers.back() += speech.next(kind, draw);
    } else if (peers.size() < peers_max) {
      peers.push_back(support::opening());
      speech = {};
    }
  }

  VirtualClock clock;
  Stats stats;
  h2::Nghttp2CodecSource source;
  support::ScriptedEngine engine(support::hostile(), tape, clock);
  Server server({.engine = engine,
                 .clock = clock,
                 .routes = routes,
                 .config = config,
                 .stats = stats,
                 .h2 = &source,
                 .h2_by_preface = true});
  uring::Loop loop(engine, clock, server);
  const uring::Descriptor listener = engine.listen();
  server.listen(listener);
  for (const std::string& said : peers) {
    engine.play(listener, said,
                half_closes ? support::Ending::half_closes : support::Ending::waits);
  }
  std::size_t turns = 0;
  bool stopped = false;
  while (!(server.finished() && engine.operations_in_flight() == 0)) {
    if (!stopped && engine.quiet()) {
      server.stop();
      stopped = true;
    }
    loop.turn({});
    CHECK(++turns <= turns_max);
  }
  CHECK(server.connections_live() == 0);
  CHECK(engine.buffers().leases_out() == 0);
  return 0;
}
