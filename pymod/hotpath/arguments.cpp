#include "pymod/hotpath/arguments.hpp"

#include <string>
#include <string_view>

#include "http/message/field_rules.hpp"
#include "pymod/hotpath/query_fields.hpp"
#include "pymod/hotpath/request_values.hpp"

namespace noria::py {

namespace {

// What looking for a text in the message came to.
enum class Search : std::uint8_t { found, absent, too_many };

bool same_query_key(std::string_view raw, std::string_view key, std::string& scratch) {
  if (raw == key) return true;
  if (!is_query_encoded(raw)) return false;
  decode_query(raw, scratch);
  return scratch == key;
}

// The last field of this name, escapes undone (in `scratch` if there are any).
Search find_query(std::string_view query, std::string_view key, std::size_t fields_max,
                  std::string& scratch, std::string_view& text) {
  std::size_t count = 0;
  bool found = false;
  RawPair pair;
  for (QueryPairs pairs(query); pairs.next(pair);) {
    if (++count > fields_max) return Search::too_many;
    if (same_query_key(pair.key, key, scratch)) {
      text = pair.value;
      found = true;
    }
  }
  if (!found) return Search::absent;
  if (is_query_encoded(text)) {
    decode_query(text, scratch);
    text = scratch;
  }
  return Search::found;
}

Search find_header(const http::RequestHead& head, std::string_view key, std::string_view& text) {
  for (const http::Field& field : head.fields) {
    if (field.name.bytes == key.size() && http::is_same_name(head.text(field.name), key)) {
      text = head.text(field.value);
      return Search::found;
    }
  }
  return Search::absent;
}

Search find_cookie(const http::RequestHead& head, std::string_view key, std::size_t cookies_max,
                   std::string_view& text) {
  std::size_t count = 0;
  bool found = false;
  for (const http::Field& field : head.fields) {
    if (field.known != http::FieldName::cookie) continue;
    RawPair pair;
    for (CookiePairs pairs(head.text(field.value)); pairs.next(pair);) {
      if (++count > cookies_max) return Search::too_many;
      if (!found && pair.key == key) {
        text = pair.value;
        found = true;
      }
    }
  }
  return found ? Search::found : Search::absent;
}

PyObject* default_of(const PlanArgument& argument) {
  PyObject* value = argument.default_value.get();
  if (value == nullptr || !argument.copy_default) return Py_XNewRef(value);
  if (PyList_CheckExact(value)) return PyList_GetSlice(value, 0, PyList_GET_SIZE(value));
  if (PyDict_CheckExact(value)) return PyDict_Copy(value);
  if (PySet_CheckExact(value)) return PySet_New(value);
  return PyObject_CallMethod(value, "copy", nullptr);
}

PyObject* found_or_default(const PlanArgument& argument, Search search, std::string_view text,
                           Charset charset) {
  if (search == Search::found) {
    return scalar(argument.convert, text, charset, argument.callable.get());
  }
  return search == Search::absent ? default_of(argument) : nullptr;
}

PyObject* path_argument(const PlanArgument& argument, RequestLoan& loan) {
  const auto values = loan.exchange().path_values();
  if (argument.index >= values.size()) return nullptr;
  const http::PathValue& value = values[argument.index];
  if (argument.convert == Convert::as_matched) {
    return path_value(loan.route().application->hot, value);
  }
  return scalar(argument.convert, value.text, Charset::utf8, argument.callable.get());
}

PyObject* query_argument(const PlanArgument& argument, RequestLoan& loan) {
  const http::RequestHead& head = loan.exchange().request();
  std::string scratch;
  std::string_view text;
  const Search search = find_query(head.text(head.query), argument.key,
                                   loan.route().application->query_fields_max, scratch, text);
  return found_or_default(argument, search, text, Charset::utf8);
}

PyObject* header_argument(const PlanArgument& argument, RequestLoan& loan) {
  std::string_view text;
  const Search search = find_header(loan.exchange().request(), argument.key, text);
  return found_or_default(argument, search, text, Charset::latin1);
}

PyObject* cookie_argument(const PlanArgument& argument, RequestLoan& loan) {
  std::string_view text;
  const Search search = find_cookie(loan.exchange().request(), argument.key,
                                    loan.route().application->cookies_max, text);
  return found_or_default(argument, search, text, Charset::latin1);
}

PyObject* body_argument(const PlanArgument& argument, RequestLoan& loan) {
  const std::string_view body = loan.exchange().body();
  if (body.empty() && argument.default_value) return default_of(argument);
  if (argument.callable) {
    const OwnedRef octets(
        PyBytes_FromStringAndSize(body.data(), static_cast<Py_ssize_t>(body.size())));
    return octets ? PyObject_CallOneArg(argument.callable.get(), octets.get()) : nullptr;
  }
  ApplicationState& application = *loan.route().application;
  return json_read(application.hot.json_reader, body, application.read_limits);
}

}  // namespace

Filled ArgumentVector::fill(RequestLoan& loan) {
  const Plan& plan = loan.route().plan;
  const Hooks& hooks = loan.route().application->hooks;
  if (plan.arguments.size() > inline_count) {
    more_.resize(plan.arguments.size() + 1);
    values_ = more_.data() + 1;
  }
  for (const PlanArgument& argument : plan.arguments) {
    PyObject* value = nullptr;
    switch (argument.source) {
      case Source::request:
        value = Py_XNewRef(loan.get());
        if (value == nullptr) return Filled::raised;
        break;
      case Source::constant:
        value = Py_NewRef(argument.default_value.get());
        break;
      case Source::path:
        value = path_argument(argument, loan);
        break;
      case Source::query:
        value = query_argument(argument, loan);
        break;
      case Source::header:
        value = header_argument(argument, loan);
        break;
      case Source::cookie:
        value = cookie_argument(argument, loan);
        break;
      case Source::body:
        value = body_argument(argument, loan);
        break;
      case Source::resolver:
        if (loan.get() == nullptr) return Filled::raised;
        value = PyObject_CallOneArg(argument.callable.get(), loan.get());
        break;
      case Source::response:
        if (!side_channel(hooks)) return Filled::raised;
        value = Py_NewRef(side_channel_.get());
        break;
      case Source::websocket:
        if (loan.get() == nullptr) return Filled::raised;
        value = PyObject_CallFunctionObjArgs(hooks.websocket.get(), loan.get(), plan.info.get(),
                                             nullptr);
        if (value == nullptr) return Filled::raised;
        break;
      case Source::background:
        if (!side_channel(hooks)) return Filled::raised;
        value = PyObject_CallOneArg(hooks.background.get(), side_channel_.get());
        if (value == nullptr) return Filled::raised;
        break;
    }
    if (value == nullptr) [[unlikely]]
      return Filled::unfit;
    values_[size_++] = value;
  }
  return Filled::yes;
}

}  // namespace noria::py
