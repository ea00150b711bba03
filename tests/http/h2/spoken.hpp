// A server on the memory engine and virtual time that is spoken to in HTTP/2.
#pragma once

#include <string_view>

#include "http/h2/nghttp2_codec.hpp"
#include "tests/http/h2/frame_client.hpp"
#include "tests/http/serve/served.hpp"

namespace pelton::http {

// A connection that has said nothing yet.
struct Unspoken {
  explicit Unspoken(const ServerConfig& config = {})
      : served(config, ErrorShape::detail, {}, &source), peer(served.connect()) {}

  h2::Nghttp2CodecSource source;
  Served served;
  uring::Peer peer;
};

// The same, and its server's settings are acknowledged.
struct Spoken {
  explicit Spoken(const ServerConfig& config = {})
      : served(config, ErrorShape::detail, {}, &source), peer(served.connect()) {
    say(support::opening());
    // Until the server's settings are acknowledged, the windows are those of RFC 9113.
    say(support::frame(h2::FrameType::settings, 0x1, 0));
  }

  // Sends octets, and takes what comes.
  void say(std::string_view octets) { came.receive(served.send(peer, octets)); }
  void pass_ms(std::uint64_t milliseconds) {
    served.pass_ms(milliseconds);
    say({});
  }
  support::CameOnStream& stream(std::uint32_t id) { return came.streams[id]; }
  std::uint64_t count(Reason reason) const { return served.count(reason); }
  bool closed() { return served.engine.closed(peer) || served.engine.server_shutdown(peer); }

  h2::Nghttp2CodecSource source;
  Served served;
  uring::Peer peer;
  support::FrameReader came;
};

}  // namespace pelton::http
