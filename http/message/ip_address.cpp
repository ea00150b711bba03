#include "http/message/ip_address.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace pelton::http {
namespace {

constexpr std::array<std::uint8_t, ipv4_prefix_bits / 8> mapped{0, 0, 0, 0, 0,    0,
                                                                0, 0, 0, 0, 0xff, 0xff};

}  // namespace

bool IpAddress::is_ipv4() const {
  return std::equal(mapped.begin(), mapped.end(), octets.begin());
}

std::optional<IpAddress> read_ip_address(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> spelled{};
  if (text.size() >= spelled.size() || text.contains('\0')) return std::nullopt;
  std::ranges::copy(text, spelled.begin());
  IpAddress address;
  if (::inet_pton(AF_INET6, spelled.data(), address.octets.data()) == 1) return address;
  std::ranges::copy(mapped, address.octets.begin());
  if (::inet_pton(AF_INET, spelled.data(), address.octets.data() + mapped.size()) == 1) {
    return address;
  }
  return std::nullopt;
}

std::string ip_text(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> spelled{};
  const bool ipv4 = address.is_ipv4();
  ::inet_ntop(ipv4 ? AF_INET : AF_INET6, address.octets.data() + (ipv4 ? mapped.size() : 0),
              spelled.data(), spelled.size());
  return spelled.data();
}

}  // namespace pelton::http
