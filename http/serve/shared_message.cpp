#include "http/serve/shared_message.hpp"

#include "http/websocket/frame.hpp"

namespace pelton::http {
namespace {

websocket::Opcode opcode_of(MessageKind kind) {
  return kind == MessageKind::text ? websocket::Opcode::text : websocket::Opcode::binary;
}

}  // namespace

SharedMessage::SharedMessage(MessageKind kind, std::string_view octets, BlockPool& blocks,
                             websocket::Deflater& deflater, std::uint64_t deflate_bytes_min)
    : kind_(kind),
      octets_(octets),
      own_octets_(blocks),
      deflater_(deflater),
      may_deflate_(octets.size() >= deflate_bytes_min),
      plain_(blocks),
      deflated_(blocks) {}

bool SharedMessage::keep() {
  if (octets_.data() == own_octets_.data()) return true;
  if (!own_octets_.append(octets_)) return false;
  octets_ = own_octets_.view();
  return true;
}

// A peer with a smaller window than ours is rare and gets the plain message.
std::string_view SharedMessage::frame_for(const websocket::DeflateTerms& terms) {
  const bool wide = terms.window_bits >= websocket::deflate_window_bits_max;
  if (may_deflate_ && terms.agreed && wide) {
    if (!deflated_made_) make_deflated();
    if (!deflated_.empty()) return deflated_.view();
  }
  if (plain_.empty()) websocket::write_frame(plain_, opcode_of(kind_), octets_);
  if (plain_.has_failed()) {
    plain_.release();
    plain_.recover();
  }
  return plain_.view();
}

void SharedMessage::make_deflated() {
  deflated_made_ = true;
  websocket::write_deflated(deflated_, opcode_of(kind_), octets_,
                            websocket::deflate_window_bits_max, deflater_);
}

}  // namespace pelton::http
