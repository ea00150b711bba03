#include "pymod/hotpath/response_reader.hpp"

#include <string_view>
#include <vector>

#include "http/message/field_rules.hpp"
#include "pymod/hotpath/multi_items.hpp"
#include "pymod/hotpath/response_fields.hpp"
#include "pymod/hotpath/text.hpp"

namespace pelton::py {

namespace {

using http::FieldView;
using http::HeadFault;
using http::ResponseHead;

bool write_octets(http::Exchange& exchange, const ResponseHead& head, std::string_view body) {
  return raise_fault(exchange.respond(head, body), head.status);
}

// `Head` is a ResponseHead or a ReadyHead.
template <typename Head>
bool write_json(ApplicationState& application, http::Exchange& exchange, const Head& head,
                unsigned status, PyObject* value) {
  if (const HeadFault fault = exchange.begin(head); fault != HeadFault::none) [[unlikely]] {
    return raise_fault(fault, status);
  }
  if (!json_write(application.hot.json_writer, value, application.json_options(),
                  exchange.body_output())) [[unlikely]] {
    exchange.abandon();
    return false;
  }
  const HeadFault fault = exchange.finish();
  return fault == HeadFault::none || raise_fault(fault, status);
}

bool write_buffer(http::Exchange& exchange, const ResponseHead& head, PyObject* value) {
  Py_buffer view;
  if (PyObject_GetBuffer(value, &view, PyBUF_SIMPLE) != 0) return false;
  const bool written = write_octets(
      exchange, head, {static_cast<const char*>(view.buf), static_cast<std::size_t>(view.len)});
  PyBuffer_Release(&view);
  return written;
}

bool write_text(http::Exchange& exchange, const ResponseHead& head, PyObject* text) {
  Py_ssize_t bytes = 0;
  const char* octets = PyUnicode_AsUTF8AndSize(text, &bytes);
  return octets != nullptr &&
         write_octets(exchange, head, {octets, static_cast<std::size_t>(bytes)});
}

PyObject* slot_of(PyObject* object, Py_ssize_t offset) {
  return *reinterpret_cast<PyObject**>(reinterpret_cast<char*>(object) + offset);
}

// Starts the work that follows the answer.
void follow(ApplicationState& application, PyObject* background) {
  PyObject* const in_task = application.answers_in_task ? Py_True : Py_False;
  OwnedRef begun(PyObject_CallFunctionObjArgs(application.hooks.start_background.get(), background,
                                              in_task, nullptr));
  if (!begun) return PyErr_WriteUnraisable(background);
  if (begun.get() != Py_None) application.leave_follow_up(std::move(begun));
}

// A pelton.Response, by its slots. No Python code runs between the views and their use.
bool write_response(ApplicationState& application, http::Exchange& exchange, PyObject* response) {
  const ResponseLayout& layout = application.hot.response;
  PyObject* status = slot_of(response, layout.status);
  PyObject* body = slot_of(response, layout.body);
  PyObject* fields = slot_of(response, layout.fields);
  if (status == nullptr || body == nullptr || fields == nullptr || !PyLong_Check(status) ||
      !PyList_CheckExact(fields)) {
    PyErr_SetString(PyExc_TypeError, "a Response was not initialised by Response()");
    return false;
  }
  const bool has_trailers = slot_of(response, layout.trailers) != nullptr;
  if (!PyBytes_CheckExact(body) || has_trailers) {
    application.leave_later(OwnedRef::share(response));
    return false;
  }
  FieldList list(application.hot.names, exchange);
  if (!list.read(fields)) return false;
  int overflow = 0;
  // 0 is a side channel in which no status was set.
  const long code = PyLong_AsLongAndOverflow(status, &overflow);
  const auto sent =
      static_cast<std::uint16_t>(code == 0 ? 200 : (code < 0 || code > 999 ? 999 : code));
  const OwnedRef phrase = phrase_of(status);
  const ResponseHead head{.status = sent,
                          .content_type = nullptr,
                          .fields = list.views(),
                          .phrase = phrase_view(phrase)};
  if (!write_octets(exchange, head, bytes_view(body))) return false;
  PyObject* const background = slot_of(response, layout.background);
  if (background == nullptr || background == Py_None) [[likely]]
    return true;
  follow(application, background);
  return true;
}

bool is_awaitable(PyObject* value) {
  const PyAsyncMethods* methods = Py_TYPE(value)->tp_as_async;
  return methods != nullptr && methods->am_await != nullptr;
}

// Sends one result to an exchange, labelled as the plan says.
class Sender {
 public:
  Sender(ApplicationState& application, const Plan& plan, http::Exchange& exchange)
      : application_(application), plan_(plan), exchange_(exchange), status_(plan.status) {}

