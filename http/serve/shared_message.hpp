// One message to many WebSockets: its frame is made once, deflated at most once, and copied to
// each.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/memory/output.hpp"
#include "http/serve/websocket.hpp"
#include "http/websocket/deflate_offer.hpp"
#include "http/websocket/deflater.hpp"

namespace pelton::http {

class SharedMessage {
 public:
  // The octets must stay valid until keep() or the end. Text must be UTF-8. Messages shorter than
  // `deflate_bytes_min` are not deflated (LIM-077).
  SharedMessage(MessageKind kind, std::string_view octets, BlockPool& blocks,
                websocket::Deflater& deflater, std::uint64_t deflate_bytes_min);

  // Copies the octets; frames stay as they are. False if there is no memory.
  [[nodiscard]] bool keep();

  // The frame for a peer with these terms; empty if there is no memory.
  std::string_view frame_for(const websocket::DeflateTerms& terms);

 private:
  void make_deflated();

  const MessageKind kind_;
  std::string_view octets_;
  Output own_octets_;
  websocket::Deflater& deflater_;
  const bool may_deflate_;
  bool deflated_made_ = false;
  Output plain_;
  Output deflated_;  // empty if not shorter
};

}  // namespace pelton::http
