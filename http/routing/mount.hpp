// A whole table, or one handler, below a literal prefix of another table: it gets what no own route
// of that matches.
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
  // `prefix` begins with '/' and does not end with one, or is empty: then everything is below it.
  // `unmatched` answers what the table does not find: its handler, if it has one, 404 and 405.
  Mount(std::string prefix, std::shared_ptr<const RouteTable> table, RouteSettings unmatched);

  // One handler has everything below, under any method: it is found with what is left of the path
  // as Match::location.
  Mount(std::string prefix, RouteSettings settings);

  // Null for one handler.
  const RouteTable* table() const { return table_.get(); }
  const RouteSettings& unmatched() const { return unmatched_; }
  std::uint32_t segment_count() const { return segment_count_; }

  // How much of a path, as sent, the prefix takes: up to a '/' or to its end.
  std::optional<std::size_t> taken_of(std::string_view path) const;

  // Whether a route of this template may match below the prefix; true if in doubt.
  bool may_share(const Pattern& pattern) const;
  // No own route may: there is nothing to look for before the table below.
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
