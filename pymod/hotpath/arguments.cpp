#include "pymod/hotpath/arguments.hpp"

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "http/message/cookie.hpp"
#include "http/message/field_search.hpp"
#include "http/message/percent.hpp"
#include "pymod/hotpath/request_values.hpp"
#include "pymod/hotpath/text.hpp"

namespace pelton::py {

namespace {

PyObject* default_of(const PlanArgument& argument) {
  PyObject* value = argument.default_value.get();
  if (value == nullptr || !argument.copy_default) return Py_XNewRef(value);
  if (PyList_CheckExact(value)) return PyList_GetSlice(value, 0, PyList_GET_SIZE(value));
  if (PyDict_CheckExact(value)) return PyDict_Copy(value);
  if (PySet_CheckExact(value)) return PySet_New(value);
  return PyObject_CallMethod(value, "copy", nullptr);
}

PyObject* converted(const PlanArgument& argument, const RequestLoan& loan, std::string_view text,
                    Charset charset) {
  // Most parameters are text, so it takes no call of scalar() and no jump in there.
  if (argument.convert == Convert::text) return text_object(text, charset);
  return scalar(loan.route().application->hot.json_reader.integers, argument.convert, text, charset,
                argument.callable.get());
}

PyObject* path_argument(const PlanArgument& argument, const RequestLoan& loan) {
  const auto values = loan.exchange().path_values();
  if (argument.index >= values.size()) return nullptr;
  const http::PathValue& value = values[argument.index];
  if (argument.convert == Convert::as_matched) {
    return path_value(loan.route().application->hot, value);
  }
  return converted(argument, loan, value.text, Charset::utf8);
}

[[gnu::noinline]] PyObject* decoded_argument(const PlanArgument& argument, const RequestLoan& loan,
                                             std::string_view sent) {
  std::string scratch;
  return converted(argument, loan, http::form_octets(sent, scratch), Charset::utf8);
}

PyObject* query_argument(const PlanArgument& argument, const RequestLoan& loan,
                         const http::QueryValue& value) {
  if (!value.found()) return default_of(argument);
  return value.is_plain ? converted(argument, loan, value.sent(), Charset::utf8)
                        : decoded_argument(argument, loan, value.sent());
}

PyObject* header_argument(const PlanArgument& argument, const RequestLoan& loan) {
  const http::RequestHead& head = loan.exchange().request();
  const http::Field* const field = http::find_field(head, argument.key);
  return field == nullptr ? default_of(argument)
                          : converted(argument, loan, head.text(field->value), Charset::latin1);
}

PyObject* cookie_argument(const PlanArgument& argument, const RequestLoan& loan) {
  std::string_view text;
  switch (http::find_first_cookie(loan.exchange().request(), argument.key,
                                  loan.route().application->cookies_max, text)) {
    case http::FieldSearch::found:
      return converted(argument, loan, text, Charset::latin1);
    case http::FieldSearch::absent:
      return default_of(argument);
    case http::FieldSearch::too_many:
      break;
  }
  return nullptr;
}

PyObject* body_argument(const PlanArgument& argument, RequestLoan& loan) {
  const std::string_view body = loan.exchange().body();
  if (body.empty() && argument.default_value) return default_of(argument);
  ApplicationState& application = *loan.route().application;
  JsonReader& reader = application.hot.json_reader;
  if (argument.callable && !argument.takes_value) {
    const OwnedRef octets(
        PyBytes_FromStringAndSize(body.data(), static_cast<Py_ssize_t>(body.size())));
    return octets && json_check(reader, bytes_view(octets.get()), application.read_limits)
               ? PyObject_CallOneArg(argument.callable.get(), octets.get())
               : nullptr;
  }
  OwnedRef value(json_read(reader, body, application.read_limits));
  if (!value || !argument.callable) return value.release();
  return PyObject_CallOneArg(argument.callable.get(), value.get());
}

// What one pass over the query finds.
class QueryValues {
 public:
  explicit QueryValues(std::size_t count) {
    if (count <= inline_.size()) [[likely]]
      return;
    more_ = std::make_unique_for_overwrite<http::QueryValue[]>(count);
    values_ = more_.get();
  }
  http::QueryValue* get() { return values_; }

 private:
  std::array<http::QueryValue, arguments_inline> inline_;
  std::unique_ptr<http::QueryValue[]> more_;
  http::QueryValue* values_ = inline_.data();
};

bool find_in_query(const RequestLoan& loan, http::QueryValue* values) {
  const CompiledRoute& route = loan.route();
  const http::RequestHead& head = loan.exchange().request();
  return route.plan.query_keys.find_last(head.text(head.query), route.application->query_fields_max,
                                         values);
}

// Borrowed; made by the first call. Null with an error set.
PyObject* side_channel_of(const Hooks& hooks, OwnedRef& side_channel) {
  if (!side_channel) side_channel = OwnedRef(PyObject_CallNoArgs(hooks.side_channel.get()));
  return side_channel.get();
}

PyObject* background_of(const Hooks& hooks, PyObject* side_channel) {
  return side_channel == nullptr ? nullptr
                                 : PyObject_CallOneArg(hooks.background.get(), side_channel);
}

PyObject* websocket_of(const Hooks& hooks, PyObject* request, PyObject* info) {
  return request == nullptr
             ? nullptr
             : PyObject_CallFunctionObjArgs(hooks.websocket.get(), request, info, nullptr);
}

// A new reference; null if the argument is missing or unfit, or cannot be made.
PyObject* make(const PlanArgument& argument, RequestLoan& loan, const http::QueryValue* query,
               OwnedRef& side_channel) {
  const Hooks& hooks = loan.route().application->hooks;
  switch (argument.source) {
    case Source::request:
      return Py_XNewRef(loan.get());
    case Source::constant:
      return Py_NewRef(argument.default_value.get());
    case Source::response:
      return Py_XNewRef(side_channel_of(hooks, side_channel));
    case Source::background:
      return background_of(hooks, side_channel_of(hooks, side_channel));
    case Source::websocket:
      return websocket_of(hooks, loan.get(), loan.route().plan.info.get());
    case Source::path:
      return path_argument(argument, loan);
    case Source::query:
      return query_argument(argument, loan, query[argument.index]);
    case Source::header:
      return header_argument(argument, loan);
    case Source::cookie:
      return cookie_argument(argument, loan);
    case Source::body:
      return body_argument(argument, loan);
    case Source::resolver:
      return loan.get() == nullptr ? nullptr
                                   : PyObject_CallOneArg(argument.callable.get(), loan.get());
  }
  return nullptr;
}

}  // namespace

Filled ArgumentVector::fill(RequestLoan& loan) {
  const Plan& plan = loan.route().plan;
  if (plan.arguments.size() > arguments_inline) [[unlikely]] {
    more_ = std::make_unique<PyObject*[]>(plan.arguments.size() + 1);
    values_ = more_.get() + 1;
  }
  QueryValues query(plan.query_keys.size());
  if (plan.query_keys.size() != 0 && !find_in_query(loan, query.get())) return Filled::unfit;
  for (const PlanArgument& argument : plan.arguments) {
    PyObject* const value = make(argument, loan, query.get(), side_channel_);
    if (value == nullptr) [[unlikely]]
      return argument.source < Source::path ? Filled::raised : Filled::unfit;
    values_[size_++] = value;
  }
  return Filled::yes;
}

}  // namespace pelton::py
