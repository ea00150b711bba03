#include "http/serve/files/file_answer.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <vector>

#include "core/check.hpp"
#include "http/message/field_rules.hpp"
#include "http/message/status.hpp"
#include "http/serve/files/file_octets.hpp"
#include "http/serve/files/file_sender.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {
namespace {

// Up to this size a body is copied into the connection's output, after the head: cheaper than a
// send of its own.
constexpr std::uint64_t inline_bytes_max = std::uint64_t{32} * 1024;

std::uint64_t random_number() {
  std::uint64_t number = 0;
  CHECK(::getrandom(&number, sizeof number, 0) == sizeof number);
  return number;
}

bool is_among(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::any_of(names, [&](std::string_view one) { return is_same_name(name, one); });
}

// Fields about a body; left out where no body is sent.
constexpr std::array<std::string_view, 6> content_fields = {
    "content-type",  "content-length",   "content-encoding",
    "content-range", "content-language", "content-disposition"};
// Fields about the file besides its octets: a 304 has them (RFC 9110 section 15.4.5), an answer in
// place of the file does not.
constexpr std::array<std::string_view, 5> file_fields = {
    "content-location", "etag", "last-modified", "cache-control", "expires"};

// The fields of an answer; they point into the plan, the manner and this object.
class HeadFields {
 public:
  HeadFields(const FoundFile& found, const FileManner& manner, const FilePlan& plan)
      : has_body_(!is_bodyless(plan.status) &&
                  (plan.status == 200 || plan.status == 206 || plan.status == manner.status)) {
    if (manner.as_given) {
      add_own(manner);
      return;
    }
    if (has_body_) {
      add("Content-Type", plan.content_type.empty() ? found.content_type : plan.content_type);
      if (found.coding != nullptr) add("Content-Encoding", found.coding->name);
      add("Content-Range", plan.content_range);
      if (manner.status == 200) add("Accept-Ranges", "bytes");
    }
    add("ETag", plan.entity_tag);
    add("Last-Modified", plan.last_modified);
    add("Cache-Control", manner.cache_control);
    add_standing(manner);
    add_own(manner);
  }

  // Fields of an answer without a file.
  explicit HeadFields(const FileManner& manner) : has_body_(false) {
    add_standing(manner);
    for (const auto& [name, value] : manner.fields) {
      const bool describes_file = is_among(content_fields, name) || is_among(file_fields, name);
      if (!describes_file) fields_.push_back({name, value});
    }
  }

  void add_length(std::uint64_t bytes) {
    const auto end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), bytes);
    add("Content-Length", {digits_.data(), static_cast<std::size_t>(end.ptr - digits_.data())});
  }
  void add(std::string_view name, std::string_view value) {
    if (!value.empty()) fields_.push_back({name, value});
  }
  std::span<const FieldView> views() const { return fields_; }

 private:
  void add_own(const FileManner& manner) {
    for (const auto& [name, value] : manner.fields) {
      if (has_body_ || !is_among(content_fields, name)) fields_.push_back({name, value});
    }
  }
  void add_standing(const FileManner& manner) {
    if (manner.varies) add("Vary", "Accept-Encoding");
    if (manner.no_sniff) add("X-Content-Type-Options", "nosniff");
  }

  bool has_body_;
  std::array<char, 20> digits_{};
  std::vector<FieldView> fields_;
};

FilePlan plan_as_given(const FileFacts& facts, const FileManner& manner) {
  const std::uint64_t begin = std::min(manner.from, facts.bytes);
  const std::uint64_t there = facts.bytes - begin;
  FilePlan plan;
  plan.status = manner.status;
  plan.body_bytes = manner.declared_bytes.value_or(there);
  plan.parts.push_back({.text = {}, .octets = {begin, begin + std::min(there, plan.body_bytes)}});
  return plan;
}

// Appends the parts in order; false if that would wait for the disk or there is no memory.
bool append_body(Output& output, int file, const FilePlan& plan, bool may_wait) {
  for (const FilePart& part : plan.parts) {
    if (!output.append(part.text)) return false;
    std::uint64_t at = part.octets.begin;
    while (at < part.octets.end) {
      const auto left = static_cast<std::size_t>(part.octets.end - at);
      char* const memory = output.reserve(left);
      if (memory == nullptr) return false;
      const std::int64_t read =
          may_wait ? read_file(file, at, memory, left) : read_cached(file, at, memory, left);
      if (read <= 0) return false;
      output.advance(static_cast<std::size_t>(read));
      at += static_cast<std::uint64_t>(read);
    }
  }
  return true;
}

Outcome outcome_of(HeadFault fault) {
  return fault == HeadFault::none ? Outcome::responded : Outcome::failed;
}

// 308 to the same path with a '/' added. A path that begins with "//" would name another host.
Outcome redirect(Exchange& exchange, const FileManner& manner) {
  const RequestHead& head = exchange.request();
  std::string_view path = head.text(head.path);
  while (path.starts_with("//")) path.remove_prefix(1);
  std::string location(path);
  location += '/';
  if (head.query.bytes != 0) location.append("?").append(head.text(head.query));
  return answer_status(exchange, 308, manner, {"Location", location});
}

}  // namespace

