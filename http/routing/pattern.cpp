#include "http/routing/pattern.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "http/message/octets.hpp"

namespace pelton::http {
namespace {

struct ConverterWord {
  std::string_view word;
  Converter converter;
};

constexpr std::array<ConverterWord, 6> converter_words = {{
    {"str", Converter::text},
    {"int", Converter::integer},
    {"float", Converter::real},
    {"uuid", Converter::uuid},
    {"regex", Converter::regex},
    {"path", Converter::path},
}};

// As in a Python identifier; Python itself checks octets outside ASCII.
bool begins_name(char octet) {
  return octet_is(octet, octet_alpha) || octet == '_' || static_cast<unsigned char>(octet) >= 0x80;
}

bool continues_name(char octet) {
  return begins_name(octet) || octet_is(octet, octet_digit);
}

class PatternParser {
 public:
  explicit PatternParser(std::string_view text) : text_(text) { pattern_.text = text; }

  std::expected<Pattern, RouteError> run() {
    if (text_.empty() || text_[0] != '/') return refused(RouteProblem::no_leading_slash, 0);
    while (at_ < text_.size()) {
      if (!take_segment()) return std::unexpected(error_);
    }
    return std::move(pattern_);
  }

 private:
  std::unexpected<RouteError> refused(RouteProblem problem, std::size_t position) {
    fail(problem, position);
    return std::unexpected(error_);
  }

  bool fail(RouteProblem problem, std::size_t position) {
    error_ = {.problem = problem, .position = static_cast<std::uint32_t>(position)};
    return false;
  }

  bool take_segment() {
    // No segment may follow a path parameter.
    if (!pattern_.parameters.empty() && pattern_.parameters.back().converter == Converter::path) {
      return fail(RouteProblem::path_not_last, pattern_.parameters.back().position);
    }
    const std::size_t begin = ++at_;
    if (at_ + 1 < text_.size() && text_[at_] == ':' && begins_name(text_[at_ + 1])) {
      return fail(RouteProblem::colon_parameter, at_);
    }
    PatternSegment segment;
    while (at_ < text_.size() && text_[at_] != '/') {
      const char octet = text_[at_];
      if (octet == '?' || octet == '#') return fail(RouteProblem::query_or_fragment, at_);
      if (octet == '}') return fail(RouteProblem::bad_parameter, at_);
      if (octet == '{') {
        if (!segment.is_literal()) return fail(RouteProblem::two_parameters, at_);
        segment.parameter = static_cast<std::uint32_t>(pattern_.parameters.size());
        if (!take_parameter()) return false;
        continue;
      }
      (segment.is_literal() ? segment.prefix : segment.suffix) += octet;
      ++at_;
    }
    if (!segment.is_literal()) {
      const PatternParameter& parameter = pattern_.parameters.back();
      const bool is_whole = segment.prefix.empty() && segment.suffix.empty();
      if (parameter.converter == Converter::path && !is_whole) {
        return fail(RouteProblem::path_not_last, begin);
      }
    }
    pattern_.segments.push_back(std::move(segment));
    return true;
  }

  bool take_parameter() {
    const std::size_t begin = at_++;
    PatternParameter parameter{.position = static_cast<std::uint32_t>(begin)};
    if (at_ < text_.size() && text_[at_] == '*') {
      parameter.converter = Converter::path;
      ++at_;
    }
    const std::size_t name_begin = at_;
    while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
    parameter.name = text_.substr(name_begin, at_ - name_begin);
    if (parameter.name.empty() || !begins_name(parameter.name[0])) {
      return fail(RouteProblem::bad_parameter, begin);
    }
    if (at_ < text_.size() && text_[at_] == ':' && parameter.converter == Converter::text) {
      ++at_;
      if (!take_converter(parameter)) return false;
    }
    if (at_ == text_.size() || text_[at_] != '}') return fail(RouteProblem::bad_parameter, begin);
    ++at_;
    for (const PatternParameter& earlier : pattern_.parameters) {
      if (earlier.name == parameter.name) return fail(RouteProblem::duplicate_parameter, begin);
    }
    if (pattern_.parameters.size() == path_values_max) {
      return fail(RouteProblem::too_many_parameters, begin);
    }
    pattern_.parameters.push_back(std::move(parameter));
    return true;
  }

  bool take_converter(PatternParameter& parameter) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != '}' && text_[at_] != '(' && text_[at_] != '/') ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    const auto found = std::ranges::find(converter_words, word, &ConverterWord::word);
    if (found == converter_words.end()) return fail(RouteProblem::unknown_converter, begin);
    parameter.converter = found->converter;
    if (parameter.converter != Converter::regex) return true;
    if (at_ == text_.size() || text_[at_] != '(') return fail(RouteProblem::bad_regex, begin);
    const std::optional<std::size_t> end = regex_end(at_ + 1);
    if (!end) return fail(RouteProblem::bad_parameter, parameter.position);
    parameter.regex = text_.substr(at_ + 1, *end - at_ - 1);
    if (parameter.regex.empty()) return fail(RouteProblem::bad_regex, begin);
    at_ = *end + 1;
    return true;
  }

  // The position of the parenthesis that closes regex(. Braces and parentheses nest, except after a
  // backslash and inside a character class, where they are ordinary characters.
  std::optional<std::size_t> regex_end(std::size_t begin) const {
    std::size_t depth = 0;
    for (std::size_t index = begin; index < text_.size(); ++index) {
      switch (text_[index]) {
        case '\\':
          ++index;
          break;
        case '[':
          index = class_end(index);
          break;
        case '(':
          ++depth;
          break;
        case ')':
          if (depth == 0) return index;
          --depth;
          break;
        default:
          break;
      }
    }
    return std::nullopt;
  }

  std::size_t class_end(std::size_t open) const {
    std::size_t index = open + 1;
    if (index < text_.size() && text_[index] == '^') ++index;
    // A bracket in first place is a member of the class, not its end.
    if (index < text_.size() && text_[index] == ']') ++index;
    while (index < text_.size() && text_[index] != ']') index += text_[index] == '\\' ? 2 : 1;
    return index;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  Pattern pattern_;
  RouteError error_;
};

}  // namespace

std::expected<Pattern, RouteError> Pattern::parse(std::string_view text) {
  return PatternParser(text).run();
}

std::string Pattern::shape() const {
  std::string shape;
  for (const PatternSegment& segment : segments) {
    shape += '/';
    shape += segment.prefix;
    if (segment.is_literal()) continue;
    const PatternParameter& parameter = parameters[segment.parameter];
    // '}' never occurs in a literal, so it marks where a parameter begins.
    shape += '}';
    shape += word_of(parameter.converter);
    // A regex may contain any octet; its length says where it ends.
    shape += std::to_string(parameter.regex.size());
    shape += '}';
    shape += parameter.regex;
    shape += segment.suffix;
  }
  return shape;
}

std::string_view word_of(Converter converter) {
  return std::ranges::find(converter_words, converter, &ConverterWord::converter)->word;
}

}  // namespace pelton::http
