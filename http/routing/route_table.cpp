#include "http/routing/route_table.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "http/message/method.hpp"
#include "http/message/path.hpp"
#include "http/message/percent.hpp"

namespace pelton::http {
namespace {

constexpr std::uint32_t get_index = MethodSet::index_of(Method::get);
constexpr std::uint32_t head_index = MethodSet::index_of(Method::head);
constexpr std::uint32_t options_index = MethodSet::index_of(Method::options);

}  // namespace

RouteTable::RouteTable(Parts parts) : parts_(std::move(parts)) {
  // The longest prefix first; prefixes of equal length differ.
  std::ranges::sort(parts_.mounts, std::ranges::greater(), &Mount::segment_count);
}

Match RouteTable::match_parameters(const RequestHead& head, MatchScratch& scratch) const {
  const std::uint32_t method = MethodSet::index_of(head.method);
  if (MethodSet::is_common(head.method) && is_served(method)) [[likely]] {
    const Walked found = find_at_once(method, head.text(head.path), scratch);
    if (found.route != RouteIndex::none) [[likely]] {
      return {.outcome = MatchOutcome::found,
              .route = parts_.settings.data() + found.route,
              .values = {scratch.values.data(), found.value_count}};
    }
  }
  return match_rest(head, head.text(head.path), scratch);
}

Match RouteTable::match(std::string_view method, std::string_view path, std::string_view query,
                        MatchScratch& scratch) const {
  const std::optional<std::uint32_t> index = parts_.methods.find(method);
  if (!index) return unserved(method_of(method), path, scratch);
  if (*index == options_index && path == "*") return whole_server_options(scratch);
  return match_segments(*index, path, query, scratch);
}

Match RouteTable::match_websocket(const RequestHead& head, MatchScratch& scratch) const {
  return match_websocket_path(head, head.text(head.path), scratch);
}

Match RouteTable::match_rest(const RequestHead& head, std::string_view path,
                             MatchScratch& scratch) const {
  const Match match =
      parts_.mounts.empty() ? match_own(head, path, scratch) : match_mounts(head, path, scratch);
  if (match.outcome == MatchOutcome::found || !parts_.catch_all) return match;
  return {.outcome = MatchOutcome::found, .route = &*parts_.catch_all, .location = path};
}

Match RouteTable::match_own(const RequestHead& head, std::string_view path,
                            MatchScratch& scratch) const {
  const std::string_view query = head.text(head.query);
  if (head.form == TargetForm::asterisk) return whole_server_options(scratch);
  if (head.method == Method::other) {
    return match(head.text(head.method_text), path, query, scratch);
  }
  if (!MethodSet::is_common(head.method)) return unserved(head.method, path, scratch);
  // No route has HEAD, so none takes precedence over a GET route.
  if (head.method == Method::head && !is_served(head_index)) {
    const std::uint32_t route = parts_.index.find_static(get_index, path);
    const Walked found =
        route != RouteIndex::none ? Walked{.route = route} : find_at_once(get_index, path, scratch);
    if (found.route != RouteIndex::none) {
      return {.outcome = MatchOutcome::found,
              .head_of_get = true,
              .route = &parts_.settings[found.route],
              .values = {scratch.values.data(), found.value_count}};
    }
  }
  return match_segments(MethodSet::index_of(head.method), path, query, scratch);
}

Match RouteTable::match_segments(std::uint32_t method, std::string_view path,
                                 std::string_view query, MatchScratch& scratch) const {
  bool invalid_utf8 = false;
  const std::optional<WalkInput> input = read_path(path, scratch, invalid_utf8);
  if (!input) [[unlikely]] {
    return {.outcome = invalid_utf8 ? MatchOutcome::path_not_utf8 : MatchOutcome::not_found};
  }
  const Found best = find(method, *input);
  if (best.walked.route == RouteIndex::none) [[unlikely]] {
    return unmatched(method, *input, path, query, scratch);
  }
  return {.outcome = MatchOutcome::found,
          .head_of_get = best.head_of_get,
          .route = &parts_.settings[best.walked.route],
          .values = {scratch.values.data(), best.walked.value_count}};
}

RouteTable::Found RouteTable::find(std::uint32_t method, const WalkInput& input) const {
  Walked walked = walk_route(parts_.index, input, method);
  const bool head_of_get = method == head_index && walked.route == RouteIndex::none;
  if (head_of_get) walked = walk_route(parts_.index, input, get_index);
  return {.walked = walked, .head_of_get = head_of_get};
}

std::optional<WalkInput> RouteTable::read_path(std::string_view path, MatchScratch& scratch,
                                               bool& invalid_utf8) const {
  const std::uint32_t depth_max = parts_.index.depth_max;
  if (path.empty() || path[0] != '/') return std::nullopt;
  if (scratch.frames.size() <= depth_max) [[unlikely]] {
    scratch.segment_ends.resize(depth_max + 1);
    scratch.frames.resize(depth_max + 1);
  }
  PathShape shape = split_path(path, scratch.segment_ends);
  if (shape.has_escape) {
    if (scratch.decoded.size() < path.size()) scratch.decoded.resize(path.size());
    const DecodedPath decoded = decode_path(path, scratch.decoded.data(), scratch.segment_ends);
    shape = decoded.shape;
    path = {scratch.decoded.data(), decoded.bytes};
    if (!valid_utf8(path)) {
      invalid_utf8 = true;
      return std::nullopt;
    }
  }
  if (shape.has_dot_segment) return std::nullopt;
  return WalkInput{.path = path,
                   .segment_ends = scratch.segment_ends,
                   .segment_count = shape.segment_count,
                   .frames = scratch.frames,
                   .values = scratch.values};
}

// --- what no route answers ---

Match RouteTable::unmatched(std::uint32_t method, const WalkInput& input, std::string_view path,
                            std::string_view query, MatchScratch& scratch) const {
  const MethodBits methods = walk_methods(parts_.index, input);
  if (methods == MethodSet::websocket_bit) return {.outcome = MatchOutcome::websocket_required};
  if (methods != 0) {
    parts_.methods.write_allow(methods, scratch.text);
    return {.outcome = method == options_index ? MatchOutcome::automatic_options
                                               : MatchOutcome::method_not_allowed,
            .allow = scratch.text};
  }
  // A Location that begins with "//" would name another host (H1-026).
  if (parts_.trailing_slash == TrailingSlash::strict || path.size() < 2 || path[1] == '/') {
    return {};
  }
  scratch.text.assign(path);
  if (path.ends_with('/')) {
    scratch.text.pop_back();
  } else {
    scratch.text += '/';
  }
  if (!leads_somewhere(method, scratch.text, scratch)) return {};
  if (!query.empty()) {
    scratch.text += '?';
    scratch.text += query;
  }
  return {.outcome = MatchOutcome::redirect, .location = scratch.text};
}

bool RouteTable::leads_somewhere(std::uint32_t method, std::string_view path,
                                 MatchScratch& scratch) const {
  bool invalid_utf8 = false;
  const std::optional<WalkInput> input = read_path(path, scratch, invalid_utf8);
  if (!input) return false;
  if (find(method, *input).walked.route != RouteIndex::none) return true;
  return method == options_index && walk_methods(parts_.index, *input) != 0;
}

Match RouteTable::unserved(Method method, std::string_view path, MatchScratch& scratch) const {
  if (method != Method::trace) return {.outcome = MatchOutcome::method_unknown};
  bool invalid_utf8 = false;
  const std::optional<WalkInput> input = read_path(path, scratch, invalid_utf8);
  parts_.methods.write_allow(input ? walk_methods(parts_.index, *input) : 0, scratch.text);
  return {.outcome = MatchOutcome::trace_disabled, .allow = scratch.text};
}

Match RouteTable::whole_server_options(MatchScratch& scratch) const {
  // OPTIONS is allowed even if no route has it.
  parts_.methods.write_allow(parts_.index.nodes[0].methods | MethodSet::bit_of(Method::options),
                             scratch.text);
  return {.outcome = MatchOutcome::automatic_options, .allow = scratch.text};
}

}  // namespace pelton::http
