#include "tests/http/h2/frame_client.hpp"

#include <nghttp2/nghttp2.h>

#include "core/check.hpp"

namespace pelton::support {

using http::h2::ErrorCode;
using http::h2::FrameType;

namespace {

constexpr std::uint8_t end_stream = 0x1;
constexpr std::uint8_t ack = 0x1;
constexpr std::uint8_t end_headers = 0x4;
constexpr std::size_t head_bytes = 9;

std::string number(std::uint32_t value, int bytes) {
  std::string octets;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    octets += static_cast<char>(value >> shift);
  return octets;
}

std::uint32_t number_in(std::string_view octets) {
  std::uint32_t value = 0;
  for (const char octet : octets) value = value << 8 | static_cast<std::uint8_t>(octet);
  return value;
}

// RFC 7541 section 5.1, with a prefix of seven bits.
std::string length(std::size_t bytes) {
  if (bytes < 127) return std::string(1, static_cast<char>(bytes));
  std::string octets(1, static_cast<char>(127));
  for (bytes -= 127; bytes >= 128; bytes >>= 7) octets += static_cast<char>(bytes % 128 + 128);
  return octets + static_cast<char>(bytes);
}

}  // namespace

std::string frame(FrameType type, std::uint8_t flags, std::uint32_t stream,
                  std::string_view payload) {
  std::string octets = number(static_cast<std::uint32_t>(payload.size()), 3);
  octets += static_cast<char>(type);
  octets += static_cast<char>(flags);
  return octets + number(stream, 4) + std::string(payload);
}

std::string block(const FieldList& fields) {
  std::string octets;
  for (const auto& [name, value] : fields) {
    octets += '\0';
    octets += length(name.size()) + name + length(value.size()) + value;
  }
  return octets;
}

FieldList request_fields(std::string_view method, std::string_view path, FieldList others) {
  FieldList fields{{":method", std::string(method)},
                   {":scheme", "http"},
                   {":authority", "a"},
                   {":path", std::string(path)}};
  fields.insert(fields.end(), others.begin(), others.end());
  return fields;
}

std::string headers(std::uint32_t stream, const FieldList& fields, bool ends) {
  const auto flags = static_cast<std::uint8_t>(end_headers | (ends ? end_stream : 0));
  return frame(FrameType::headers, flags, stream, block(fields));
}

std::string request(std::uint32_t stream, std::string_view path, std::string_view method,
                    FieldList others, bool ends) {
  return headers(stream, request_fields(method, path, std::move(others)), ends);
}

std::string data(std::uint32_t stream, std::string_view octets, bool ends) {
  return frame(FrameType::data, ends ? end_stream : 0, stream, octets);
}

std::string window_update(std::uint32_t stream, std::uint32_t bytes) {
  return frame(FrameType::window_update, 0, stream, number(bytes, 4));
}

std::string reset(std::uint32_t stream, ErrorCode code) {
  return frame(FrameType::rst_stream, 0, stream, number(static_cast<std::uint32_t>(code), 4));
}

std::string opening() {
  return std::string(http::h2::preface) + frame(FrameType::settings, 0, 0);
}

FrameReader::FrameReader() {
  CHECK(nghttp2_hd_inflate_new(&inflater_) == 0);
}

FrameReader::~FrameReader() {
  nghttp2_hd_inflate_del(inflater_);
}

void FrameReader::receive(std::string_view octets) {
  octets_ += octets;
  std::string_view left = octets_;
  while (left.size() >= head_bytes) {
    const std::size_t bytes = number_in(left.substr(0, 3));
    if (left.size() < head_bytes + bytes) break;
    take(FrameType(static_cast<std::uint8_t>(left[3])), static_cast<std::uint8_t>(left[4]),
         number_in(left.substr(5, 4)), left.substr(head_bytes, bytes));
    left.remove_prefix(head_bytes + bytes);
  }
  octets_ = std::string(left);
}

void FrameReader::take(FrameType type, std::uint8_t flags, std::uint32_t stream,
                       std::string_view payload) {
  ++counts[type];
  switch (type) {
    case FrameType::headers: {
      CHECK((flags & end_headers) != 0);
      CameOnStream& came = streams[stream];
      came.ended = (flags & end_stream) != 0;
      const FieldList fields = read_block(payload);
      CHECK(!fields.empty());
      if (came.status != 0) {
        came.trailers = fields;
        return;
      }
      CHECK(fields[0].first == ":status");
      const int status = std::stoi(fields[0].second);
      if (status < 200) {
        came.interim.push_back(status);
      } else {
        came.status = status;
      }
      came.fields = fields;
      return;
    }
    case FrameType::data: {
      CameOnStream& came = streams[stream];
      came.body += payload;
      came.ended = (flags & end_stream) != 0;
      return;
    }
    case FrameType::rst_stream:
      streams[stream].was_reset = true;
      streams[stream].code = ErrorCode(number_in(payload));
      return;
    case FrameType::ping:
      pongs += (flags & ack) != 0 ? 1 : 0;
      return;
    case FrameType::goaway:
      went_away = true;
      goaway_last = number_in(payload.substr(0, 4));
      goaway_code = ErrorCode(number_in(payload.substr(4, 4)));
      return;
    default:
      return;
  }
}

FieldList FrameReader::read_block(std::string_view octets) {
  FieldList fields;
  const auto* at = reinterpret_cast<const std::uint8_t*>(octets.data());
  std::size_t left = octets.size();
  while (true) {
    nghttp2_nv pair{};
    int flags = 0;
    const ssize_t read = nghttp2_hd_inflate_hd2(inflater_, &pair, &flags, at, left, 1);
    CHECK(read >= 0);
    at += read;
    left -= static_cast<std::size_t>(read);
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
      fields.emplace_back(std::string(reinterpret_cast<char*>(pair.name), pair.namelen),
                          std::string(reinterpret_cast<char*>(pair.value), pair.valuelen));
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
  }
  nghttp2_hd_inflate_end_headers(inflater_);
  return fields;
}

}  // namespace pelton::support
