// The header of the PROXY protocol, versions 1 and 2, which a proxy sends in front of everything
// else on a connection (PXY-003).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "uring/sockets/address.hpp"

namespace pelton::http {

struct ProxyHeader {
  // False for a connection of the proxy's own, and for clients without an IP address: the
  // connection is what the kernel says it is.
  bool names_ends = false;
  uring::Address client;
  uring::Address server;
  bool is_secure = false;  // the client speaks TLS with the proxy (version 2 only)
};

// Reads a header that arrives in any pieces.
class ProxyHeaderReader {
 public:
  static constexpr std::size_t text_bytes_max = 107;
  static constexpr std::size_t binary_bytes_max = 536;

  enum class Verdict : std::uint8_t { unfinished, complete, malformed };

  // Takes the octets of the header off the front of `octets`; those behind it stay.
  Verdict read(std::span<char>& octets);
  // Whether octets have arrived.
  bool started() const { return bytes_ != 0; }
  // Once complete.
  const ProxyHeader& header() const { return header_; }

 private:
  Verdict judge();
  Verdict judge_text();
  Verdict judge_binary();
  bool read_text(std::string_view line);
  bool read_binary();
  bool read_extensions(std::size_t begin);
  bool checksum_fits(std::size_t value_at) const;
  unsigned at(std::size_t index) const { return static_cast<unsigned char>(octets_[index]); }
  unsigned two_at(std::size_t index) const { return at(index) << 8 | at(index + 1); }

  std::array<char, binary_bytes_max> octets_;
  std::size_t bytes_ = 0;
  std::size_t header_bytes_ = 0;  // once complete
  ProxyHeader header_;
};

}  // namespace pelton::http
