#include "http/serve/topics.hpp"

#include <algorithm>

#include "http/serve/shared_message.hpp"

namespace noria::http {

void Topics::subscribe(const WebSocketHandle& socket, std::string_view topic) {
  if (socket.get() == nullptr) return;
  auto at = topics_.find(topic);
  if (at == topics_.end()) at = topics_.emplace(topic, Subscribers{}).first;
  Subscribers& subscribers = at->second;
  if (subscribers.sockets.size() >= subscribers.swept_at) sweep(subscribers);
  subscribers.sockets.emplace(socket.number(), socket);
}

void Topics::unsubscribe(const WebSocketHandle& socket, std::string_view topic) {
  const auto at = topics_.find(topic);
  if (at == topics_.end()) return;
  at->second.sockets.erase(socket.number());
  if (at->second.sockets.empty()) topics_.erase(at);
}

std::size_t Topics::publish(std::string_view topic, MessageKind kind, std::string_view octets,
                            SlowPolicy policy) {
  const auto at = topics_.find(topic);
  if (at == topics_.end()) return 0;
  SharedMessage message(kind, octets, parts_.blocks, parts_.deflater,
                        parts_.config.websocket_deflate_bytes_min);
  std::size_t queued = 0;
  auto& sockets = at->second.sockets;
  for (auto one = sockets.begin(); one != sockets.end();) {
    WebSocketConnection* const socket = one->second.connection();
    if (socket == nullptr) {
      one = sockets.erase(one);
      continue;
    }
    const SendOutcome outcome = socket->send_shared(message, policy);
    if (outcome == SendOutcome::queued || outcome == SendOutcome::queued_high) ++queued;
    ++one;
  }
  if (sockets.empty()) topics_.erase(at);
  return queued;
}

// Doubling the mark keeps the cost of this per subscription constant.
void Topics::sweep(Subscribers& subscribers) {
  std::erase_if(subscribers.sockets, [](const auto& one) { return one.second.get() == nullptr; });
  subscribers.swept_at = std::max(sweep_min, subscribers.sockets.size() * 2);
}

std::size_t Topics::subscriber_count(std::string_view topic) const {
  const auto at = topics_.find(topic);
  return at == topics_.end() ? 0 : at->second.sockets.size();
}

}  // namespace noria::http
