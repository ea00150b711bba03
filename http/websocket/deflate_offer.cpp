#include "http/websocket/deflate_offer.hpp"

#include <charconv>
#include <utility>

#include "http/message/field_rules.hpp"
#include "http/message/octets.hpp"

namespace pelton::http::websocket {
namespace {

constexpr std::uint8_t window_bits_min = 8;
constexpr std::uint8_t window_bits_max = 15;

struct Parameter {
  std::string_view name;
  std::string_view value;
  bool has_value = false;
};

// Reads the grammar of RFC 6455 section 9.1: tokens, and values that are tokens in quotes or not.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool at_end() {
    skip_blanks();
    return rest_.empty();
  }
  bool take(char octet) {
    skip_blanks();
    if (rest_.empty() || rest_.front() != octet) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool token(std::string_view& text) {
    skip_blanks();
    std::size_t bytes = 0;
    while (bytes < rest_.size() && is_tchar(rest_[bytes])) ++bytes;
    text = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return bytes != 0;
  }
  // Called after the semicolon.
  bool parameter(Parameter& parameter) {
    parameter = {};
    if (!token(parameter.name)) return false;
    parameter.has_value = take('=');
    if (!parameter.has_value) return true;
    const bool quoted = take('"');
    if (!token(parameter.value)) return false;
    return !quoted || take('"');
  }

 private:
  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

bool read_window(const Parameter& parameter, std::uint8_t& bits) {
  const char* const end = parameter.value.data() + parameter.value.size();
  unsigned number = 0;
  const auto [stop, error] = std::from_chars(parameter.value.data(), end, number);
  if (error != std::errc() || stop != end || parameter.value.front() == '0') return false;
  bits = static_cast<std::uint8_t>(number);
  return number >= window_bits_min && number <= window_bits_max;
}

// One offer of permessage-deflate, parameter by parameter.
struct Offer {
  bool acceptable = true;
  bool server_no_takeover = false;
  bool client_no_takeover = false;
  bool client_window = false;
  DeflateTerms terms{.agreed = true};

  void take(const Parameter& parameter) { acceptable = acceptable && knows(parameter); }

  bool knows(const Parameter& parameter) {
    if (is_same_name(parameter.name, "server_no_context_takeover")) {
      return flag(parameter, server_no_takeover);
    }
    if (is_same_name(parameter.name, "client_no_context_takeover")) {
      return flag(parameter, client_no_takeover);
    }
    if (is_same_name(parameter.name, "server_max_window_bits")) {
      const bool again = std::exchange(terms.states_window, true);
      // zlib cannot make a raw stream with a window of eight bits.
      return !again && parameter.has_value && read_window(parameter, terms.window_bits) &&
             terms.window_bits > window_bits_min;
    }
    if (is_same_name(parameter.name, "client_max_window_bits")) {
      std::uint8_t bits = 0;
      const bool again = std::exchange(client_window, true);
      return !again && (!parameter.has_value || read_window(parameter, bits));
    }
    return false;
  }

  static bool flag(const Parameter& parameter, bool& seen) {
    return !std::exchange(seen, true) && !parameter.has_value;
  }
};

}  // namespace

bool read_extensions(std::string_view value, DeflateTerms& terms) {
  Reader reader(value);
  do {
    if (reader.at_end()) break;
    std::string_view name;
    // Lists may hold empty elements (RFC 9110 section 5.6.1).
    if (!reader.token(name)) continue;
    Offer offer;
    while (reader.take(';')) {
      Parameter parameter;
      if (!reader.parameter(parameter)) return false;
      offer.take(parameter);
    }
    if (is_same_name(name, "permessage-deflate") && offer.acceptable && !terms.agreed) {
      terms = offer.terms;
    }
  } while (reader.take(','));
  return reader.at_end();
}

void write_deflate_answer(Output& output, const DeflateTerms& terms) {
  output.append("permessage-deflate; server_no_context_takeover; client_no_context_takeover");
  if (!terms.states_window) return;
  output.append("; server_max_window_bits=");
  char* const digits = output.reserve(2);
  const char* const end = std::to_chars(digits, digits + 2, unsigned{terms.window_bits}).ptr;
  output.advance(static_cast<std::size_t>(end - digits));
}

}  // namespace pelton::http::websocket
