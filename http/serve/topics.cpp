#include "http/serve/topics.hpp"

namespace noria::http {

void Topics::subscribe(const WebSocketHandle& socket, std::string_view topic) {
  if (socket.get() == nullptr) return;
  auto at = topics_.find(topic);
  if (at == topics_.end()) {
    at = topics_.emplace(topic, Topic{}).first;
    at->second.name = at->first;
  }
  Subscriber& subscriber =
      subscribers_.try_emplace(socket.number(), Subscriber{socket, {}, {}}).first->second;
  at->second.subscribers.insert(&subscriber);
  subscriber.topics.insert(&at->second);
}

void Topics::unsubscribe(const WebSocketHandle& socket, std::string_view topic) {
  const auto subscriber = subscribers_.find(socket.number());
  const auto at = topics_.find(topic);
  if (subscriber == subscribers_.end() || at == topics_.end()) return;
  subscriber->second.topics.erase(&at->second);
  leave(subscriber->second, at->second);
  // What is kept for it was published while it listened.
  if (subscriber->second.topics.empty() && subscriber->second.kept.empty()) {
    subscribers_.erase(subscriber);
  }
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
    if (socket == nullptr) continue;
    // Behind what is kept already.
    const SendOutcome outcome =
        subscriber->kept.empty() ? socket->send_shared(*message, policy) : SendOutcome::full;
    if (outcome == SendOutcome::full) {
      message->keep();
      subscriber->kept.push_back(message);
    }
    if (outcome == SendOutcome::queued || outcome == SendOutcome::full) ++count;
  }
  return count;
}

void Topics::resume(const WebSocketHandle& socket) {
  const auto found = subscribers_.find(socket.number());
  if (found == subscribers_.end()) return;
  Subscriber& subscriber = found->second;
  WebSocketConnection* const connection = socket.connection();
  while (connection != nullptr && !subscriber.kept.empty()) {
    if (connection->send_shared(*subscriber.kept.front(), SlowPolicy::wait) == SendOutcome::full) {
      return;
    }
    subscriber.kept.pop_front();
  }
  if (subscriber.topics.empty()) subscribers_.erase(found);
}

std::size_t Topics::subscriber_count(std::string_view topic) const {
  const auto at = topics_.find(topic);
  return at == topics_.end() ? 0 : at->second.subscribers.size();
}

}  // namespace noria::http
