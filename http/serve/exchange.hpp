// One request and its answer, as a handler sees them. Valid until the handler returns; a handler
// that needs octets for longer copies them then and there.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/memory/output.hpp"
#include "http/message/field.hpp"
#include "http/message/request_head.hpp"
#include "http/routing/match.hpp"

namespace noria::http {

struct ResponseHead {
  std::uint16_t status = 200;
  std::string_view content_type;      // empty: no Content-Type is sent
  std::span<const FieldView> fields;  // checked when written (RSP-011, RSP-013, RSP-014)
};

enum class HeadFault : std::uint8_t { none, status, header };

// What the server knows of the two ends; empty texts on a Unix socket.
struct Endpoints {
  std::string_view client_host;
  std::uint16_t client_port = 0;
  std::string_view server_host;
  std::uint16_t server_port = 0;
};

class Exchange {
 public:
  const RequestHead& request() const { return *request_; }
  // The whole body, its coding removed. Empty if there was none.
  std::string_view body() const { return body_; }
  // Values of the template's parameters, in the order they stand in it.
  std::span<const PathValue> path_values() const { return path_values_; }
  const Endpoints& endpoints() const { return *endpoints_; }

  // A complete response in one call.
  HeadFault respond(const ResponseHead& head, std::string_view body);

  // Or in two steps: append the body to body_output() between begin() and finish(). Content-Length
  // is patched in place. After a fault nothing was written and another begin() may follow.
  HeadFault begin(const ResponseHead& head);
  Output& body_output() { return *output_; }
  void finish();
  // Takes back everything since begin().
  void abandon();

  bool responded() const { return state_ == State::finished; }

 private:
  friend class Connection;
  enum class State : std::uint8_t { idle, begun, finished };

  const RequestHead* request_ = nullptr;
  std::string_view body_;
  std::span<const PathValue> path_values_;
  const Endpoints* endpoints_ = nullptr;
  Output* output_ = nullptr;
  State state_ = State::idle;
};

}  // namespace noria::http
