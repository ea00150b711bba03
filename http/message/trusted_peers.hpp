// The peers whose word about a request's origin counts (PXY-001).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/message/ip_address.hpp"

namespace pelton::http {

class TrustedPeers {
 public:
  // Adds an address, a network such as `10.0.0.0/8`, `unix` for peers on a Unix socket, or `*` for
  // everybody. Returns a clause that says why `text` is none of these; empty if it is one.
  std::string add(std::string_view text);

  bool trusts_nobody() const { return networks_.empty() && !unix_ && !all_; }
  bool trusts_all() const { return all_; }
  bool trusts_unix() const { return unix_ || all_; }
  bool trusts(const IpAddress& address) const;

 private:
  struct Network {
    IpAddress address;
    unsigned prefix_bits;
  };

  std::vector<Network> networks_;
  bool unix_ = false;
  bool all_ = false;
};

}  // namespace pelton::http
