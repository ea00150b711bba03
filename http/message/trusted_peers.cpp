#include "http/message/trusted_peers.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "http/message/octets.hpp"

namespace pelton::http {
namespace {

constexpr unsigned address_bits = 128;

// Whether the first bits of both are the same.
bool share_prefix(const IpAddress& left, const IpAddress& right, unsigned bits) {
  const unsigned whole = bits / 8;
  if (std::memcmp(left.octets.data(), right.octets.data(), whole) != 0) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || ((left.octets[whole] ^ right.octets[whole]) >> (8 - rest)) == 0;
}

// Without the bits behind the prefix.
IpAddress first_of(IpAddress address, unsigned bits) {
  for (unsigned bit = bits; bit < address_bits; ++bit) {
    address.octets[bit / 8] &= static_cast<std::uint8_t>(~(0x80u >> bit % 8));
  }
  return address;
}

bool read_prefix_bits(std::string_view text, unsigned max, unsigned& bits) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return false;
  if (!std::ranges::all_of(text, [](char octet) { return octet_is(octet, octet_digit); })) {
    return false;
  }
  std::from_chars(text.data(), text.data() + text.size(), bits);
  return bits <= max;
}

}  // namespace

std::string TrustedPeers::add(std::string_view text) {
  if (text == "*") {
    all_ = true;
    return {};
  }
  if (text == "unix") {
    unix_ = true;
    return {};
  }
  const std::size_t slash = text.find('/');
  const auto address = read_ip_address(text.substr(0, slash));
  if (!address) return "is no IP address and no network such as 10.0.0.0/8";
  unsigned bits = address_bits;
  if (slash != std::string_view::npos) {
    const bool ipv4 = !text.substr(0, slash).contains(':');
    const unsigned before = ipv4 ? ipv4_prefix_bits : 0;
    const unsigned max = address_bits - before;
    if (!read_prefix_bits(text.substr(slash + 1), max, bits)) {
      return "has no prefix from 0 to " + std::to_string(max);
    }
    bits += before;
    const IpAddress first = first_of(*address, bits);
    if (first != *address) {
      return "has bits behind its prefix; the network is " + ip_text(first) +
             std::string(text.substr(slash));
    }
  }
  networks_.push_back({*address, bits});
  return {};
}

bool TrustedPeers::trusts(const IpAddress& address) const {
  return all_ || std::ranges::any_of(networks_, [&](const Network& network) {
           return share_prefix(network.address, address, network.prefix_bits);
         });
}

}  // namespace pelton::http
