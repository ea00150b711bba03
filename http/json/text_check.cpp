#include "http/json/text_check.hpp"

#include <cstddef>
#include <vector>

#include "http/json/escape_scan.hpp"
#include "http/json/number_scan.hpp"
#include "http/json/string_scan.hpp"
#include "http/message/percent.hpp"

namespace pelton::http::json {
namespace {

using number_detail::is_digit;

inline const char* skip_space(const char* p) {
  while (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t') ++p;
  return p;
}

// The containers around a value, one bit each, set for an object.
class Nesting {
 public:
  std::size_t depth() const { return depth_; }
  bool in_object() const { return (kinds_ & 1) != 0; }

  void open(bool object) {
    if (depth_ % word_bits == 0 && depth_ != 0) outer_.push_back(kinds_);
    kinds_ = kinds_ << 1 | static_cast<std::uint64_t>(object);
    ++depth_;
  }
  void close() {
    --depth_;
    kinds_ >>= 1;
    if (depth_ % word_bits == 0 && depth_ != 0) {
      kinds_ = outer_.back();
      outer_.pop_back();
    }
  }

 private:
  static constexpr std::size_t word_bits = 64;

  std::size_t depth_ = 0;
  std::uint64_t kinds_ = 0;           // of the innermost containers
  std::vector<std::uint64_t> outer_;  // of the containers around those, a full word each
};

class TextCheck {
 public:
  TextCheck(std::string_view text, const TextLimits& limits)
      : p_(text.data()), end_(text.data() + text.size()), limits_(limits) {}

  bool run() {
    p_ = skip_space(p_);
    for (;;) {
      if (*p_ == '{' || *p_ == '[') {
        const bool object = *p_ == '{';
        if (nesting_.depth() >= limits_.depth_max) return false;
        p_ = skip_space(p_ + 1);
        if (*p_ != (object ? '}' : ']')) {
          nesting_.open(object);
          if (object && !skip_key()) return false;
          continue;
        }
        ++p_;
      } else if (!skip_leaf()) {
        return false;
      }
      if (!go_on()) return nesting_.depth() == 0 && p_ == end_;
    }
  }

 private:
  // After a value: closes the containers that end here and moves to the next value. False at the
  // end of the text or at an octet that is not allowed.
  bool go_on() {
    for (;;) {
      p_ = skip_space(p_);
      if (nesting_.depth() == 0) return false;
      if (*p_ == ',') {
        p_ = skip_space(p_ + 1);
        return !nesting_.in_object() || skip_key();
      }
      if (*p_ != (nesting_.in_object() ? '}' : ']')) return false;
      ++p_;
      nesting_.close();
    }
  }

  bool skip_key() {
    if (*p_ != '"' || !skip_string()) return false;
    p_ = skip_space(p_);
    if (*p_ != ':') return false;
    p_ = skip_space(p_ + 1);
    return true;
  }

  bool skip_leaf() {
    switch (*p_) {
      case '"':
        return skip_string();
      case 't':
        return skip_word("true");
      case 'f':
        return skip_word("false");
      case 'n':
        return skip_word("null");
      default:
        return skip_number();
    }
  }

  bool skip_word(const char* word) {
    for (; *word != '\0'; ++word, ++p_) {
      if (*p_ != *word) return false;
    }
    return true;
  }

  bool skip_string() {
    const char* p = p_ + 1;
    for (;;) {
      const StringRun run = scan_string_run(p, end_);
      // No character of several octets spans an escape, so each run is complete.
      if (!run.ascii && !valid_utf8({p, run.stop})) [[unlikely]]
        return false;
      p = run.stop;
      if (*p == '"') [[likely]] {
        p_ = p + 1;
        return true;
      }
      if (*p != '\\' || !skip_escape(p)) return false;
    }
  }

  static bool skip_escape(const char*& p) {
    unsigned code_point;
    if (p[1] == 'u') return read_unicode_escape(p, code_point);
    if (simple_escapes[static_cast<unsigned char>(p[1])] == 0) return false;
    p += 2;
    return true;
  }

  bool skip_number() {
    // A float with fewer digits before its point and no exponent is never too large.
    constexpr std::ptrdiff_t integral_digits_safe = 308;
    const char* const digits = p_ + (*p_ == '-');
    const char* p = digits;
    if (!is_digit(*p)) return false;
    if (*p++ != '0') {
      while (is_digit(*p)) ++p;
    }
    const bool may_overflow = p - digits > integral_digits_safe;
    if (*p == '.') {
      if (!is_digit(*++p)) return false;
      while (is_digit(*p)) ++p;
    }
    if ((*p | 0x20) == 'e' || may_overflow) [[unlikely]] {
      const Number number = scan_number(p_, end_);
      if (number.kind == NumberKind::malformed || number.kind == NumberKind::overflow) return false;
      p = number.end;
    }
    if (p - digits > static_cast<std::ptrdiff_t>(limits_.number_bytes_max)) return false;
    p_ = p;
    return true;
  }

  const char* p_;
  const char* const end_;
  const TextLimits& limits_;
  Nesting nesting_;
};

}  // namespace

bool is_text_within(std::string_view text, const TextLimits& limits) {
  return TextCheck(text, limits).run();
}

}  // namespace pelton::http::json
