// A client of HTTP/2 that sends frames exactly as a test writes them, and takes what comes apart.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/h2/codec.hpp"

struct nghttp2_hd_inflater;

namespace pelton::support {

using FieldList = std::vector<std::pair<std::string, std::string>>;

// One frame, with its head.
std::string frame(http::h2::FrameType type, std::uint8_t flags, std::uint32_t stream,
                  std::string_view payload = {});
// A header block in which nothing is compressed or remembered (RFC 7541 section 6.2.2).
std::string block(const FieldList& fields);
// The pseudo-header fields of a request, and others.
FieldList request_fields(std::string_view method, std::string_view path, FieldList others = {});
// A HEADERS frame that is a whole header list.
std::string headers(std::uint32_t stream, const FieldList& fields, bool ends = true);
std::string request(std::uint32_t stream, std::string_view path, std::string_view method = "GET",
                    FieldList others = {}, bool ends = true);
std::string data(std::uint32_t stream, std::string_view octets, bool ends = true);
std::string window_update(std::uint32_t stream, std::uint32_t bytes);
std::string reset(std::uint32_t stream, http::h2::ErrorCode code);
// The preface and empty SETTINGS.
std::string opening();

// What has come on one stream.
struct CameOnStream {
  int status = 0;
  FieldList fields;  // of the last header list
  std::vector<int> interim;
  std::string body;
  FieldList trailers;
  bool ended = false;
  bool was_reset = false;
  http::h2::ErrorCode code{};
};

class FrameReader {
 public:
  FrameReader();
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;
  ~FrameReader();

  // Octets of the server.
  void receive(std::string_view octets);

  std::map<std::uint32_t, CameOnStream> streams;
  std::map<http::h2::FrameType, std::size_t> counts;
  bool went_away = false;
  http::h2::ErrorCode goaway_code{};
  std::uint32_t goaway_last = 0;
  std::size_t pongs = 0;

 private:
  void take(http::h2::FrameType type, std::uint8_t flags, std::uint32_t stream,
            std::string_view payload);
  FieldList read_block(std::string_view octets);

  std::string octets_;
  nghttp2_hd_inflater* inflater_ = nullptr;
};

}  // namespace pelton::support
