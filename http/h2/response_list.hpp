// The header list of an HTTP/2 response, made from what a handler sets: the same fields as the head
// of HTTP/1.1, with names in lower case and without those of a connection. One serves all responses
// of a core, one after the other.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/stats.hpp"
#include "http/h1/response_writer.hpp"
#include "http/message/field.hpp"
#include "http/message/request_head.hpp"
#include "http/message/response_additions.hpp"
#include "http/message/response_defaults.hpp"
#include "http/message/response_fields.hpp"
#include "http/message/response_head.hpp"

namespace pelton::http::h2 {

class ResponseList {
 public:
  // `additions`: null if no field depends on the request.
  ResponseList(const h1::ResponseBlocks& dates, Stats& stats, const ResponseDefaults& defaults,
               ResponseAdditions* additions = nullptr)
      : dates_(dates), stats_(stats), defaults_(defaults), additions_(additions) {}

  // All fields but Content-Length, of the response to `request`; null: nothing is added because of
  // it. After a fault the list is of no use.
  HeadFault begin(const ResponseHead& head, const RequestHead* request = nullptr);
  std::uint16_t status() const { return status_; }
  // What the handler has declared.
  const SaidFields& said() const { return said_; }
  void add_length(std::uint64_t bytes);
  // Valid until the list changes.
  std::span<const FieldView> fields();

  // The fields of a 103 (RSP-010).
  HeadFault begin_early_hints(std::span<const std::string_view> links);
  // Fields of a trailer section; those that may not be there are left out and counted (H1-068).
  void begin_trailers(std::span<const FieldView> trailers);

 private:
  void clear();
  void add(std::string_view name, std::string_view value);

  // In `text_`, which moves as it grows: the name, and the value behind it.
  struct Place {
    std::uint32_t at;
    std::uint32_t name_bytes;
    std::uint32_t value_bytes;
  };

  const h1::ResponseBlocks& dates_;
  Stats& stats_;
  const ResponseDefaults& defaults_;
  ResponseAdditions* const additions_;
  std::uint16_t status_ = 0;
  SaidFields said_;
  std::string text_;
  std::vector<Place> places_;
  std::vector<FieldView> list_;
};

}  // namespace pelton::http::h2
