// The routing rules of the surface written down once more, as slowly and plainly as they read:
// every template is compared with the path, and the candidates are ranked segment by segment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/routing/pattern.hpp"

namespace pelton::http {

class NaiveRouter {
 public:
  // The route in the way of this one, if there is any; else it is added.
  std::optional<std::size_t> add(const std::string& method, std::string_view pattern);

  // In the words of Routes.
  std::string operator()(std::string_view request) const;

 private:
  struct Route {
    std::string method;
    Pattern pattern;
  };
  // Smaller is better.
  using SegmentRank = std::vector<std::int64_t>;
  using Rank = std::vector<SegmentRank>;
  struct Candidate {
    const Route* route;
    Rank rank;
    std::string values;
  };

  std::vector<Candidate> candidates(const std::vector<std::string>& segments) const;
  bool fits(const Route& route, const std::vector<std::string>& segments,
            std::string& values) const;
  Rank rank_of(const Route& route) const;
  const Candidate* best(const std::vector<Candidate>& candidates, std::string_view method) const;

  std::vector<Route> routes_;
};

}  // namespace pelton::http
