#include "http/transport/proxy_header.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace pelton::http {
namespace {

constexpr std::string_view text_begin = "PROXY ";
constexpr std::string_view binary_begin{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::size_t binary_fixed_bytes = 16;

constexpr std::size_t ipv4_bytes = 12;  // two addresses and two ports
constexpr std::size_t ipv6_bytes = 36;
constexpr std::size_t unix_bytes = 216;  // two paths

constexpr unsigned extension_checksum = 0x03;
constexpr unsigned extension_tls = 0x20;
constexpr unsigned client_is_tls = 0x01;

// Whether `octets` and `begin` agree as far as both go.
bool begins(std::string_view octets, std::string_view begin) {
  const std::size_t bytes = std::min(octets.size(), begin.size());
  return octets.substr(0, bytes) == begin.substr(0, bytes);
}

// Takes the text up to the next space, or all of it.
std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

bool read_port(std::string_view text, std::uint16_t& port) {
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text[0] == '0')) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size();
}

uring::Address ipv4_address(const void* octets, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  std::memcpy(&address.sin_addr, octets, sizeof address.sin_addr);
  sockaddr_storage storage{};
  std::memcpy(&storage, &address, sizeof address);
  return uring::address_from(storage);
}

uring::Address ipv6_address(const void* octets, std::uint16_t port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  std::memcpy(&address.sin6_addr, octets, sizeof address.sin6_addr);
  sockaddr_storage storage{};
  std::memcpy(&storage, &address, sizeof address);
  return uring::address_from(storage);
}

bool read_address(int family, std::string_view text, std::uint16_t port, uring::Address& address) {
  std::array<char, INET6_ADDRSTRLEN> spelled{};
  if (text.size() >= spelled.size() || text.contains('\0')) return false;
  std::ranges::copy(text, spelled.begin());
  std::array<char, sizeof(in6_addr)> octets;
  if (::inet_pton(family, spelled.data(), octets.data()) != 1) return false;
  address =
      family == AF_INET ? ipv4_address(octets.data(), port) : ipv6_address(octets.data(), port);
  return true;
}

// CRC-32C (RFC 3720), bit by bit: a header is short, and few have a checksum.
std::uint32_t crc32c(std::uint32_t crc, unsigned octet) {
  constexpr std::uint32_t polynomial = 0x82f63b78;
  crc ^= octet;
  for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
  return crc;
}

}  // namespace

ProxyHeaderReader::Verdict ProxyHeaderReader::read(std::span<char>& octets) {
  const std::size_t before = bytes_;
  const std::size_t bytes = std::min(octets.size(), octets_.size() - bytes_);
  std::memcpy(octets_.data() + bytes_, octets.data(), bytes);
  bytes_ += bytes;
  const Verdict verdict = judge();
  octets = octets.subspan(verdict == Verdict::complete ? header_bytes_ - before : octets.size());
  return verdict;
}

ProxyHeaderReader::Verdict ProxyHeaderReader::judge() {
  const std::string_view read(octets_.data(), bytes_);
  if (begins(read, text_begin)) return judge_text();
  return begins(read, binary_begin) ? judge_binary() : Verdict::malformed;
}

ProxyHeaderReader::Verdict ProxyHeaderReader::judge_text() {
  const std::string_view read(octets_.data(), std::min(bytes_, text_bytes_max));
  const std::size_t end = read.find('\n');
  if (end == std::string_view::npos) {
    return bytes_ < text_bytes_max ? Verdict::unfinished : Verdict::malformed;
  }
  if (end == 0 || read[end - 1] != '\r') return Verdict::malformed;
  const std::string_view line = read.substr(text_begin.size(), end - 1 - text_begin.size());
  if (line.contains('\r') || !read_text(line)) return Verdict::malformed;
  header_bytes_ = end + 1;
  return Verdict::complete;
}

// The words behind PROXY, with one space between them.
bool ProxyHeaderReader::read_text(std::string_view line) {
  const std::string_view family_word = take_word(line);
  if (family_word == "UNKNOWN") return true;
  if (family_word != "TCP4" && family_word != "TCP6") return false;
  const int family = family_word == "TCP4" ? AF_INET : AF_INET6;
  const std::string_view client = take_word(line);
  const std::string_view server = take_word(line);
  const std::string_view client_port_text = take_word(line);
  std::uint16_t client_port = 0;
  std::uint16_t server_port = 0;
  // What is left is the last word; a space in it is no digit.
  header_.names_ends = read_port(client_port_text, client_port) && read_port(line, server_port) &&
                       read_address(family, client, client_port, header_.client) &&
                       read_address(family, server, server_port, header_.server);
  return header_.names_ends;
}

ProxyHeaderReader::Verdict ProxyHeaderReader::judge_binary() {
  if (bytes_ < binary_fixed_bytes) return Verdict::unfinished;
  header_bytes_ = binary_fixed_bytes + two_at(14);
  if (header_bytes_ > binary_bytes_max) return Verdict::malformed;
  if (bytes_ < header_bytes_) return Verdict::unfinished;
  return read_binary() ? Verdict::complete : Verdict::malformed;
}

bool ProxyHeaderReader::read_binary() {
  constexpr unsigned local = 0x20;
  constexpr unsigned proxied = 0x21;
  if (at(12) == local) return true;
  if (at(12) != proxied) return false;
  const unsigned family = at(13) >> 4;
  const unsigned protocol = at(13) & 0x0f;
  constexpr unsigned stream = 1;
  if (family > 3 || protocol > stream) return false;
  constexpr std::array<std::size_t, 4> bytes_of = {0, ipv4_bytes, ipv6_bytes, unix_bytes};
  const std::size_t end = binary_fixed_bytes + bytes_of[family];
  if (header_bytes_ < end || !read_extensions(end)) return false;
  if (protocol != stream) return true;
  const char* const begin = octets_.data() + binary_fixed_bytes;
  const auto port = [this](std::size_t index) { return static_cast<std::uint16_t>(two_at(index)); };
  if (family == 1) {
    header_.client = ipv4_address(begin, port(end - 4));
    header_.server = ipv4_address(begin + sizeof(in_addr), port(end - 2));
  } else if (family == 2) {
    header_.client = ipv6_address(begin, port(end - 4));
    header_.server = ipv6_address(begin + sizeof(in6_addr), port(end - 2));
  }
  header_.names_ends = family == 1 || family == 2;
  return true;
}

// What follows the addresses: a type, a length and a value, again and again.
bool ProxyHeaderReader::read_extensions(std::size_t begin) {
  constexpr std::size_t head_bytes = 3;
  while (begin != header_bytes_) {
    if (header_bytes_ - begin < head_bytes) return false;
    const unsigned type = at(begin);
    const std::size_t bytes = two_at(begin + 1);
    begin += head_bytes;
    if (header_bytes_ - begin < bytes) return false;
    if (type == extension_checksum && (bytes != 4 || !checksum_fits(begin))) return false;
    if (type == extension_tls) {
      if (bytes == 0) return false;
      header_.is_secure = (at(begin) & client_is_tls) != 0;
    }
    begin += bytes;
  }
  return true;
}

// The checksum is that of the header with zeros in the checksum's place.
bool ProxyHeaderReader::checksum_fits(std::size_t value_at) const {
  std::uint32_t crc = ~std::uint32_t{0};
  for (std::size_t index = 0; index < header_bytes_; ++index) {
    const bool is_own = index >= value_at && index < value_at + 4;
    crc = crc32c(crc, is_own ? 0 : at(index));
  }
  return ~crc == (two_at(value_at) << 16 | two_at(value_at + 2));
}

}  // namespace pelton::http
