#include "pymod/hotpath/plan.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "http/message/media_type.hpp"

namespace pelton::py {

namespace {

struct SourceName {
  std::string_view name;
  Source source;
};

constexpr std::array<SourceName, 11> source_names{{{"request", Source::request},
                                                   {"constant", Source::constant},
                                                   {"response", Source::response},
                                                   {"background", Source::background},
                                                   {"websocket", Source::websocket},
                                                   {"path", Source::path},
                                                   {"query", Source::query},
                                                   {"header", Source::header},
                                                   {"cookie", Source::cookie},
                                                   {"body", Source::body},
                                                   {"resolver", Source::resolver}}};

struct ConvertName {
  std::string_view name;
  Convert convert;
};

constexpr std::array<ConvertName, 6> convert_names{{{"as_matched", Convert::as_matched},
                                                    {"str", Convert::text},
                                                    {"bytes", Convert::octets},
                                                    {"int", Convert::integer},
                                                    {"float", Convert::real},
                                                    {"bool", Convert::boolean}}};

// A key of the mapping: null without an error if it is absent.
OwnedRef entry(BorrowedRef mapping, const char* key, bool& failed) {
  OwnedRef value(PyMapping_GetItemString(mapping.get(), key));
  if (!value) {
    if (PyErr_ExceptionMatches(PyExc_KeyError)) {
      PyErr_Clear();
    } else {
      failed = true;
    }
  }
  return value;
}

// Like entry(); None counts as absent.
OwnedRef entry_or_none(BorrowedRef mapping, const char* key, bool& failed) {
  OwnedRef value = entry(mapping, key, failed);
  return value.get() == Py_None ? OwnedRef() : std::move(value);
}

bool is_true(BorrowedRef mapping, const char* key, bool& failed) {
  const OwnedRef value = entry(mapping, key, failed);
  if (!value) return false;
  const int truth = PyObject_IsTrue(value.get());
  failed |= truth < 0;
  return truth > 0;
}

std::string text_of(BorrowedRef mapping, const char* key, bool& failed) {
  const OwnedRef value = entry_or_none(mapping, key, failed);
  if (!value) return {};
  Py_ssize_t bytes = 0;
  const char* octets = PyUnicode_AsUTF8AndSize(value.get(), &bytes);
  if (octets == nullptr) {
    failed = true;
    return {};
  }
  return {octets, static_cast<std::size_t>(bytes)};
}

template <class Row, std::size_t count, class Value>
bool look_up(const std::array<Row, count>& rows, Value Row::* member, std::string_view name,
             Value& value) {
  for (const Row& row : rows) {
    if (row.name == name) {
      value = row.*member;
      return true;
    }
  }
  PyErr_Format(PyExc_ValueError, "a plan has no %.*s", static_cast<int>(name.size()), name.data());
  return false;
}

bool compile_convert(BorrowedRef mapping, PlanArgument& argument) {
  bool failed = false;
  OwnedRef convert = entry(mapping, "convert", failed);
  if (failed) return false;
  if (!convert) return true;
  if (!PyUnicode_Check(convert.get())) {
    argument.convert = Convert::callable;
    argument.callable = std::move(convert);
    return true;
  }
  const char* name = PyUnicode_AsUTF8(convert.get());
  return name != nullptr && look_up(convert_names, &ConvertName::convert, name, argument.convert);
}

bool compile_argument(BorrowedRef mapping, PlanArgument& argument) {
  bool failed = false;
  const std::string source = text_of(mapping, "source", failed);
  argument.key = text_of(mapping, "key", failed);
  argument.default_value = entry(mapping, "default", failed);
  argument.copy_default = is_true(mapping, "copy_default", failed);
  if (failed || !look_up(source_names, &SourceName::source, source, argument.source)) return false;
  if (!compile_convert(mapping, argument)) return false;
  if (argument.source == Source::path) {
    const OwnedRef index(PyMapping_GetItemString(mapping.get(), "index"));
    if (!index) return false;
    argument.index = PyLong_AsSize_t(index.get());
    if (PyErr_Occurred() != nullptr) return false;
  }
  if (argument.source == Source::body) {
    argument.callable = entry_or_none(mapping, "judge", failed);
    argument.takes_value = static_cast<bool>(argument.callable);
    if (!argument.takes_value) argument.callable = entry_or_none(mapping, "decode", failed);
  }
  if (argument.source == Source::resolver) {
    argument.callable = OwnedRef(PyMapping_GetItemString(mapping.get(), "resolve"));
    failed |= !argument.callable;
  }
  return !failed;
}

bool compile_arguments(BorrowedRef sequence, Plan& plan) {
  const OwnedRef list(PySequence_Fast(sequence.get(), "a plan's arguments are a sequence"));
  if (!list) return false;
  const OwnedRef names(PyList_New(0));
  if (!names) return false;
  for (Py_ssize_t index = 0; index < PySequence_Fast_GET_SIZE(list.get()); ++index) {
    PyObject* mapping = PySequence_Fast_GET_ITEM(list.get(), index);
    PlanArgument& argument = plan.arguments.emplace_back();
    if (!compile_argument(mapping, argument)) return false;
    if (argument.source == Source::query) argument.index = plan.query_keys.add(argument.key);
    plan.merges_side_channel |=
        argument.source == Source::response || argument.source == Source::background;
    bool failed = false;
    if (is_true(mapping, "keyword", failed)) {
      OwnedRef name(PyMapping_GetItemString(mapping, "parameter"));
      if (!name || PyList_Append(names.get(), name.get()) != 0) return false;
    } else if (PyList_GET_SIZE(names.get()) != 0) {
      PyErr_SetString(PyExc_ValueError, "a plan's positional arguments come first");
      return false;
    } else {
      ++plan.positional_count;
    }
    if (failed) return false;
  }
  plan.request_alone = plan.arguments.size() == 1 && plan.positional_count == 1 &&
                       plan.arguments.front().source == Source::request;
  if (PyList_GET_SIZE(names.get()) == 0) return true;
  plan.keyword_names = OwnedRef(PyList_AsTuple(names.get()));
  return static_cast<bool>(plan.keyword_names);
}

bool compile_status(BorrowedRef mapping, Plan& plan) {
  bool failed = false;
  const OwnedRef status = entry(mapping, "status", failed);
  if (status) {
    const long value = PyLong_AsLong(status.get());
    if (value == -1 && PyErr_Occurred() != nullptr) return false;
    if (value < 200 || value > 599) {
      PyErr_Format(PyExc_ValueError, "a route's status is 200 to 599, not %ld", value);
      return false;
    }
    plan.status = static_cast<std::uint16_t>(value);
    plan.none_is_empty = value == 204 || value == 304;
  }
  const OwnedRef limit = entry_or_none(mapping, "body_bytes_max", failed);
  if (limit) {
    plan.body_bytes_max = PyLong_AsUnsignedLongLong(limit.get());
    failed |= PyErr_Occurred() != nullptr;
  }
  return !failed;
}

// The content type of a text: `text/*` names the charset in which a str is sent.
std::string with_charset(const std::string& media_type) {
  const bool is_text = media_type.starts_with("text/");
  return is_text && media_type.find("charset=") == std::string::npos
             ? media_type + "; charset=utf-8"
             : media_type;
}

// Sets the content types of results.
void label(const std::string& media_type, Plan& plan) {
  if (media_type.empty()) return;
  plan.str_is_text = !http::is_json_type(media_type);
  plan.text_only = media_type.starts_with("text/");
  plan.text_type = http::ContentType(with_charset(media_type));
  plan.octets_type = http::ContentType(media_type);
}

}  // namespace

int Plan::traverse(visitproc visit, void* arg) const {
  for (const OwnedRef* ref :
       {&handler, &keyword_names, &encode, &encode_unless, &explain, &info, &layers}) {
    Py_VISIT(ref->get());
  }
  for (const PlanArgument& argument : arguments) {
    Py_VISIT(argument.default_value.get());
    Py_VISIT(argument.callable.get());
  }
  return 0;
}

bool compile_plan(BorrowedRef mapping, Plan& plan) {
  bool failed = false;
  plan.handler = OwnedRef(PyMapping_GetItemString(mapping.get(), "handler"));
  const OwnedRef arguments(PyMapping_GetItemString(mapping.get(), "arguments"));
  if (!plan.handler || !arguments || !compile_arguments(arguments, plan)) return false;
  // An object of these types never gets another vectorcall.
  if (PyFunction_Check(plan.handler.get()) || PyMethod_Check(plan.handler.get())) {
    const vectorcallfunc own = PyVectorcall_Function(plan.handler.get());
    if (own != nullptr) plan.vectorcall = own;
  }
  if (!compile_status(mapping, plan)) return false;
  plan.encode = entry_or_none(mapping, "encode", failed);
  plan.encode_unless = entry_or_none(mapping, "encode_unless", failed);
  const OwnedRef shape = entry_or_none(mapping, "encode_unless_shape", failed);
  failed |= shape && !plan.encode_unless_shape.compile(shape);
  plan.explain = entry_or_none(mapping, "explain", failed);
  plan.info = entry_or_none(mapping, "info", failed);
  plan.wants_json = is_true(mapping, "wants_json", failed);
  plan.wants_form = is_true(mapping, "wants_form", failed);
  plan.takes_files = is_true(mapping, "takes_files", failed);
  plan.is_coroutine = is_true(mapping, "is_coroutine", failed);
  plan.streams_body = is_true(mapping, "stream_body", failed);
  plan.cancel_on_disconnect = is_true(mapping, "cancel_on_disconnect", failed);
  const OwnedRef timeout = entry_or_none(mapping, "timeout_ms", failed);
  if (timeout) {
    plan.timeout_ms = PyLong_AsUnsignedLongLong(timeout.get());
    failed |= PyErr_Occurred() != nullptr;
  }
  const std::string media_type = text_of(mapping, "media_type", failed);
  if (failed) return false;
  label(media_type, plan);
  plan.json_head = http::ReadyHead(
      plan.status, media_type.empty() ? plan.json_head.content_type().text() : media_type);
  const bool takes_json = !plan.text_only && !plan.none_is_empty;
  plan.plain_json = takes_json && !plan.encode;
  plan.shaped_json = takes_json && shape;
  return true;
}

}  // namespace pelton::py
