#include "http/websocket/frame.hpp"

#include <array>

#include "core/check.hpp"

namespace pelton::http::websocket {
namespace {

constexpr std::uint8_t final_bit = 0x80;
constexpr std::uint8_t deflated_bit = 0x40;
constexpr std::uint8_t reserved_bits = 0x30;
constexpr std::uint8_t opcode_bits = 0x0F;
constexpr std::uint8_t masked_bit = 0x80;
constexpr std::uint8_t length_bits = 0x7F;

// The longest length that is written directly, and the marks for a length of two or eight octets.
constexpr std::uint8_t short_length_max = 125;
constexpr std::uint8_t length_of_two = 126;
constexpr std::uint8_t length_of_eight = 127;

constexpr bool is_opcode(std::uint8_t octet) {
  return octet <= 2 || (octet >= 8 && octet <= 10);
}

}  // namespace

bool FrameHeadReader::take_first(std::uint8_t octet, const Context& context) {
  if ((octet & reserved_bits) != 0 || !is_opcode(octet & opcode_bits)) return false;
  head_ = {.opcode = static_cast<Opcode>(octet & opcode_bits),
           .final = (octet & final_bit) != 0,
           .deflated = (octet & deflated_bit) != 0};
  if (is_control(head_.opcode)) return head_.final && !head_.deflated;
  const bool continues = head_.opcode == Opcode::continuation;
  if (continues != context.in_message) return false;
  return !head_.deflated || (context.may_deflate && !continues);
}

bool FrameHeadReader::take_second(std::uint8_t octet) {
  if ((octet & masked_bit) == 0) return false;
  const std::uint8_t length = octet & length_bits;
  if (length > short_length_max && is_control(head_.opcode)) return false;
  length_bytes_ = length == length_of_two ? 2 : length == length_of_eight ? 8 : 0;
  if (length_bytes_ == 0) head_.payload_bytes = length;
  return true;
}

// Takes the next octet of an extended length, most significant first.
bool FrameHeadReader::take_length(std::uint8_t octet) {
  const bool first = count_ == 2;
  if (first && length_bytes_ == 8 && (octet & 0x80) != 0) return false;
  head_.payload_bytes = head_.payload_bytes << 8 | octet;
  if (count_ != 1 + length_bytes_) return true;
  return head_.payload_bytes > (length_bytes_ == 2 ? short_length_max : 0xFFFF);
}

FrameHeadReader::State FrameHeadReader::read(std::string_view& octets, const Context& context) {
  while (!octets.empty()) {
    const auto octet = static_cast<std::uint8_t>(octets.front());
    const bool good = count_ == 0                  ? take_first(octet, context)
                      : count_ == 1                ? take_second(octet)
                      : count_ < 2 + length_bytes_ ? take_length(octet)
                                                   : true;
    if (!good) return State::rejected;
    octets.remove_prefix(1);
    const std::uint8_t at = count_++;
    if (at < 2 + length_bytes_) continue;
    const std::size_t key_at = at - 2u - length_bytes_;
    head_.key[key_at] = octet;
    if (key_at + 1 < head_.key.size()) continue;
    count_ = 0;
    return State::complete;
  }
  return State::need_more;
}

void write_frame_head(Output& output, Opcode opcode, bool deflated, std::uint64_t payload_bytes) {
  std::array<char, frame_head_bytes_max> head;
  char* cursor = head.data();
  *cursor++ = static_cast<char>(final_bit | (deflated ? deflated_bit : 0) |
                                static_cast<std::uint8_t>(opcode));
  std::size_t length_bytes = 0;
  if (payload_bytes <= short_length_max) {
    *cursor++ = static_cast<char>(payload_bytes);
  } else {
    length_bytes = payload_bytes <= 0xFFFF ? 2 : 8;
    *cursor++ = static_cast<char>(length_bytes == 2 ? length_of_two : length_of_eight);
  }
  for (std::size_t left = length_bytes; left-- > 0;) {
    *cursor++ = static_cast<char>(payload_bytes >> (8 * left));
  }
  output.append({head.data(), static_cast<std::size_t>(cursor - head.data())});
}

void write_close(Output& output, std::uint16_t code, std::string_view reason) {
  CHECK(reason.size() <= close_reason_bytes_max);
  if (code == 0) return write_frame(output, Opcode::close, {});
  write_frame_head(output, Opcode::close, false, 2 + reason.size());
  output.push(static_cast<char>(code >> 8));
  output.push(static_cast<char>(code & 0xFF));
  output.append(reason);
}

}  // namespace pelton::http::websocket
