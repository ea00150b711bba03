#include "http/middleware/chain.hpp"

namespace pelton::http::middleware {

namespace {

constexpr std::size_t additions_usual = 16;

// The body of a refused preflight: browsers show it to whoever develops the page.
std::string_view text_of(std::string_view refused) {
  if (refused == "origin") return "CORS: this origin is not allowed\n";
  if (refused == "method") return "CORS: this method is not allowed\n";
  return "CORS: one of these headers is not allowed\n";
}

}  // namespace

Chain::Chain(const Config& config, std::uint64_t seed) {
  added_.reserve(additions_usual);
  if (config.request_id) request_ids_.emplace(*config.request_id, seed);
  if (config.security_headers) security_headers_.emplace(*config.security_headers);
  if (config.cors) cors_.emplace(*config.cors);
}

void Chain::number(RequestHead& request) {
  if (request_ids_) request_ids_->number(request);
}

std::optional<Answer> Chain::before(const RequestHead& request) const {
  if (cors_ && Cors::is_preflight(request)) {
    const std::string_view refused = cors_->refused(request);
    if (refused.empty()) return Answer{.status = 204, .text = ""};
    return Answer{.status = 403, .text = text_of(refused)};
  }
  return std::nullopt;
}

std::string_view Chain::id_of(const RequestHead& request) {
  return request_ids_ ? request_ids_->of(request) : std::string_view();
}

std::span<const FieldView> Chain::additions_for(const RequestHead& request) {
  added_.clear();
  if (request_ids_) {
    const std::string_view id = request_ids_->of(request);
    if (!id.empty()) added_.push_back({request_ids_->header(), id});
  }
  if (security_headers_) security_headers_->add_fields(request, added_);
  if (cors_) cors_->add_fields(request, added_);
  return added_;
}

}  // namespace pelton::http::middleware
