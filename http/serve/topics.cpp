#include "http/serve/topics.hpp"

#include <memory>

namespace pelton::http {

void Topics::subscribe(const WebSocketHandle& socket, std::string_view topic) {
  if (socket.get() == nullptr) return;
  auto at = topics_.find(topic);
  if (at == topics_.end()) {
    at = topics_.emplace(topic, Topic{}).first;
    at->second.name = at->first;
  }
  Subscriber& subscriber =
      subscribers_.try_emplace(socket.number(), Subscriber{socket, {}}).first->second;
  at->second.subscribers.insert(&subscriber);
  subscriber.topics.insert(&at->second);
}

void Topics::unsubscribe(const WebSocketHandle& socket, std::string_view topic) {
  const auto subscriber = subscribers_.find(socket.number());
  const auto at = topics_.find(topic);
  if (subscriber == subscribers_.end() || at == topics_.end()) return;
  subscriber->second.topics.erase(&at->second);
  leave(subscriber->second, at->second);
  if (subscriber->second.topics.empty()) subscribers_.erase(subscriber);
}

void Topics::forget(const WebSocketHandle& socket) {
  const auto subscriber = subscribers_.find(socket.number());
  if (subscriber == subscribers_.end()) return;
  for (Topic* const topic : subscriber->second.topics) leave(subscriber->second, *topic);
  subscribers_.erase(subscriber);
}

void Topics::leave(Subscriber& subscriber, Topic& topic) {
  topic.subscribers.erase(&subscriber);
  if (topic.subscribers.empty()) topics_.erase(topics_.find(topic.name));
}

std::size_t Topics::publish(std::string_view topic, MessageKind kind, std::string_view octets,
                            SlowPolicy policy) {
  const auto at = topics_.find(topic);
  if (at == topics_.end()) return 0;
  const auto message = std::make_shared<SharedMessage>(kind, octets, parts_.blocks, parts_.deflater,
                                                       parts_.config.websocket_deflate_bytes_min);
  std::size_t count = 0;
  for (Subscriber* const subscriber : at->second.subscribers) {
    WebSocketConnection* const socket = subscriber->socket.connection();
    if (socket != nullptr && socket->send_shared(message, policy)) ++count;
  }
  return count;
}

std::size_t Topics::subscriber_count(std::string_view topic) const {
  const auto at = topics_.find(topic);
  return at == topics_.end() ? 0 : at->second.subscribers.size();
}

}  // namespace pelton::http
