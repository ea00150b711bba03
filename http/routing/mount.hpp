// A table, or one handler, mounted below a literal prefix in another table. It gets requests that
// no route of that table matches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/routing/pattern.hpp"
#include "http/routing/route_settings.hpp"

namespace pelton::http {

class RouteTable;

class Mount {
 public:
  // `prefix` begins with '/' and does not end with one; if empty, everything is below it.
  // `unmatched` answers what the mounted table does not find: with its handler, if it has one, else
  // 404 and 405.
  Mount(std::string prefix, std::shared_ptr<const RouteTable> table, RouteSettings unmatched);

  // One handler gets everything below, with any method; Match::location is the rest of the path.
  Mount(std::string prefix, RouteSettings settings);

  // Null for one handler.
  const RouteTable* table() const { return table_.get(); }
  const RouteSettings& unmatched() const { return unmatched_; }
  std::uint32_t segment_count() const { return segment_count_; }

  // How many octets of a path, as sent, the prefix takes: up to a '/' or the path's end.
  std::optional<std::size_t> taken_of(std::string_view path) const;

  // Whether a route with this template may match below the prefix; true if in doubt.
  bool may_share(const Pattern& pattern) const;
  // No route of the outer table may match below the prefix, so only the mount need be searched.
  bool is_alone() const { return is_alone_; }
  void stand_alone(bool is_alone) { is_alone_ = is_alone; }

 private:
  std::string prefix_;
  std::uint32_t segment_count_ = 0;
  bool is_alone_ = false;
  std::shared_ptr<const RouteTable> table_;
  RouteSettings unmatched_;
};

}  // namespace pelton::http
