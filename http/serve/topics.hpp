// The topics that the WebSockets of one core subscribe to. A published message goes to all
// subscribers of its topic (WS-052).
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

  // Subscribing again changes nothing.
  void subscribe(const WebSocketHandle& socket, std::string_view topic);
  void unsubscribe(const WebSocketHandle& socket, std::string_view topic);
  // Removes the WebSocket from all topics; called when its connection ends.
  void forget(const WebSocketHandle& socket);

  // Returns how many WebSockets will get the message. The call never waits: the policy decides
  // about a receiver without room, and the others are not affected. With SlowPolicy::wait one copy
  // is kept for all receivers without room.
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
  // Clients may choose names: the map is ordered, so that no choice makes it slow (URL-005).
  std::map<std::string, Topic, std::less<>> topics_;
  // By the handle's number, which no client chooses.
  std::unordered_map<std::uint64_t, Subscriber> subscribers_;
};

}  // namespace pelton::http
