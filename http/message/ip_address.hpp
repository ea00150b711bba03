// An IP address as octets, for comparison with networks.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pelton::http {

// An IPv4 address is kept as the IPv6 address that maps it (::ffff:a.b.c.d), so both spellings are
// equal.
struct IpAddress {
  std::array<std::uint8_t, 16> octets{};

  bool is_ipv4() const;
  bool operator==(const IpAddress&) const = default;
};

// How many leading bits of a mapped IPv4 address are the same for all of them.
inline constexpr unsigned ipv4_prefix_bits = 96;

// Nothing if `text` is neither four decimal octets nor an IPv6 address without a zone.
std::optional<IpAddress> read_ip_address(std::string_view text);

// The usual spelling; of a mapped address that of IPv4.
std::string ip_text(const IpAddress& address);

}  // namespace pelton::http
