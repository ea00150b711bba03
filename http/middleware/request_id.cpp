#include "http/middleware/request_id.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "http/message/field_rules.hpp"

namespace pelton::http::middleware {

namespace {

constexpr std::size_t incoming_bytes_max = 128;

// Another number for each count, in no order that shows how many requests came before (the
// finaliser of splitmix64).
std::uint64_t scattered(std::uint64_t number) {
  number = (number ^ number >> 30) * 0xBF58'476D'1CE4'E5B9;
  number = (number ^ number >> 27) * 0x94D0'49BB'1331'11EB;
  return number ^ number >> 31;
}

// Sixteen digits, the first for the highest bits: eight at a time, each in an octet of its own.
void put_hex(char* out, std::uint64_t number) {
  for (const std::uint64_t half : {number >> 32, number & 0xFFFF'FFFF}) {
    std::uint64_t digits = (half << 16 | half) & 0x0000'FFFF'0000'FFFF;
    digits = (digits << 8 | digits) & 0x00FF'00FF'00FF'00FF;
    digits = (digits << 4 | digits) & 0x0F0F'0F0F'0F0F'0F0F;
    const std::uint64_t is_letter = (digits + 0x0606'0606'0606'0606) >> 4 & 0x0101'0101'0101'0101;
    digits += 0x3030'3030'3030'3030 + is_letter * ('a' - '0' - 10);
    digits = std::byteswap(digits);
    std::memcpy(out, &digits, sizeof digits);
    out += sizeof digits;
  }
}

// Nothing that a line of a log would have to escape.
bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= incoming_bytes_max &&
         std::ranges::all_of(text, [](char octet) {
           return octet > ' ' && octet < '\x7F' && octet != '"' && octet != '\\';
         });
}

}  // namespace

RequestIds::RequestIds(RequestIdConfig config, std::uint64_t seed)
    : config_(std::move(config)), seed_(seed) {}

void RequestIds::number(RequestHead& request) {
  request.number = {seed_, scattered(seed_ + ++count_)};
}

std::string_view RequestIds::incoming(const RequestHead& request) const {
  for (const Field& field : request.fields) {
    if (!is_same_name(request.text(field.name), config_.header)) continue;
    const std::string_view value = request.text(field.value);
    return is_plain(value) ? value : std::string_view();
  }
  return {};
}

std::string_view RequestIds::of(const RequestHead& request) {
  if (request.number[1] == 0) return {};
  if (config_.trusts_incoming) {
    if (const std::string_view text = incoming(request); !text.empty()) return text;
  }
  put_hex(digits_.data(), request.number[0]);
  put_hex(digits_.data() + digits_count / 2, request.number[1]);
  return {digits_.data(), digits_.size()};
}

}  // namespace pelton::http::middleware
