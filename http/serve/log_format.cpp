#include "http/serve/log_format.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "http/message/field_rules.hpp"

namespace pelton::http {
namespace {

constexpr std::string_view combined_text =
    R"({client} - - [{time_combined}] "{request}" {status} {bytes} "{referer}" "{user_agent}"{reason_suffix})";

// The format of lines that are JSON objects: each key has the name of its value's atom.
constexpr std::string_view json_text =
    R"({{"time":{time},"level":"info","client":{client},"method":{method},"path":{path},"route":{route},)"
    R"("status":{status},"reason":{reason},"bytes":{bytes},"duration_ms":{duration_ms},)"
    R"("protocol":{protocol},"user_agent":{user_agent}}})";

// The longest form of a request's octet (`\\xNN` in JSON).
constexpr std::size_t escaped_bytes_max = 5;
// Numbers, times, quotes and the text for an absent value.
constexpr std::size_t plain_bytes_max = 64;

struct NamedAtom {
  std::string_view name;
  LogAtom atom;
};

constexpr auto named_atoms = std::to_array<NamedAtom>({
    {"time", LogAtom::time},
    {"time_combined", LogAtom::time_combined},
    {"client", LogAtom::client},
    {"request", LogAtom::request},
    {"method", LogAtom::method},
    {"target", LogAtom::target},
    {"path", LogAtom::path},
    {"query", LogAtom::query},
    {"protocol", LogAtom::protocol},
    {"host", LogAtom::host},
    {"route", LogAtom::route},
    {"status", LogAtom::status},
    {"reason", LogAtom::reason},
    {"reason_suffix", LogAtom::reason_suffix},
    {"bytes", LogAtom::bytes},
    {"duration_ms", LogAtom::duration_ms},
    {"user_agent", LogAtom::user_agent},
    {"referer", LogAtom::referer},
    {"tls_version", LogAtom::tls_version},
    {"tls_cipher", LogAtom::tls_cipher},
    {"sni", LogAtom::sni},
    {"request_id", LogAtom::request_id},
});

constexpr std::string_view header_prefix = "header:";

std::string quoted(std::string_view name) {
  return std::string("{").append(name).append("}");
}

std::expected<LogFormat::Step, std::string> step_of(std::string_view name) {
  if (name.starts_with(header_prefix)) {
    const std::string_view field = name.substr(header_prefix.size());
    if (!is_token(field)) return std::unexpected("names no header field in " + quoted(name));
    std::string lowered(field);
    for (char& octet : lowered) {
      if (octet >= 'A' && octet <= 'Z') octet = static_cast<char>(octet - 'A' + 'a');
    }
    return LogFormat::Step{{}, LogAtom::header, std::move(lowered)};
  }
  const auto found = std::find_if(named_atoms.begin(), named_atoms.end(),
                                  [&](const NamedAtom& one) { return one.name == name; });
  if (found != named_atoms.end()) return LogFormat::Step{{}, found->atom, {}};
  std::string problem = "has no atom " + quoted(name) + "; there are ";
  for (const NamedAtom& one : named_atoms) problem += std::string(one.name) + ", ";
  return std::unexpected(problem + "header:NAME");
}

bool is_plain(char octet) {
  return octet >= 0x20 && octet < 0x7F;
}

}  // namespace

std::expected<LogFormat, std::string> LogFormat::parse(std::string_view text, Paint paint) {
  if (text == "json") {
    auto made = compile(json_text);
    made->json_ = true;
    return made;
  }
  auto made = compile(text == "combined" ? combined_text : text);
  if (made && made->steps_.size() == 1) {
    return std::unexpected("is combined, json, or a text with at least one {atom}");
  }
  if (made && paint == Paint::status) {
    for (Step& step : made->steps_) {
      if (step.atom == LogAtom::status) step.atom = LogAtom::status_painted;
    }
  }
  return made;
}

std::expected<LogFormat, std::string> LogFormat::compile(std::string_view text) {
  // A line that begins with a space would count as part of the record before.
  if (text.starts_with(' ')) return std::unexpected("must not begin with a space");
  LogFormat made;
  std::string literal;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char octet = text[at];
    if (!is_plain(octet)) return std::unexpected("holds an octet that is not printable ASCII");
    const bool is_brace = octet == '{' || octet == '}';
    if (is_brace && at + 1 < text.size() && text[at + 1] == octet) {
      literal += octet;
      ++at;
    } else if (octet == '{') {
      const std::size_t end = text.find('}', at);
      if (end == std::string_view::npos) return std::unexpected("has a { without its }");
      auto step = step_of(text.substr(at + 1, end - at - 1));
      if (!step) return std::unexpected(std::move(step.error()));
      step->literal = std::exchange(literal, {});
      made.steps_.push_back(std::move(*step));
      at = end;
    } else if (octet == '}') {
      return std::unexpected("has a } without its {; write }} for the octet");
    } else {
      literal += octet;
    }
  }
  literal += '\n';
  made.steps_.push_back({std::move(literal), LogAtom::none, {}});
  return made;
}

bool LogFormat::has(LogAtom atom) const {
  return std::any_of(steps_.begin(), steps_.end(),
                     [&](const Step& step) { return step.atom == atom; });
}

std::size_t LogFormat::line_bytes_max() const {
  std::size_t bytes = 0;
  for (const Step& step : steps_) {
    bytes += step.literal.size() + plain_bytes_max + escaped_bytes_max * value_bytes_max;
    // A request line is a method and a target.
    if (step.atom == LogAtom::request) bytes += escaped_bytes_max * value_bytes_max;
  }
  return bytes;
}

}  // namespace pelton::http