  bool send(PyObject* value) {
    PyTypeObject* type = Py_TYPE(value);
    const ResponseLayout& layout = application_.hot.response;
    if (must_encode(value) && type != &PyTuple_Type && !layout.is_response(value) &&
        !(value == Py_None && plan_.none_is_empty)) {
      return send_encoded(value);
    }
    if (type == &PyTuple_Type) return send_tuple(value);
    return send_body(value);
  }

 private:
  // Whether the value must be converted through the declared type.
  bool must_encode(PyObject* value) const {
    return plan_.encode &&
           Py_TYPE(value) != reinterpret_cast<PyTypeObject*>(plan_.encode_unless.get()) &&
           !plan_.encode_unless_shape.fits(value);
  }

  // Sends a value that is no tuple and needs no conversion through the declared type.
  bool send_body(PyObject* value) {
    PyTypeObject* type = Py_TYPE(value);
    if (type == &PyDict_Type || type == &PyList_Type) return send_json(value);
    if (type == &PyUnicode_Type) {
      return plan_.str_is_text ? write_text(exchange_, head(&plan_.text_type), value)
                               : send_json(value);
    }
    if (application_.hot.response.is_response(value)) {
      return write_response(application_, exchange_, value);
    }
    if (value == Py_None && plan_.none_is_empty) return write_octets(exchange_, head(nullptr), {});
    if (type == &PyLong_Type || type == &PyFloat_Type || type == &PyBool_Type || value == Py_None) {
      return send_json(value);
    }
    if (PyBytes_Check(value)) {
      return write_octets(exchange_, head(&plan_.octets_type), bytes_view(value));
    }
    if (PyByteArray_Check(value) || PyMemoryView_Check(value)) {
      return write_buffer(exchange_, head(&plan_.octets_type), value);
    }
    if (PyUnicode_Check(value) && plan_.str_is_text) {
      return write_text(exchange_, head(&plan_.text_type), value);
    }
    return send_by_form(value);
  }

  bool send_json(PyObject* value) {
    if (plan_.text_only) [[unlikely]]
      return send_converted(value);
    return write_json(application_, exchange_, head(&plan_.json_head.content_type()), status_,
                      value);
  }

  // Sends a value of a type beyond JSON's own: one that has a JSON form, or one that Python
  // converts.
  bool send_by_form(PyObject* value) {
    const JsonTypes::Entry* entry = application_.hot.json_types.classify(Py_TYPE(value));
    if (entry == nullptr) return false;
    return entry->form == JsonForm::unknown ? send_converted(value) : send_json(value);
  }

  bool send_converted(PyObject* value) {
    PyObject* info = plan_.info ? plan_.info.get() : Py_None;
    // Python gets the whole tuple: status and fields belong to the converted body.
    OwnedRef converted(PyObject_CallFunctionObjArgs(application_.hooks.convert_result.get(),
                                                    tuple_ == nullptr ? value : tuple_, info,
                                                    nullptr));
    if (!converted) return false;
    if (application_.hot.response.is_response(converted.get())) {
      return write_response(application_, exchange_, converted.get());
    }
    if (is_awaitable(converted.get())) {
      application_.leave_later(std::move(converted));
      return false;
    }
    return write_json(application_, exchange_, head(&plan_.json_head.content_type()), status_,
                      converted.get());
  }

  bool send_encoded(PyObject* value) {
    const OwnedRef encoded(PyObject_CallOneArg(plan_.encode.get(), value));
    if (!encoded) return false;
    if (tuple_ != nullptr && application_.hot.response.is_response(encoded.get())) {
      return send_converted(value);
    }
    if (PyBytes_CheckExact(encoded.get())) {
      return write_octets(exchange_, head(&plan_.json_head.content_type()),
                          bytes_view(encoded.get()));
    }
    return send_body(encoded.get());
  }

