#include "http/serve/access_log.hpp"

#include <cstring>
#include <utility>

#include "http/json/number_write.hpp"
#include "http/message/field_search.hpp"
#include "http/message/folded_text.hpp"
#include "http/message/tls_facts.hpp"
#include "http/serve/request_origin.hpp"

namespace pelton::http {
namespace {

constexpr std::size_t block_bytes = 16;
// How far put_log_text() and copy_blocks() may write past the line.
constexpr std::size_t scratch_bytes = 2 * block_bytes;

char* copy(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

// Copies whole blocks: the texts are short, and a call would cost more.
[[gnu::always_inline]] inline char* copy_blocks(char* out, const char* from, std::size_t bytes) {
  std::memcpy(out, from, block_bytes);
  for (std::size_t i = block_bytes; i < bytes; i += block_bytes) {
    std::memcpy(out + i, from + i, block_bytes);
  }
  return out + bytes;
}

std::string_view protocol_of(const RequestHead& request) {
  if (request.is_h2) return "HTTP/2";
  return request.version_minor == 0 ? "HTTP/1.0" : "HTTP/1.1";
}

// What a trusted proxy says of the request; null if none says anything.
const RequestOrigin* forwarded(const LoggedExchange& exchange) {
  return exchange.request.base == nullptr ? nullptr : exchange.ends.forwarded(exchange.request);
}

const std::string& client_of(const LoggedExchange& exchange) {
  const RequestOrigin* const origin = forwarded(exchange);
  return (origin != nullptr ? origin->ends : exchange.ends.endpoints()).client_host;
}

std::string_view host_of(const LoggedExchange& exchange) {
  const RequestHead& request = exchange.request;
  if (request.base == nullptr) return {};
  const RequestOrigin* const origin = forwarded(exchange);
  return origin != nullptr && !origin->authority.empty() ? origin->authority
                                                         : request.text(request.authority);
}

// The first field of a name, empty if there is none.
template <typename IsName>
std::string_view field(const RequestHead& request, std::size_t name_bytes, IsName is_name) {
  for (const Field& one : request.fields) {
    if (one.name.bytes == name_bytes && is_name(request.text(one.name))) {
      return request.text(one.value);
    }
  }
  return {};
}

std::string_view user_agent(const RequestHead& request) {
  return field(request, 10, [](std::string_view name) { return folds_to<"user-agent">(name); });
}

std::string_view referer(const RequestHead& request) {
  return field(request, 7, [](std::string_view name) { return folds_to<"referer">(name); });
}

std::string_view field(const RequestHead& request, std::string_view name) {
  const Field* const found = find_field(request, name);
  return found == nullptr ? std::string_view{} : request.text(found->value);
}

// Green for success, cyan for what leads elsewhere, yellow for the client's faults, red for ours
// and for an exchange without a response.
char* put_painted_status(char* out, std::uint16_t status) {
  const std::string_view paint = status >= 500 || status < 100 ? "\x1b[31m"
                                 : status >= 400               ? "\x1b[33m"
                                 : status >= 300               ? "\x1b[36m"
                                                               : "\x1b[32m";
  out = copy(out, paint);
  out = status == 0 ? copy(out, "-") : json::write_unsigned(out, status);
  return copy(out, "\x1b[0m");
}

char* put_milliseconds(char* out, std::uint64_t ns) {
  const std::uint64_t us = ns / 1000;
  out = json::write_unsigned(out, us / 1000);
  const auto rest = static_cast<unsigned>(us % 1000);
  *out++ = '.';
  *out++ = static_cast<char>('0' + rest / 100);
  *out++ = static_cast<char>('0' + rest / 10 % 10);
  *out++ = static_cast<char>('0' + rest % 10);
  return out;
}

}  // namespace

AccessLog::AccessLog(LogFormat format, LogWriter& writer, const Clock& clock)
    : format_(std::move(format)),
      json_(format_.json()),
      escape_(json_ ? LogEscape::json : LogEscape::text),
      writer_(writer),
      clock_(clock),
      line_(format_.line_bytes_max() + scratch_bytes) {
  std::size_t literal_bytes = scratch_bytes;
  for (const LogFormat::Step& step : format_.steps()) literal_bytes += step.literal.size();
  literals_.resize(literal_bytes);
  char* end = literals_.data();
  for (const LogFormat::Step& step : format_.steps()) {
    parts_.push_back({end, step.literal.size(), step.atom, step.field_name});
    end = copy(end, step.literal);
  }
}

void AccessLog::write(const LoggedExchange& exchange) {
  if (clock_.wall_seconds() != time_.wall_seconds()) time_ = Timestamp(clock_.wall_seconds());
  char* out = line_.data();
  for (const Part& part : parts_) {
    out = copy_blocks(out, part.literal, part.literal_bytes);
    out = put(out, part, exchange);
  }
  writer_.append(LogKind::access, {line_.data(), static_cast<std::size_t>(out - line_.data())});
}

// Writes octets of the request, escaped.
[[gnu::always_inline]] inline char* AccessLog::put_value(char* out, std::string_view octets) const {
  if (octets.empty()) return copy(out, json_ ? "null" : "-");
  octets = octets.substr(0, LogFormat::value_bytes_max);
  if (!json_) return put_log_text(out, octets, escape_);
  *out++ = '"';
  out = put_log_text(out, octets, escape_);
  *out++ = '"';
  return out;
}

// Writes the server's own text, which needs no escape.
char* AccessLog::put_plain(char* out, std::string_view text) const {
  if (text.empty()) return copy(out, json_ ? "null" : "-");
  if (!json_) return copy(out, text);
  *out++ = '"';
  out = copy(out, text);
  *out++ = '"';
  return out;
}

[[gnu::always_inline]] inline char* AccessLog::put_request(char* out,
                                                           const RequestHead& request) const {
  if (request.base == nullptr) return copy(out, "-");
  const std::string_view target = request.text(request.target);
  out = put_log_text(out, request.text(request.method_text), escape_);
  *out++ = ' ';
  out = put_log_text(out, target.substr(0, LogFormat::value_bytes_max), escape_);
  *out++ = ' ';
  return copy(out, protocol_of(request));
}

// Writes the atoms of usual lines; the others are kept apart so that this is inlined in the loop.
[[gnu::always_inline]] inline char* AccessLog::put(char* out, const Part& part,
                                                   const LoggedExchange& exchange) const {
  const RequestHead& request = exchange.request;
  const bool read = request.base != nullptr;
  switch (part.atom) {
    case LogAtom::none:
      return out;
    case LogAtom::time_combined:
      return copy(out, time_.combined());
    case LogAtom::client:
      return put_value(out, client_of(exchange));
    case LogAtom::request:
      return put_request(out, request);
    case LogAtom::status:
      if (exchange.status == 0) [[unlikely]]
        return put_plain(out, {});
      return json::write_unsigned(out, exchange.status);
    case LogAtom::bytes:
      return json::write_unsigned(out, exchange.body_bytes);
    case LogAtom::referer:
      return put_value(out, read ? referer(request) : std::string_view());
    case LogAtom::user_agent:
      return put_value(out, read ? user_agent(request) : std::string_view());
    case LogAtom::reason_suffix:
      if (exchange.reason == Reason::none) return out;
      *out++ = ' ';
      return copy(out, reason_row(exchange.reason).word);
    default:
      return put_rare(out, part, exchange);
  }
}

[[gnu::noinline]] char* AccessLog::put_rare(char* out, const Part& part,
                                            const LoggedExchange& exchange) const {
  const RequestHead& request = exchange.request;
  const bool read = request.base != nullptr;
  switch (part.atom) {
    case LogAtom::time:
      return put_plain(out, time_.iso());
    case LogAtom::method:
      return put_plain(out, read ? request.text(request.method_text) : std::string_view());
    case LogAtom::target:
      return put_value(out, read ? request.text(request.target) : std::string_view());
    case LogAtom::path:
      return put_value(out, read ? request.text(request.path) : std::string_view());
    case LogAtom::query:
      return put_value(out, read ? request.text(request.query) : std::string_view());
    case LogAtom::protocol:
      return put_plain(out, read ? protocol_of(request) : std::string_view());
    case LogAtom::host:
      return put_value(out, host_of(exchange));
    case LogAtom::route:
      return put_value(out, exchange.route != nullptr ? std::string_view(exchange.route->path)
                                                      : std::string_view());
    case LogAtom::status_painted:
      return put_painted_status(out, exchange.status);
    case LogAtom::reason:
      return put_plain(out, exchange.reason != Reason::none ? reason_row(exchange.reason).word
                                                            : std::string_view());
    case LogAtom::duration_ms: {
      const std::uint64_t now_ns = clock_.read_ns();
      return put_milliseconds(out, now_ns > exchange.began_ns ? now_ns - exchange.began_ns : 0);
    }
    case LogAtom::tls_version:
    case LogAtom::tls_cipher:
    case LogAtom::sni: {
      const TlsFacts* const tls = exchange.ends.tls();
      if (tls == nullptr) return put_plain(out, {});
      if (part.atom == LogAtom::sni) return put_value(out, tls->sni);
      return put_plain(out, part.atom == LogAtom::tls_version ? tls->version : tls->cipher);
    }
    case LogAtom::request_id:
      return put_value(out, exchange.id);
    case LogAtom::header:
      return put_value(out, read ? field(request, part.field_name) : std::string_view());
    default:
      return out;
  }
}

}  // namespace pelton::http
