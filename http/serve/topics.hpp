// Who of one core's WebSockets wants to hear of what, and one message to all of them (WS-052).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "http/serve/shared_message.hpp"
#include "http/serve/websocket.hpp"
#include "http/serve/websocket_connection.hpp"

namespace pelton::http {

class Topics {
 public:
  explicit Topics(const WebSocketParts& parts) : parts_(parts) {}
  Topics(const Topics&) = delete;
  Topics& operator=(const Topics&) = delete;

  // Once or often is the same.
  void subscribe(const WebSocketHandle& socket, std::string_view topic);
  void unsubscribe(const WebSocketHandle& socket, std::string_view topic);
  // Its connection says so when it ends: nothing of it is left.
  void forget(const WebSocketHandle& socket);

  // Returns how many will get it. Nobody waits: what becomes of a receiver without room is the
  // policy's to say, and the others never notice. With SlowPolicy::wait the message is kept, once
  // for all receivers without room.
  std::size_t publish(std::string_view topic, MessageKind kind, std::string_view octets,
                      SlowPolicy policy);

  std::size_t topic_count() const { return topics_.size(); }
  std::size_t subscriber_count(std::string_view topic) const;

 private:
  struct Topic;

  struct Subscriber {
    WebSocketHandle socket;
    std::unordered_set<Topic*> topics;
  };

  struct Topic {
    std::string_view name;
    std::unordered_set<Subscriber*> subscribers;
  };

  void leave(Subscriber& subscriber, Topic& topic);

  const WebSocketParts parts_;
  // Names may be the client's: ordered, so that no choice of them is slow (URL-005).
  std::map<std::string, Topic, std::less<>> topics_;
  // By the handle's own number, which no client chooses.
  std::unordered_map<std::uint64_t, Subscriber> subscribers_;
};

}  // namespace pelton::http
