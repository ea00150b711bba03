// How a table matches below its mounts.
#include <algorithm>
#include <string>
#include <vector>

#include "http/routing/route_table.hpp"

namespace pelton::http {
namespace {

// Merges two sorted lists of methods that are separated by ", ".
std::string merged(std::string_view one, std::string_view other) {
  std::vector<std::string_view> names;
  for (std::string_view list : {one, other}) {
    while (!list.empty()) {
      const std::size_t end = std::min(list.find(", "), list.size());
      names.push_back(list.substr(0, end));
      list.remove_prefix(std::min(end + 2, list.size()));
    }
  }
  std::ranges::sort(names);
  const auto again = std::ranges::unique(names);
  names.erase(again.begin(), again.end());
  std::string made;
  for (const std::string_view name : names) {
    if (!made.empty()) made += ", ";
    made += name;
  }
  return made;
}

// Whether a route matches the path, perhaps with another method or slash.
bool knows_path(const Match& match) {
  if (match.outcome == MatchOutcome::trace_disabled) return !match.allow.empty();
  return match.outcome != MatchOutcome::not_found && match.outcome != MatchOutcome::method_unknown;
}

}  // namespace

Match RouteTable::match_path(const RequestHead& head, std::string_view path,
                             MatchScratch& scratch) const {
  const std::uint32_t method = MethodSet::index_of(head.method);
  if (MethodSet::is_common(head.method) && is_served(method)) {
    const std::uint32_t route = parts_.index.find_static(method, path);
    const Walked found =
        route != RouteIndex::none ? Walked{.route = route} : find_at_once(method, path, scratch);
    if (found.route != RouteIndex::none) {
      return {.outcome = MatchOutcome::found,
              .route = &parts_.settings[found.route],
              .values = {scratch.values.data(), found.value_count}};
    }
  }
  return match_rest(head, path, scratch);
}

RouteTable::Below RouteTable::find_mount(std::string_view path) const {
  for (const Mount& mount : parts_.mounts) {
    if (const auto taken_bytes = mount.taken_of(path)) return {&mount, *taken_bytes};
  }
  return {};
}

Match RouteTable::match_mounts(const RequestHead& head, std::string_view path,
                               MatchScratch& scratch) const {
  if (head.form == TargetForm::asterisk) {
    Match whole = match_own(head, path, scratch);
    for (const Mount& mount : parts_.mounts) {
      if (mount.table() == nullptr) continue;
      const std::string own(whole.allow);
      scratch.text = merged(own, mount.table()->match_rest(head, path, scratch).allow);
      whole.allow = scratch.text;
    }
    return whole;
  }
  const Below below = find_mount(path);
  if (below.mount == nullptr) return match_own(head, path, scratch);
  if (below.mount->is_alone()) return match_below(below, head, path, scratch);
  const Match own = match_own(head, path, scratch);
  if (own.outcome == MatchOutcome::found) return own;
  // A mounted handler and a catch_all check paths themselves.
  const bool is_judged = own.outcome == MatchOutcome::path_not_utf8;
  const RouteTable* const table = below.mount->table();
  if (is_judged && table != nullptr && !table->parts_.catch_all) return own;
  if (!knows_path(own)) return match_below(below, head, path, scratch);
  // The table with both path and method answers; else the outer table does, also for the mount.
  const std::string own_allow(own.allow);
  Match there = match_below(below, head, path, scratch);
  if (there.outcome == MatchOutcome::found) return there;
  if (own_allow.empty()) return match_own(head, path, scratch);
  scratch.text = merged(own_allow, there.allow);
  return {.outcome = own.outcome, .allow = scratch.text};
}

Match RouteTable::match_below(const Below& below, const RequestHead& head, std::string_view path,
                              MatchScratch& scratch) const {
  const std::string_view prefix = path.substr(0, below.taken_bytes);
  const std::string_view rest = path.substr(below.taken_bytes);
  if (below.mount->table() == nullptr) {
    return {.outcome = MatchOutcome::found, .route = &below.mount->unmatched(), .location = rest};
  }
  const RouteTable& table = *below.mount->table();
  Match match;
  if (!rest.empty() || table.parts_.catch_all) {
    match = table.match_path(head, rest, scratch);
    if (match.outcome == MatchOutcome::redirect) {
      scratch.text.insert(0, prefix);
      match.location = scratch.text;
    }
  } else if (table.parts_.trailing_slash == TrailingSlash::redirect) {
    match = table.match_path(head, "/", scratch);
    const bool leads =
        match.outcome == MatchOutcome::found || match.outcome == MatchOutcome::automatic_options;
    match = {};
    if (leads) {
      scratch.text.assign(prefix);
      scratch.text += '/';
      if (const std::string_view query = head.text(head.query); !query.empty()) {
        scratch.text += '?';
        scratch.text += query;
      }
      match = {.outcome = MatchOutcome::redirect, .location = scratch.text};
    }
  }
  if (match.outcome != MatchOutcome::found && match.route == nullptr) {
    match.route = &below.mount->unmatched();
  }
  return match;
}

Match RouteTable::match_websocket_path(const RequestHead& head, std::string_view path,
                                       MatchScratch& scratch) const {
  bool invalid_utf8 = false;
  if (is_served(MethodSet::websocket_index)) {
    const std::optional<WalkInput> input = read_path(path, scratch, invalid_utf8);
    const Walked walked =
        input ? walk_route(parts_.index, *input, MethodSet::websocket_index) : Walked{};
    if (walked.route != RouteIndex::none) {
      return {.outcome = MatchOutcome::found,
              .route = &parts_.settings[walked.route],
              .values = {scratch.values.data(), walked.value_count}};
    }
  }
  const Below below = find_mount(path);
  if (below.mount != nullptr && below.mount->table() != nullptr) {
    const Match match =
        below.mount->table()->match_websocket_path(head, path.substr(below.taken_bytes), scratch);
    if (match.outcome == MatchOutcome::found) return match;
  }
  if (!parts_.websocket_catch_all) return {};
  return {.outcome = MatchOutcome::found, .route = &*parts_.websocket_catch_all, .location = path};
}

}  // namespace pelton::http
