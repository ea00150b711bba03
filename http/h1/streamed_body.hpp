// The body of a response that is made piece by piece: how it is framed, and what has been written
// of it. Its head is ResponseWriter's; what stands here outlives that call.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/memory/output.hpp"
#include "core/stats.hpp"
#include "http/message/field.hpp"
#include "http/message/request_head.hpp"

namespace pelton::http::h1 {

class StreamedBody {
 public:
  // What write() adds to a piece, at most: a chunk's size and the ends of two lines.
  static constexpr std::size_t frame_bytes_max = 20;

  enum class Framing : std::uint8_t {
    none,         // no body octet leaves: HEAD, 204, 205, 304
    length,       // as many octets as the handler declared (RSP-005)
    chunked,      // RSP-006
    until_close,  // to HTTP/1.0 (H1-085)
  };

  // Of no response yet.
  StreamedBody() = default;
  StreamedBody(Framing framing, std::uint64_t declared_bytes, bool takes_trailers)
      : framing_(framing), left_bytes_(declared_bytes), takes_trailers_(takes_trailers) {}

  // False once nothing that is written will leave: there is no body, or it is as long as declared.
  bool wants_more() const {
    return framing_ != Framing::none && (framing_ != Framing::length || left_bytes_ != 0);
  }
  // One chunk, if it is chunked. What goes beyond the declared length is left out (RSP-012), and an
  // empty piece is nothing (RSP-021).
  void write(Output& output, std::string_view piece);
  // So many octets of the declared length have left by another way (RSP-005).
  void pass(std::uint64_t bytes) {
    left_bytes_ -= bytes;
    body_bytes_ += bytes;
  }
  // Of the declared length, what has not been written yet.
  std::uint64_t left_bytes() const { return left_bytes_; }
  // The clean end. Trailers leave only if the request takes them and the body is chunked; the rest
  // and those that may be none (H1-068) are dropped and counted (RSP-022).
  void finish(Output& output, std::span<const FieldView> trailers, Stats& stats);

  // The end only shows in the connection's.
  bool ends_connection() const { return framing_ == Framing::until_close; }
  // Octets of the declared length that were never written.
  bool is_short() const { return framing_ == Framing::length && left_bytes_ != 0; }
  // More was written than declared.
  bool has_surplus() const { return surplus_; }
  // Body octets that were written, without their framing.
  std::uint64_t body_bytes() const { return body_bytes_; }

 private:
  Framing framing_ = Framing::none;
  std::uint64_t left_bytes_ = 0;
  bool takes_trailers_ = false;
  bool surplus_ = false;
  std::uint64_t body_bytes_ = 0;
};

// The request says `TE: trailers` (RFC 9110 section 10.1.4).
bool takes_trailers(const RequestHead& request);

}  // namespace pelton::http::h1
