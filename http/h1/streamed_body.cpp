#include "http/h1/streamed_body.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "http/h1/field_values.hpp"
#include "http/message/field_rules.hpp"

namespace pelton::http::h1 {
namespace {

constexpr std::size_t size_digits_max = 16;

void append_chunk_size(Output& output, std::size_t bytes) {
  std::array<char, size_digits_max> digits;
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), bytes, 16);
  output.append({digits.data(), static_cast<std::size_t>(written.ptr - digits.data())});
  output.append("\r\n");
}

}  // namespace

void StreamedBody::write(Output& output, std::string_view piece) {
  if (framing_ == Framing::none) return;
  if (framing_ == Framing::length && piece.size() > left_bytes_) {
    surplus_ = true;
    piece = piece.substr(0, left_bytes_);
  }
  if (piece.empty()) return;
  if (framing_ == Framing::length) left_bytes_ -= piece.size();
  body_bytes_ += piece.size();
  if (framing_ != Framing::chunked) {
    output.append(piece);
    return;
  }
  append_chunk_size(output, piece.size());
  output.append(piece);
  output.append("\r\n");
}

void StreamedBody::finish(Output& output, std::span<const FieldView> trailers, Stats& stats) {
  const bool chunked = framing_ == Framing::chunked;
  if (chunked) output.append("0\r\n");
  for (const FieldView& trailer : trailers) {
    const bool may_leave = chunked && takes_trailers_ && is_token(trailer.name) &&
                           is_field_value(trailer.value) && !is_forbidden_trailer(trailer.name);
    if (!may_leave) {
      stats.count(Reason::dropped_response_trailer);
      continue;
    }
    output.append(trailer.name);
    output.append(": ");
    output.append(trailer.value);
    output.append("\r\n");
  }
  if (chunked) output.append("\r\n");
}

bool takes_trailers(const RequestHead& request) {
  return std::ranges::any_of(request.fields, [&](const Field& field) {
    return is_same_name(request.text(field.name), "te") &&
           lists_trailers(request.text(field.value));
  });
}

}  // namespace pelton::http::h1
