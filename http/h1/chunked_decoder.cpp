#include "http/h1/chunked_decoder.hpp"

#include <algorithm>
#include <limits>

#include "core/check.hpp"
#include "http/message/octets.hpp"

namespace pelton::http {

void ChunkedDecoder::begin(const HeadLimits& head_limits, const BodyLimits& body_limits,
                           std::uint64_t body_bytes_max, Output* trailers) {
  *this = {};
  head_limits_ = &head_limits;
  body_limits_ = &body_limits;
  body_bytes_max_ = body_bytes_max;
  trailers_ = trailers;
  place_ = Place::size_begin;
}

ChunkedDecoder::Step ChunkedDecoder::decode(std::string_view in) {
  CHECK(place_ != Place::ended);
  for (std::size_t index = 0; index < in.size(); ++index) {
    if (place_ == Place::data) {
      const std::uint64_t room = body_bytes_max_ - body_bytes_;
      const std::size_t bytes = std::min<std::uint64_t>({in.size() - index, chunk_bytes_, room});
      if (bytes == 0) {
        reason_ = Reason::refused_body_too_large;
        place_ = Place::ended;
        return {State::rejected, index, {}};
      }
      body_bytes_ += bytes;
      chunk_bytes_ -= bytes;
      if (chunk_bytes_ == 0) place_ = Place::data_cr;
      return {State::data, index + bytes, in.substr(index, bytes)};
    }
    reason_ = take(in[index]);
    if (reason_ != Reason::none) {
      place_ = Place::ended;
      return {State::rejected, index, {}};
    }
    if (place_ == Place::ended) return {State::complete, index + 1, {}};
  }
  return {State::need_more, in.size(), {}};
}

Reason ChunkedDecoder::take(char octet) {
  switch (place_) {
    case Place::size_begin:
    case Place::size:
      return take_size(octet);
    case Place::line_lf:
      if (octet != '\n') return Reason::refused_line_bare_cr;
      return end_of_line();
    case Place::data_cr:
      place_ = Place::data_lf;
      return octet == '\r' ? Reason::none : Reason::refused_chunk_terminator;
    case Place::data_lf:
      place_ = Place::size_begin;
      return octet == '\n' ? Reason::none : Reason::refused_chunk_terminator;
    case Place::trailer:
    case Place::trailer_name:
    case Place::trailer_value:
    case Place::trailer_lf:
    case Place::section_lf: {
      const Reason reason = take_trailer(octet);
      const bool is_of_line = place_ != Place::section_lf && place_ != Place::ended;
      if (reason == Reason::none && is_of_line && trailers_ != nullptr) trailers_->push(octet);
      return reason;
    }
    default:
      return take_extension(octet);
  }
}

Reason ChunkedDecoder::take_size(char octet) {
  constexpr std::uint64_t size_max = std::numeric_limits<std::int64_t>::max();
  constexpr std::uint8_t digits_max = 16;
  if (octet == '\n') return Reason::refused_line_bare_lf;
  if (octet_is(octet, octet_hex)) {
    if (place_ == Place::size_begin) {
      place_ = Place::size;
      digits_ = 0;
      chunk_bytes_ = 0;
      extension_bytes_ = 0;
    }
    // Zero needs one digit; any digit after a leading zero is surplus.
    const bool surplus = digits_ != 0 && chunk_bytes_ == 0;
    if (digits_ == digits_max || chunk_bytes_ > size_max >> 4) return Reason::refused_chunk_size;
    ++digits_;
    chunk_bytes_ = chunk_bytes_ << 4 | hex_value(octet);
    return surplus ? count_overhead(1) : Reason::none;
  }
  if (place_ == Place::size_begin) return Reason::refused_chunk_size;
  if (octet == '\r') {
    place_ = Place::line_lf;
    return Reason::none;
  }
  if (octet != ';' && !is_blank(octet)) return Reason::refused_chunk_size;
  place_ = Place::size_blank;
  return take_extension(octet);
}

Reason ChunkedDecoder::take_extension(char octet) {
  if (octet == '\n') return Reason::refused_line_bare_lf;
  const bool may_end = place_ == Place::extension_name || place_ == Place::extension_token ||
                       place_ == Place::extension_value_end;
  if (octet == '\r') {
    if (place_ == Place::size_blank) return Reason::refused_chunk_size;
    place_ = Place::line_lf;
    return may_end ? Reason::none : Reason::refused_chunk_extension;
  }
  if (++extension_bytes_ > body_limits_->chunk_extension_bytes_max) {
    return Reason::refused_chunk_extension;
  }
  if (const Reason reason = count_overhead(1); reason != Reason::none) return reason;

  const bool blank = is_blank(octet);
  const bool token = is_tchar(octet);
  Place next = Place::ended;
  switch (place_) {
    case Place::size_blank:
      if (octet == ';') next = Place::extension_begin;
      if (blank) next = place_;
      if (next == Place::ended) return Reason::refused_chunk_size;
      break;
    case Place::extension_begin:
      if (blank) next = place_;
      if (token) next = Place::extension_name;
      break;
    case Place::extension_name:
    case Place::extension_name_blank:
      if (token && place_ == Place::extension_name) next = place_;
      if (blank) next = Place::extension_name_blank;
      if (octet == '=') next = Place::extension_value_begin;
      if (octet == ';') next = Place::extension_begin;
      break;
    case Place::extension_value_begin:
      if (blank) next = place_;
      if (token) next = Place::extension_token;
      if (octet == '"') next = Place::extension_quoted;
      break;
    case Place::extension_token:
    case Place::extension_value_end:
    case Place::extension_blank:
      if (token && place_ == Place::extension_token) next = place_;
      if (blank) next = Place::extension_blank;
      if (octet == ';') next = Place::extension_begin;
      break;
    case Place::extension_quoted:
      if (octet_is(octet, octet_field)) next = place_;
      if (octet == '\\') next = Place::extension_quoted_pair;
      if (octet == '"') next = Place::extension_value_end;
      break;
    case Place::extension_quoted_pair:
      if (octet_is(octet, octet_field)) next = Place::extension_quoted;
      break;
    default:
      CHECK(place_ == Place::size_blank);
  }
  if (next == Place::ended) return Reason::refused_chunk_extension;
  place_ = next;
  return Reason::none;
}

Reason ChunkedDecoder::end_of_line() {
  place_ = chunk_bytes_ == 0 ? Place::trailer : Place::data;
  return Reason::none;
}

// H1-064: small chunks alone never exceed this, since each octet of data allows one of overhead.
Reason ChunkedDecoder::count_overhead(std::uint64_t bytes) {
  overhead_bytes_ += bytes;
  const std::uint64_t overhead_max = body_limits_->chunk_overhead_bytes_max + body_bytes_;
  return overhead_bytes_ > overhead_max ? Reason::refused_chunk_overhead : Reason::none;
}

// The rules of header lines (H1-001, H1-002, H1-031 to H1-033), one octet at a time.
Reason ChunkedDecoder::take_trailer(char octet) {
  if (place_ == Place::trailer_lf || place_ == Place::section_lf) {
    if (octet != '\n') return Reason::refused_line_bare_cr;
    if (place_ == Place::section_lf) {
      place_ = Place::ended;
      return Reason::none;
    }
    if (++section_bytes_ > head_limits_->header_section_bytes_max) {
      return Reason::refused_trailer_too_large;
    }
    place_ = Place::trailer;
    const std::size_t kept = std::min<std::size_t>(name_bytes_, name_.size());
    return is_forbidden_trailer({name_.data(), kept}) ? Reason::refused_trailer_forbidden
                                                      : Reason::none;
  }
  if (octet == '\n') return Reason::refused_line_bare_lf;
  if (place_ == Place::trailer) {
    if (octet == '\r') {
      place_ = Place::section_lf;
      return Reason::none;
    }
    if (++line_count_ > head_limits_->header_count_max) return Reason::refused_trailer_too_large;
    line_bytes_ = 0;
    name_bytes_ = 0;
  }
  if (octet != '\r' && ++line_bytes_ > head_limits_->header_line_bytes_max) {
    return Reason::refused_trailer_too_large;
  }
  if (++section_bytes_ > head_limits_->header_section_bytes_max) {
    return Reason::refused_trailer_too_large;
  }
  if (place_ == Place::trailer_value) {
    if (octet == '\r') place_ = Place::trailer_lf;
    const bool fits = octet == '\r' || octet_is(octet, octet_field);
    return fits ? Reason::none : Reason::refused_header_value;
  }
  if (place_ == Place::trailer && is_blank(octet)) return Reason::refused_header_folded;
  if (octet == ':' && place_ == Place::trailer_name) {
    place_ = Place::trailer_value;
    return Reason::none;
  }
  if (!is_tchar(octet)) return Reason::refused_header_name;
  if (name_bytes_ < name_.size()) name_[name_bytes_] = octet;
  ++name_bytes_;
  place_ = Place::trailer_name;
  return Reason::none;
}

}  // namespace pelton::http
