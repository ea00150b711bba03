// The frozen routes: maps a method and a path to a route. Immutable, so any thread may match
// against one table; each core uses its own scratch.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/message/request_head.hpp"
#include "http/routing/match.hpp"
#include "http/routing/method_set.hpp"
#include "http/routing/mount.hpp"
#include "http/routing/route_index.hpp"
#include "http/routing/route_settings.hpp"
#include "http/routing/route_walk.hpp"

namespace pelton::http {

enum class TrailingSlash : std::uint8_t { strict, redirect };

enum class MatchOutcome : std::uint8_t {
  found,
  not_found,           // 404; URL-003
  method_not_allowed,  // 405 with `allow`; H1-013
  method_unknown,      // 501; H1-014
  trace_disabled,      // 405 with `allow`, empty if the path has no route; H1-017
  path_not_utf8,       // 400; URL-002
  automatic_options,   // 204 with `allow`
  redirect,            // 308 to `location`
  websocket_required,  // 426; WS-001
};

// Valid until the scratch is used for another match, or the octets of the target move.
struct Match {
  MatchOutcome outcome = MatchOutcome::not_found;
  bool head_of_get = false;  // found: a HEAD request that a GET route answers
  // found: the route's settings; else, below a mount, Mount::unmatched().
  const RouteSettings* route = nullptr;
  std::span<const PathValue> values;  // found: in the order of the template
  std::string_view allow;             // sorted, with the automatic methods
  // redirect: path and query as sent, with the slash added or removed. Found, for the handler of a
  // mount or a catch_all: the rest of the path as sent.
  std::string_view location;

  const RouteSettings* found_route() const {
    return outcome == MatchOutcome::found ? route : nullptr;
  }
};

// Memory for matches. It grows to the longest path so far and then allocates nothing; only
// RouteTable touches it.
struct MatchScratch {
  std::array<PathValue, path_values_max> values;
  std::vector<std::uint32_t> segment_ends;
  std::vector<WalkFrame> frames;
  std::vector<char> decoded;
  std::string text;  // Allow or Location
};

class RouteTable {
 public:
  struct Parts {
    RouteIndex index;
    MethodSet methods;
    std::vector<RouteSettings> settings;  // by route
    TrailingSlash trailing_slash = TrailingSlash::strict;
    std::vector<Mount> mounts;
    // Answers all that nothing else here answers, as a route that was found: any method and target,
    // with the body. For an application that checks method and path itself.
    std::optional<RouteSettings> catch_all = {};
    // The same for requests that ask for a WebSocket.
    std::optional<RouteSettings> websocket_catch_all = {};
  };

  explicit RouteTable(Parts parts);

  // The parser has refused octets outside ASCII (H1-020), bad escapes and %00 (H1-022).
  Match match(const RequestHead& head, MatchScratch& scratch) const {
    const std::uint32_t method = MethodSet::index_of(head.method);
    if (MethodSet::is_common(head.method) && is_served(method)) [[likely]] {
      // A literal beats any parameter in its segment, so a template that equals the path is the
      // best match.
      const std::uint32_t route = parts_.index.find_static(method, head.text(head.path));
      if (route != RouteIndex::none) {
        return {.outcome = MatchOutcome::found, .route = parts_.settings.data() + route};
      }
    }
    return match_parameters(head, scratch);
  }
  // Matches this table's own routes only, not the mounts.
  Match match(std::string_view method, std::string_view path, std::string_view query,
              MatchScratch& scratch) const;
  // The WebSocket route of a request that asks for one: found, or not_found, and then the request
  // is treated as any other (H1-073).
  Match match_websocket(const RequestHead& head, MatchScratch& scratch) const;

  std::size_t route_count() const { return parts_.settings.size(); }
  const RouteSettings& settings(std::uint32_t route) const { return parts_.settings[route]; }

 private:
  struct Found {
    Walked walked;
    bool head_of_get = false;
  };

  // Whether any route has the method.
  bool is_served(std::uint32_t method) const {
    return parts_.index.nodes.data()->methods >> method & 1;
  }

  // The fast searches, for a path that equals no template.
  Walked find_at_once(std::uint32_t method, std::string_view path, MatchScratch& scratch) const {
    const Walked behind = find_behind_literals(parts_.index, path, method, scratch.values.data());
    if (behind.route != RouteIndex::none) return behind;
    return descend_to_route(parts_.index, path, method, scratch.values.data());
  }

  Match match_parameters(const RequestHead& head, MatchScratch& scratch) const;
  // Finds what the fast searches do not: uncommon methods, paths to decode, backtracking, mounts.
  // `path` is the head's, or the rest of it below a mount.
  Match match_rest(const RequestHead& head, std::string_view path, MatchScratch& scratch) const;
  Match match_own(const RequestHead& head, std::string_view path, MatchScratch& scratch) const;
  Match match_segments(std::uint32_t method, std::string_view path, std::string_view query,
                       MatchScratch& scratch) const;
  Match unmatched(std::uint32_t method, const WalkInput& input, std::string_view path,
                  std::string_view query, MatchScratch& scratch) const;
  Match unserved(Method method, std::string_view path, MatchScratch& scratch) const;
  Match whole_server_options(MatchScratch& scratch) const;

  // The mount with the longest prefix of a path, and how much of the path that prefix takes.
  struct Below {
    const Mount* mount = nullptr;
    std::size_t taken_bytes = 0;
  };
  Below find_mount(std::string_view path) const;
  Match match_mounts(const RequestHead& head, std::string_view path, MatchScratch& scratch) const;
  Match match_below(const Below& below, const RequestHead& head, std::string_view path,
                    MatchScratch& scratch) const;
  // The same as match(), for a path that is not the head's own.
  Match match_path(const RequestHead& head, std::string_view path, MatchScratch& scratch) const;
  Match match_websocket_path(const RequestHead& head, std::string_view path,
                             MatchScratch& scratch) const;

  Found find(std::uint32_t method, const WalkInput& input) const;

  // Nothing if the path can match no route; `invalid_utf8` is set if that is the cause.
  std::optional<WalkInput> read_path(std::string_view path, MatchScratch& scratch,
                                     bool& invalid_utf8) const;
  bool leads_somewhere(std::uint32_t method, std::string_view path, MatchScratch& scratch) const;

  Parts parts_;
};

}  // namespace pelton::http
