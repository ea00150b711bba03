// Whether an HTTP/1.1 connection goes on after a response (RFC 9112 section 9.3): by what the
// client has said, by how many requests it has sent, and by whether the server stops.
#pragma once

#include <cstdint>

#include "http/message/persistence.hpp"
#include "http/message/request_head.hpp"

namespace pelton::http {

struct Shared;

class KeepAlive {
 public:
  // One more request has begun.
  void count_request() { ++request_count_; }
  std::uint64_t request_count() const { return request_count_; }

  // After the response to this request.
  Persistence after(const Shared& shared, const RequestHead& head);
  // Neither the client nor a limit ends it there.
  bool goes_on(const Shared& shared, const RequestHead& head) const;
  // How it is said: a client of HTTP/1.0 is told so.
  static Persistence keeping(const RequestHead& head) {
    return head.version_minor == 0 ? Persistence::keep_stated : Persistence::keep;
  }
  // The same if its body is not read, which may end the connection (CON-021, H1-072). `owes_body`:
  // too much of it is to come.
  Persistence after_unread(Shared& shared, const RequestHead& head, bool owes_body);
  // A handler that asks for the end of the connection gets it, even while a stop still serves
  // requests that have arrived.
  Persistence end();

  // The server stops: the connection ends once all requests that have arrived are answered
  // (PRC-012, PRC-018).
  void end_once_read() { ends_once_read_ = true; }
  bool ends_once_read() const { return ends_once_read_; }

  // The client has said that no request follows, the last one has arrived whole, and no octet more.
  bool peer_sent_all() const { return peer_sent_all_; }
  void note_peer_sent_all(bool all) { peer_sent_all_ = all; }

 private:
  std::uint64_t request_count_ = 0;
  bool peer_sent_all_ = false;
  bool ends_once_read_ = false;
};

}  // namespace pelton::http