  // (body, status) or (body, status, headers); Python raises the error for any other.
  bool send_tuple(PyObject* tuple) {
    const Py_ssize_t size = PyTuple_GET_SIZE(tuple);
    if (size != 2 && size != 3) return send_converted(tuple);
    PyObject* body = PyTuple_GET_ITEM(tuple, 0);
    PyObject* status = PyTuple_GET_ITEM(tuple, 1);
    tuple_ = tuple;
    if (!PyLong_Check(status) || PyBool_Check(status) || PyTuple_Check(body) ||
        application_.hot.response.is_response(body)) {
      return send_converted(tuple);
    }
    int overflow = 0;
    const long code = PyLong_AsLongAndOverflow(status, &overflow);
    if (code < 200 || code > 599) return send_converted(tuple);
    status_ = static_cast<std::uint16_t>(code);
    if (size == 3 && !read_fields(PyTuple_GET_ITEM(tuple, 2))) return false;
    if (body == Py_None) return write_octets(exchange_, head(nullptr), {});
    if (must_encode(body)) return send_encoded(body);
    return send_body(body);
  }

  // Reads the header fields of a tuple: a mapping or pairs, of latin-1 str.
  bool read_fields(PyObject* headers) {
    // Kept alive in a separate list: encoding the body may run Python code.
    if (PyDict_CheckExact(headers)) {
      field_pairs_ = OwnedRef(PyDict_Items(headers));
    } else {
      const OwnedRef pairs(all_pairs(headers));
      field_pairs_ = OwnedRef(pairs ? PySequence_List(pairs.get()) : nullptr);
    }
    if (!field_pairs_) return false;
    for (Py_ssize_t index = 0; index < PyList_GET_SIZE(field_pairs_.get()); ++index) {
      PyObject* pair = PyList_GET_ITEM(field_pairs_.get(), index);
      if (!PyTuple_CheckExact(pair)) {
        PyObject* tuple = PySequence_Tuple(pair);
        if (tuple == nullptr) return false;
        PyList_SetItem(field_pairs_.get(), index, tuple);
        pair = tuple;
      }
      FieldView field;
      if (PyTuple_GET_SIZE(pair) != 2 || !latin1_view(PyTuple_GET_ITEM(pair, 0), field.name) ||
          !latin1_view(PyTuple_GET_ITEM(pair, 1), field.value)) {
        PyErr_Format(PyExc_TypeError, "a response header is a pair of latin-1 str, not %R", pair);
        return false;
      }
      own_content_type_ |= http::is_same_name(field.name, "content-type");
      fields_.push_back(field);
    }
    return true;
  }

  ResponseHead head(const http::ContentType* content_type) const {
    // A response without a body has no content type either (RSP-001).
    const bool untyped = own_content_type_ || status_ == 204 || status_ == 304;
    return {.status = status_, .content_type = untyped ? nullptr : content_type, .fields = fields_};
  }

  ApplicationState& application_;
  const Plan& plan_;
  http::Exchange& exchange_;
  std::uint16_t status_;
  PyObject* tuple_ = nullptr;  // borrowed: the result, if it is a tuple of two or three
  bool own_content_type_ = false;
  OwnedRef field_pairs_;
  std::vector<FieldView> fields_;
};

[[gnu::noinline]] bool send_otherwise(ApplicationState& application, const Plan& plan,
                                      http::Exchange& exchange, PyObject* value) {
  return Sender(application, plan, exchange).send(value);
}

}  // namespace

bool send_result(ApplicationState& application, const Plan& plan, http::Exchange& exchange,
                 PyObject* value) {
  const bool is_container = PyDict_CheckExact(value) || PyList_CheckExact(value);
  if (is_container &&
      (plan.plain_json || (plan.shaped_json && plan.encode_unless_shape.fits(value)))) [[likely]] {
    return write_json(application, exchange, plan.json_head, plan.status, value);
  }
  return send_otherwise(application, plan, exchange, value);
}

}  // namespace pelton::py
