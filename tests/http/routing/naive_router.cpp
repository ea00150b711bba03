#include "tests/http/routing/naive_router.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "http/message/percent.hpp"
#include "tests/http/routing/routes.hpp"

namespace pelton::http {
namespace {

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  for (std::size_t begin = 1; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    segments.emplace_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return segments;
}

bool value_fits(const PatternParameter& parameter, const std::string& text, std::string& values) {
  const auto full = [&](const char* regex) { return std::regex_match(text, test_regex(regex)); };
  values.append(" ").append(text);
  switch (parameter.converter) {
    case Converter::integer: {
      if (!full("-?[0-9]+")) return false;
      errno = 0;
      const long long value = std::strtoll(text.c_str(), nullptr, 10);
      values.append("=").append(std::to_string(value));
      return errno == 0;
    }
    case Converter::real:
      values.append("=").append(std::to_string(std::strtod(text.c_str(), nullptr)));
      return full("-?[0-9]+(\\.[0-9]+)?");
    case Converter::uuid:
      return full("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
    case Converter::regex:
      return full(parameter.regex.c_str());
    case Converter::text:
    case Converter::path:
      return true;
  }
  return false;
}

std::int64_t converter_rank(Converter converter) {
  switch (converter) {
    case Converter::uuid:
      return 0;
    case Converter::integer:
      return 1;
    case Converter::real:
      return 2;
    case Converter::regex:
      return 3;
    case Converter::text:
      return 4;
    case Converter::path:
      return 5;
  }
  return 6;
}

Pattern first_segments(const Pattern& pattern, std::size_t count) {
  Pattern head = pattern;
  head.segments.resize(count);
  return head;
}

std::string allow(std::set<std::string> methods) {
  if (methods.contains("GET")) methods.insert("HEAD");
  methods.insert("OPTIONS");
  std::string line;
  for (const std::string& method : methods) line.append(line.empty() ? "" : ", ").append(method);
  return line;
}

}  // namespace

std::optional<std::size_t> NaiveRouter::add(const std::string& method, std::string_view text) {
  Pattern pattern = *Pattern::parse(text);
  for (std::size_t index = 0; index < routes_.size(); ++index) {
    if (routes_[index].method == method && routes_[index].pattern.shape() == pattern.shape()) {
      return index;
    }
  }
  routes_.push_back({method, std::move(pattern)});
  return std::nullopt;
}

bool NaiveRouter::fits(const Route& route, const std::vector<std::string>& segments,
                       std::string& values) const {
  const std::vector<PatternSegment>& wanted = route.pattern.segments;
  for (std::size_t index = 0; index < wanted.size(); ++index) {
    if (index == segments.size()) return false;
    const PatternSegment& segment = wanted[index];
    std::string text = segments[index];
    if (segment.is_literal()) {
      if (text != segment.prefix) return false;
      continue;
    }
    const PatternParameter& parameter = route.pattern.parameters[segment.parameter];
    if (parameter.converter == Converter::path) {
      for (std::size_t rest = index + 1; rest < segments.size(); ++rest) {
        text.append("/").append(segments[rest]);
      }
      return value_fits(parameter, text, values);
    }
    if (!text.starts_with(segment.prefix)) return false;
    text.erase(0, segment.prefix.size());
    if (!text.ends_with(segment.suffix)) return false;
    text.resize(text.size() - segment.suffix.size());
    if (text.empty() || !value_fits(parameter, text, values)) return false;
  }
  return wanted.size() == segments.size();
}

NaiveRouter::Rank NaiveRouter::rank_of(const Route& route) const {
  Rank rank;
  for (std::size_t index = 0; index < route.pattern.segments.size(); ++index) {
    const PatternSegment& segment = route.pattern.segments[index];
    if (segment.is_literal()) {
      rank.push_back({0});
      continue;
    }
    const Converter converter = route.pattern.parameters[segment.parameter].converter;
    if (converter == Converter::path) {
      rank.push_back({2});
      continue;
    }
    // Of equal regexes behind equal beginnings the first one counts.
    std::int64_t registered = 0;
    if (converter == Converter::regex) {
      const std::string beginning = first_segments(route.pattern, index + 1).shape();
      while (routes_[static_cast<std::size_t>(registered)].pattern.segments.size() <= index ||
             first_segments(routes_[static_cast<std::size_t>(registered)].pattern, index + 1)
                     .shape() != beginning) {
        ++registered;
      }
    }
    rank.push_back({1, -static_cast<std::int64_t>(segment.prefix.size()),
                    -static_cast<std::int64_t>(segment.suffix.size()), converter_rank(converter),
                    registered});
  }
  return rank;
}

std::vector<NaiveRouter::Candidate> NaiveRouter::candidates(
    const std::vector<std::string>& segments) const {
  std::vector<Candidate> found;
  for (const Route& route : routes_) {
    std::string values;
    if (fits(route, segments, values)) found.push_back({&route, rank_of(route), values});
  }
  return found;
}

const NaiveRouter::Candidate* NaiveRouter::best(const std::vector<Candidate>& candidates,
                                                std::string_view method) const {
  const Candidate* best = nullptr;
  for (const Candidate& candidate : candidates) {
    if (candidate.route->method != method) continue;
    if (best == nullptr || candidate.rank < best->rank) best = &candidate;
  }
  return best;
}

std::string NaiveRouter::operator()(std::string_view request) const {
  const std::string_view method = request.substr(0, request.find(' '));
  const std::string_view path = request.substr(method.size() + 1);
  static const std::set<std::string_view> common = {"GET",   "HEAD",   "POST",    "PUT",
                                                    "PATCH", "DELETE", "OPTIONS", "QUERY"};
  const bool known = common.contains(method) || std::ranges::any_of(routes_, [&](const Route& r) {
                       return r.method == method;
                     });
  if (!known && method != "TRACE") return "501";

  bool matches_nothing = false;
  std::vector<std::string> segments = split(path);
  for (std::string& segment : segments) {
    segment.resize(decode_percent(segment, segment.data()));
    if (method != "TRACE" && !valid_utf8(segment)) return "400";
    if (segment == "." || segment == ".." || !valid_utf8(segment)) matches_nothing = true;
  }
  std::vector<Candidate> all;
  if (!matches_nothing) all = candidates(segments);
  std::set<std::string> methods;
  for (const Candidate& candidate : all) methods.insert(candidate.route->method);
  if (method == "TRACE") {
    return std::string("TRACE ").append(methods.empty() ? "" : allow(methods));
  }
  if (const Candidate* one = best(all, method)) return one->route->pattern.text + one->values;
  if (method == "HEAD") {
    if (const Candidate* one = best(all, "GET")) {
      return std::string("HEAD of ").append(one->route->pattern.text).append(one->values);
    }
  }
  if (methods.empty()) return "404";
  return std::string(method == "OPTIONS" ? "204 " : "405 ").append(allow(methods));
}

}  // namespace pelton::http
