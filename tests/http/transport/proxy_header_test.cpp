#include "http/transport/proxy_header.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pelton::http {
namespace {

using Verdict = ProxyHeaderReader::Verdict;
using namespace std::string_literals;

struct Read {
  Verdict verdict = Verdict::unfinished;
  ProxyHeader header;
  std::string rest;  // what is left for the session

  bool operator==(const Read& other) const {
    return verdict == other.verdict && rest == other.rest &&
           header.names_ends == other.header.names_ends && header.client == other.header.client &&
           header.server == other.header.server && header.is_secure == other.header.is_secure;
  }
};

// Reads octets in pieces; those after the verdict are not read.
Read read_in(std::string octets, std::size_t piece_bytes) {
  ProxyHeaderReader reader;
  Read read;
  for (std::size_t begin = 0; begin < octets.size(); begin += piece_bytes) {
    const std::size_t bytes = std::min(piece_bytes, octets.size() - begin);
    std::span<char> piece(octets.data() + begin, bytes);
    if (read.verdict == Verdict::unfinished) {
      read.verdict = reader.read(piece);
      read.header = reader.header();
    }
    if (read.verdict == Verdict::complete) read.rest.append(piece.data(), piece.size());
  }
  return read;
}

// SEG-006: the pieces make no difference.
Read read(const std::string& octets) {
  const Read whole = read_in(octets, std::max<std::size_t>(octets.size(), 1));
  for (const std::size_t piece_bytes : {1, 2, 3, 7, 16, 100}) {
    const Read pieces = read_in(octets, piece_bytes);
    if (whole.verdict != Verdict::malformed) {
      EXPECT_TRUE(pieces == whole) << piece_bytes;
    }
    EXPECT_EQ(pieces.verdict, whole.verdict) << piece_bytes;
  }
  return whole;
}

std::string ends(const Read& read) {
  if (read.verdict == Verdict::malformed) return "malformed";
  if (read.verdict == Verdict::unfinished) return "unfinished";
  if (!read.header.names_ends) return "own";
  const auto text = [](const uring::Address& address) {
    return address.host + ' ' + std::to_string(address.port);
  };
  return text(read.header.client) + " to " + text(read.header.server);
}

std::string text_ends(const std::string& line) {
  return ends(read("PROXY " + line + "\r\n"));
}

TEST(ProxyHeader, PXY_003_text) {
  EXPECT_EQ(text_ends("TCP4 203.0.113.7 10.0.0.1 56324 443"), "203.0.113.7 56324 to 10.0.0.1 443");
  EXPECT_EQ(text_ends("TCP4 0.0.0.0 255.255.255.255 0 65535"),
            "0.0.0.0 0 to 255.255.255.255 65535");
  EXPECT_EQ(text_ends("TCP6 2001:DB8::7 ::1 1 2"), "2001:db8::7 1 to ::1 2");
  EXPECT_EQ(text_ends("TCP6 ::ffff:1.2.3.4 ::1 1 2"), "1.2.3.4 1 to ::1 2");
  EXPECT_EQ(text_ends("UNKNOWN"), "own");
  EXPECT_EQ(text_ends("UNKNOWN whatever \x01 ffff:f"), "own");
}

TEST(ProxyHeader, PXY_003_the_octets_behind_it_are_left) {
  const Read first = read("PROXY UNKNOWN\r\nGET / HTTP/1.1\r\n");
  EXPECT_EQ(first.rest, "GET / HTTP/1.1\r\n");
  EXPECT_EQ(read("PROXY UNKNOWN\r\n\r\n").rest, "\r\n");
  EXPECT_EQ(read("PROXY UNKNOWN\r\n" + std::string(1000, 'x')).rest, std::string(1000, 'x'));
}

TEST(ProxyHeader, PXY_003_text_that_is_none) {
  for (const char* line : {"",
                           " ",
                           "TCP4",
                           "TCP4 ",
                           "TCP5 1.1.1.1 1.1.1.1 1 1",
                           "tcp4 1.1.1.1 1.1.1.1 1 1",
                           "TCP4 1.1.1.1 1.1.1.1 1",
                           "TCP4 1.1.1.1 1.1.1.1 1 1 ",
                           "TCP4 1.1.1.1 1.1.1.1 1 1 1",
                           "TCP4  1.1.1.1 1.1.1.1 1 1",
                           " TCP4 1.1.1.1 1.1.1.1 1 1",
                           "TCP4 1.1.1.1 1.1.1.1 65536 1",
                           "TCP4 1.1.1.1 1.1.1.1 1 65536",
                           "TCP4 1.1.1.1 1.1.1.1 01 1",
                           "TCP4 1.1.1.1 1.1.1.1 -1 1",
                           "TCP4 1.1.1.1 1.1.1.1 +1 1",
                           "TCP4 1.1.1.1 1.1.1.1 1 ",
                           "TCP4 1.1.1 1.1.1.1 1 1",
                           "TCP4 1.1.1.1 01.1.1.1 1 1",
                           "TCP4 ::1 ::1 1 1",
                           "TCP6 1.1.1.1 1.1.1.1 1 1",
                           "TCP6 ::1 ::g 1 1",
                           "TCP6 ::1%lo ::1 1 1",
                           "TCP6 [::1] ::1 1 1",
                           "UNKNOWNX",
                           "unknown",
                           "TCP4 1.1.1.1 1.1.1.1 1 1\r",
                           "TCP4 1.1.1.1\t1.1.1.1 1 1",
                           "UDP4 1.1.1.1 1.1.1.1 1 1"}) {
    EXPECT_EQ(text_ends(line), "malformed") << line;
  }
  EXPECT_EQ(ends(read("PROXY UNKNOWN\n")), "malformed");
  EXPECT_EQ(ends(read("PROXY\r\n")), "malformed");
  EXPECT_EQ(ends(read("proxy UNKNOWN\r\n")), "malformed");
  EXPECT_EQ(ends(read("GET / HTTP/1.1\r\n")), "malformed");
  EXPECT_EQ(ends(read("\r\n")), "unfinished");
  EXPECT_EQ(ends(read("\r\nGET")), "malformed");
  EXPECT_EQ(ends(read("\x16\x03\x01")), "malformed");
}

TEST(ProxyHeader, PXY_003_text_has_a_longest_line) {
  const std::size_t most = ProxyHeaderReader::text_bytes_max - "PROXY UNKNOWN \r\n"s.size();
  EXPECT_EQ(text_ends("UNKNOWN " + std::string(most - 1, 'x')), "own");
  EXPECT_EQ(text_ends("UNKNOWN " + std::string(most, 'x')), "own");
  EXPECT_EQ(text_ends("UNKNOWN " + std::string(most + 1, 'x')), "malformed");
  EXPECT_EQ(ends(read("PROXY UNKNOWN " + std::string(most + 1, 'x'))), "unfinished");
  EXPECT_EQ(ends(read("PROXY UNKNOWN " + std::string(most + 2, 'x'))), "malformed");
}

TEST(ProxyHeader, an_unfinished_header_is_started) {
  ProxyHeaderReader reader;
  EXPECT_FALSE(reader.started());
  std::string octets = "PROXY ";
  std::span<char> piece(octets);
  EXPECT_EQ(reader.read(piece), Verdict::unfinished);
  EXPECT_TRUE(piece.empty());
  EXPECT_TRUE(reader.started());
}

// --- version 2 ---

std::string two(std::size_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
}

std::string binary(unsigned command, unsigned family, const std::string& rest,
                   std::optional<std::size_t> bytes = {}) {
  return "\r\n\r\n\0\r\nQUIT\n"s + static_cast<char>(command) + static_cast<char>(family) +
         two(bytes.value_or(rest.size())) + rest;
}

std::string extension(unsigned type, const std::string& value) {
  return static_cast<char>(type) + two(value.size()) + value;
}

const std::string ipv4_ends = "\xcb\x00\x71\x07\x0a\x00\x00\x01\xdc\x04\x01\xbb"s;
const std::string ipv6_ends = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + '\x07' +
                              std::string(15, '\0') + "\x01\x00\x01\x00\x02"s;

TEST(ProxyHeader, PXY_003_binary) {
  EXPECT_EQ(ends(read(binary(0x21, 0x11, ipv4_ends))), "203.0.113.7 56324 to 10.0.0.1 443");
  EXPECT_EQ(ends(read(binary(0x21, 0x21, ipv6_ends))), "2001:db8::7 1 to ::1 2");
  EXPECT_EQ(read(binary(0x21, 0x11, ipv4_ends) + "GET").rest, "GET");
}

TEST(ProxyHeader, PXY_003_binary_without_an_address_for_us) {
  EXPECT_EQ(ends(read(binary(0x20, 0x00, ""))), "own");
  EXPECT_EQ(ends(read(binary(0x20, 0x11, ipv4_ends))), "own");
  EXPECT_EQ(ends(read(binary(0x20, 0xff, "any"))), "own");
  EXPECT_EQ(ends(read(binary(0x21, 0x00, ""))), "own");
  EXPECT_EQ(ends(read(binary(0x21, 0x10, ipv4_ends))), "own");
  EXPECT_EQ(ends(read(binary(0x21, 0x01, ""))), "own");
  EXPECT_EQ(ends(read(binary(0x21, 0x31, std::string(216, 'p')))), "own");
}

TEST(ProxyHeader, PXY_003_binary_that_is_none) {
  for (const unsigned command : {0x00u, 0x11u, 0x22u, 0x2fu, 0x31u}) {
    EXPECT_EQ(ends(read(binary(command, 0x11, ipv4_ends))), "malformed") << command;
  }
  for (const unsigned family : {0x12u, 0x22u, 0x13u, 0x41u, 0xf1u}) {
    EXPECT_EQ(ends(read(binary(0x21, family, ipv6_ends))), "malformed") << family;
  }
  EXPECT_EQ(ends(read(binary(0x21, 0x11, ipv4_ends.substr(1)))), "malformed");
  EXPECT_EQ(ends(read(binary(0x21, 0x21, ipv6_ends.substr(1)))), "malformed");
  EXPECT_EQ(ends(read(binary(0x21, 0x31, std::string(215, 'p')))), "malformed");
  EXPECT_EQ(ends(read(binary(0x21, 0x11, ipv4_ends, 13))), "unfinished");
}

TEST(ProxyHeader, PXY_003_binary_has_a_most_of_octets) {
  const std::size_t room = ProxyHeaderReader::binary_bytes_max - 16 - ipv4_ends.size() - 3;
  for (const std::size_t bytes : {room - 1, room}) {
    const std::string whole = binary(0x21, 0x11, ipv4_ends + extension(4, std::string(bytes, 'n')));
    EXPECT_EQ(ends(read(whole + "GET")), "203.0.113.7 56324 to 10.0.0.1 443");
    EXPECT_EQ(read(whole + "GET").rest, "GET");
  }
  EXPECT_EQ(ends(read(binary(0x21, 0x11, ipv4_ends + extension(4, std::string(room + 1, 'n'))))),
            "malformed");
  EXPECT_EQ(ends(read(binary(0x20, 0, "", 65535))), "malformed");
}

TEST(ProxyHeader, PXY_003_extensions_are_whole) {
  const auto with = [](const std::string& extensions) {
    return ends(read(binary(0x21, 0x11, ipv4_ends + extensions)));
  };
  const std::string good = "203.0.113.7 56324 to 10.0.0.1 443";
  EXPECT_EQ(with(extension(1, "h2") + extension(2, "") + extension(0xee, "x")), good);
  for (const std::string& bad :
       {"\x01"s, "\x01\x00"s, "\x01\x00\x03h2"s, extension(1, "a") + "\x01", "\x01\xff\xff"s,
        extension(0x20, "")}) {
    EXPECT_EQ(with(bad), "malformed");
  }
}

TEST(ProxyHeader, PXY_003_tls_between_client_and_proxy) {
  const auto is_secure = [](char bits) {
    const std::string tls = extension(0x20, bits + "\0\0\0\0"s);
    return read(binary(0x21, 0x11, ipv4_ends + tls)).header.is_secure;
  };
  EXPECT_TRUE(is_secure(1));
  EXPECT_TRUE(is_secure(7));
  EXPECT_FALSE(is_secure(0));
  EXPECT_FALSE(is_secure(6));
  EXPECT_FALSE(read(binary(0x21, 0x11, ipv4_ends)).header.is_secure);
}

std::uint32_t crc32c(const std::string& octets) {
  std::uint32_t crc = 0xffffffff;
  for (const char octet : octets) {
    crc ^= static_cast<unsigned char>(octet);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc;
}

TEST(ProxyHeader, PXY_003_a_checksum_fits) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  std::string octets =
      binary(0x21, 0x11, ipv4_ends + extension(3, "\0\0\0\0"s) + extension(1, "h2"));
  const std::uint32_t crc = crc32c(octets);
  const std::size_t at = 16 + ipv4_ends.size() + 3;
  for (std::size_t index = 0; index < 4; ++index) {
    octets[at + index] = static_cast<char>(crc >> (24 - 8 * index));
  }
  EXPECT_EQ(ends(read(octets)), "203.0.113.7 56324 to 10.0.0.1 443");
  for (const std::size_t index : {at, at + 3, std::size_t{16}, octets.size() - 1}) {
    std::string changed = octets;
    changed[index] ^= 1;
    EXPECT_EQ(ends(read(changed)), "malformed") << index;
  }
  EXPECT_EQ(ends(read(binary(0x21, 0x11, ipv4_ends + extension(3, "abc")))), "malformed");
}

}  // namespace
}  // namespace pelton::http