Outcome answer_status(Exchange& exchange, std::uint16_t status, const FileManner& manner,
                      const FieldView& field) {
  const RefusalBodies& bodies = exchange.shared().refusal_bodies_of(exchange.match().route);
  HeadFields fields(manner);
  fields.add(field.name, field.value);
  if (status < 400) return outcome_of(exchange.respond({status, nullptr, fields.views()}, {}));
  return outcome_of(exchange.respond(
      {.status = status, .content_type = &bodies.content_type(), .fields = fields.views()},
      bodies.of_status(status)));
}

FilePlan plan_for(Exchange& exchange, const FoundFile& found, const FileManner& manner) {
  if (manner.as_given) return plan_as_given(found.file.facts(), manner);
  Shared& shared = exchange.shared();
  // A request with another method has taken effect already.
  const Method method = exchange.request().method;
  const bool only_reads = method == Method::get || method == Method::head;
  const FileTerms terms{
      .content_type = found.content_type,
      .tag_suffix = found.coding == nullptr ? std::string_view() : found.coding->tag,
      .entity_tag = manner.entity_tag,
      .own_tag = manner.own_tag,
      .last_modified = manner.last_modified,
      .judged = manner.status == 200 && only_reads,
      .ranges_max = static_cast<std::size_t>(shared.config.range_count_max)};
  FilePlan plan = plan_file(exchange.request(), found.file.facts(), terms,
                            shared.clock.wall_seconds(), random_number);
  if (manner.status != 200) plan.status = manner.status;
  if (plan.dropped_ranges) shared.stats.count(Reason::dropped_range);
  return plan;
}

bool is_short(const FilePlan& plan) {
  std::uint64_t bytes = 0;
  for (const FilePart& part : plan.parts) bytes += part.text.size() + part.octets.bytes();
  return bytes < plan.body_bytes;
}

std::optional<Outcome> answer_at_once(Exchange& exchange, const FoundFile& found,
                                      const FileManner& manner, const FilePlan& plan) {
  Shared& shared = exchange.shared();
  HeadFields fields(found, manner, plan);
  const ResponseHead head{.status = plan.status, .fields = fields.views(), .phrase = manner.phrase};
  if (is_bodyless(plan.status)) return outcome_of(exchange.respond(head, {}));
  if (plan.parts.empty()) {
    shared.stats.count(plan.status == 412 ? Reason::answered_precondition : Reason::answered_range);
    return answer_status(exchange, plan.status, manner, {"Content-Range", plan.content_range});
  }
  if (exchange.request().method == Method::head) {
    fields.add_length(plan.body_bytes);
    return outcome_of(exchange.respond(
        {.status = plan.status, .fields = fields.views(), .phrase = manner.phrase}, {}));
  }
  if (plan.body_bytes > inline_bytes_max || is_short(plan)) return std::nullopt;
  if (const HeadFault fault = exchange.begin(head); fault != HeadFault::none) {
    return Outcome::failed;
  }
  const bool may_wait = shared.disk() == nullptr;
  if (!append_body(exchange.body_output(), found.file.descriptor(), plan, may_wait)) {
    exchange.abandon();
    return std::nullopt;
  }
  return outcome_of(exchange.finish());
}

HeadFault begin_file(Exchange& exchange, const FoundFile& found, const FileManner& manner,
                     const FilePlan& plan) {
  HeadFields fields(found, manner, plan);
  fields.add_length(plan.body_bytes);
  return exchange.begin_stream(
      {.status = plan.status, .fields = fields.views(), .phrase = manner.phrase});
}

Outcome answer_without_file(Exchange& exchange, OpenFault fault, const FileManner& manner) {
  Shared& shared = exchange.shared();
  if (fault == OpenFault::exhausted) {
    shared.tell(Reason::shed_descriptors, nullptr);
    return answer_status(exchange, 503, manner, {"Retry-After", "1"});
  }
  if (fault == OpenFault::directory && manner.redirects_directories) {
    return redirect(exchange, manner);
  }
  shared.stats.count(Reason::answered_not_found);
  return answer_status(exchange, 404, manner, {});
}

Outcome answer_with_file(Exchange& exchange, FileQuery query) {
  Shared& shared = exchange.shared();
  const bool walked = FileRoot::walks();
  FoundFile found = query.find(shared.disk() == nullptr ? Patience::unlimited : Patience::none);
  if (!walked && FileRoot::walks()) shared.stats.count(Reason::fallback_openat2);
  FilePlan plan;
  if (found.fault == OpenFault::none) {
    plan = plan_for(exchange, found, *query.manner);
    const auto outcome = answer_at_once(exchange, found, *query.manner, plan);
    if (outcome) return *outcome;
  } else if (found.fault != OpenFault::would_block) {
    if (query.receipt && query.receipt->take_back(exchange, found.fault)) return Outcome::pending;
    return answer_without_file(exchange, found.fault, *query.manner);
  }
  FileSender::begin(exchange, std::move(query), std::move(found), std::move(plan));
  return Outcome::pending;
}

}  // namespace pelton::http
