// A handler's call, compiled at registration: where each argument comes from, how the result is
// labelled. The signature is not inspected again while requests are served.
#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "http/message/content_type.hpp"
#include "http/message/query_keys.hpp"
#include "http/message/ready_head.hpp"
#include "pymod/hotpath/refs.hpp"
#include "pymod/hotpath/result_shape.hpp"
#include "pymod/hotpath/scalar.hpp"

namespace pelton::py {

enum class Source : std::uint8_t {
  // Not read from the message: if such an argument cannot be made, the request is not at fault.
  request,
  constant,
  response,
  background,
  websocket,
  // Read from the message.
  path,
  query,
  header,
  cookie,
  body,
  resolver,
};

struct PlanArgument {
  Source source = Source::request;
  Convert convert = Convert::text;
  bool copy_default = false;
  bool takes_value = false;  // the body's callable is `judge`: it gets the value, not the text
  std::size_t index = 0;     // which value of the template, or of the plan's `query_keys`
  std::string key;           // of a cookie; of a header in lower case
  OwnedRef default_value;    // the constant; null: the argument is required
  OwnedRef callable;         // of Convert::callable, decode, judge or resolve
};

struct Plan {
  OwnedRef handler;
  vectorcallfunc vectorcall = PyObject_Vectorcall;  // the handler's own, or a generic one
  std::vector<PlanArgument> arguments;              // positional ones first
  std::size_t positional_count = 0;
  http::QueryKeys query_keys;  // as the query spells them once decoded
  bool request_alone = false;  // the whole signature is (request): there is nothing to fill
  OwnedRef keyword_names;      // tuple of the others; null if there are none
  OwnedRef encode;
  OwnedRef encode_unless;
  ResultShape encode_unless_shape;
  OwnedRef explain;
  OwnedRef info;
  OwnedRef layers;  // called instead of the handler, which it calls by Request._call(); or null

  std::uint16_t status = 200;
  bool plain_json = true;      // a dict or list goes out as it is, under `json_head`
  bool shaped_json = false;    // the same for values that fit `encode_unless_shape`
  bool none_is_empty = false;  // status 204 or 304
  bool str_is_text = false;    // the route has a media type that is not JSON's
  bool text_only = false;      // the media type is text/*: JSON does not go out under it
  http::ReadyHead json_head{200, "application/json"};  // of `status` and the type of JSON
  http::ContentType text_type{""};
  http::ContentType octets_type{"application/octet-stream"};

  bool wants_json = false;
  bool wants_form = false;
  bool takes_files = false;
  bool is_coroutine = false;  // the handler is an async def
  bool layers_awaited = false;
  bool streams_body = false;
  bool cancel_on_disconnect = false;
  std::optional<std::uint64_t> timeout_ms;
  bool merges_side_channel = false;
  std::optional<std::uint64_t> body_bytes_max;

  int traverse(visitproc visit, void* context) const;
};

// Reads a Plan mapping of _native.pyi; false with an error set.
bool compile_plan(BorrowedRef mapping, Plan& plan);

}  // namespace pelton::py
