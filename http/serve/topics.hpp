// Who of one core's WebSockets wants to hear of what, and one message to all of them (WS-052).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "http/serve/websocket.hpp"
#include "http/serve/websocket_connection.hpp"

namespace noria::http {

class Topics {
 public:
  explicit Topics(const WebSocketParts& parts) : parts_(parts) {}
  Topics(const Topics&) = delete;
  Topics& operator=(const Topics&) = delete;

  // Once or often is the same. One that has ended is forgotten by itself.
  void subscribe(const WebSocketHandle& socket, std::string_view topic);
  void unsubscribe(const WebSocketHandle& socket, std::string_view topic);

  // Returns how many it is queued for. Nobody waits: what becomes of a receiver without room is
  // the policy's to say, and the others never notice. With SlowPolicy::wait such a receiver is
  // passed over, and its owner hears `writable`.
  std::size_t publish(std::string_view topic, MessageKind kind, std::string_view octets,
                      SlowPolicy policy);

  std::size_t topic_count() const { return topics_.size(); }
  std::size_t subscriber_count(std::string_view topic) const;

 private:
  // By the handle's own number, which no client chooses.
  struct Subscribers {
    std::unordered_map<std::uint64_t, WebSocketHandle> sockets;
    std::size_t swept_at = sweep_min;  // so many, and those that have ended are looked for
  };

  static constexpr std::size_t sweep_min = 64;
  static void sweep(Subscribers& subscribers);

  const WebSocketParts parts_;
  // Names may be the client's: ordered, so that no choice of them is slow (URL-005).
  std::map<std::string, Subscribers, std::less<>> topics_;
};

}  // namespace noria::http
