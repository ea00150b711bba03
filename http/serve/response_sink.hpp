// Where a whole response is written. The sink writes the head, holds the place of the body and
// frames the response, so that handlers know no protocol. HTTP/1.1 writes to the connection's
// output with its core's writer; another protocol takes the response as a ResponseTaker.
#pragma once

#include "core/memory/output.hpp"
#include "http/h1/response_writer.hpp"
#include "http/message/persistence.hpp"
#include "http/message/ready_head.hpp"
#include "http/message/request_head.hpp"
#include "http/message/response_head.hpp"

namespace pelton::http {

// The functions are those of the sink.
class ResponseTaker {
 public:
  virtual HeadFault begin(const ResponseHead& head, const RequestHead& request) = 0;
  virtual HeadFault finish() = 0;
  virtual void abandon() = 0;

 protected:
  ~ResponseTaker() = default;
};

class ResponseSink {
 public:
  ResponseSink(h1::ResponseWriter& writer, Output& output, Persistence persistence)
      : writer_(writer), output_(output), persistence_(persistence) {}
  // `body` takes the body's octets. `writer` is not used.
  ResponseSink(ResponseTaker& taker, Output& body, h1::ResponseWriter& writer)
      : writer_(writer), output_(body), taker_(&taker), persistence_(Persistence::shared) {}

  // Of the response to `request`; to HEAD no body octet will leave (RSP-003). After a fault nothing
  // was written.
  HeadFault begin(const ResponseHead& head, const RequestHead& request) {
    if (is_taken()) [[unlikely]]
      return taker_->begin(head, request);
    return writer_.begin(output_, head, persistence_, request);
  }
  HeadFault begin(const ReadyHead& head, const RequestHead& request) {
    // A taker's persistence is none that copies() takes: one question for both.
    if (!writer_.copies(head, persistence_, request)) [[unlikely]]
      return begin(head.parts(), request);
    return writer_.begin(output_, head);
  }
  // The body is appended here between begin() and finish().
  Output& body_output() { return output_; }
  // A fault takes everything back.
  HeadFault finish() {
    if (is_taken()) [[unlikely]]
      return taker_->finish();
    return writer_.finish(output_);
  }
  void abandon() {
    if (is_taken()) return taker_->abandon();
    writer_.abandon(output_);
  }

  // How the connection goes on after a response that has not begun yet. Of a taker's it is shared.
  Persistence persistence() const { return persistence_; }
  void persist(Persistence persistence) {
    if (!is_taken()) persistence_ = persistence;
  }

 private:
  bool is_taken() const { return persistence_ == Persistence::shared; }

  h1::ResponseWriter& writer_;
  Output& output_;
  ResponseTaker* taker_ = nullptr;
  Persistence persistence_ = Persistence::keep;
};

}  // namespace pelton::http
