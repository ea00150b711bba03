// The hosts that requests may name (H1-043).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pelton::http {

class AllowedHosts {
 public:
  // Adds a host, `*.example.org` for every host below example.org, or `*` for any. Returns a clause
  // that says why `text` is none of these; empty if it is one.
  std::string add(std::string_view text);

  // True also if nothing was added.
  bool allows_all() const { return all_ || (hosts_.empty() && domains_.empty()); }
  // Whether the host of this authority is allowed; its port does not count.
  bool allows(std::string_view authority) const;

 private:
  // In lower case.
  std::vector<std::string> hosts_;
  std::vector<std::string> domains_;  // with the dot in front: `.example.org`
  bool all_ = false;
};

}  // namespace pelton::http
