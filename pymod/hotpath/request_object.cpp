#include "pymod/hotpath/request_object.hpp"

#include <cstring>
#include <new>
#include <string>
#include <type_traits>

#include "core/check.hpp"
#include "http/message/percent.hpp"
#include "http/message/tls_facts.hpp"
#include "http/message/trailer_lines.hpp"
#include "http/serve/request_origin.hpp"
#include "http/serve/shared.hpp"
#include "pymod/hotpath/body_file_object.hpp"
#include "pymod/hotpath/headers_object.hpp"
#include "pymod/hotpath/multi_dict_object.hpp"
#include "pymod/hotpath/python_versions.hpp"
#include "pymod/hotpath/request_octets.hpp"
#include "pymod/hotpath/request_values.hpp"
#include "pymod/hotpath/text.hpp"
#include "pymod/loop/loop_object.hpp"

namespace pelton::py {

namespace {

using Part = RequestObject::Part;
using Maker = PyObject* (*)(RequestObject&);

RequestObject& of(PyObject* self) {
  return *reinterpret_cast<RequestObject*>(self);
}
PyObject* object_of(RequestObject& request) {
  return reinterpret_cast<PyObject*>(&request);
}

constexpr std::uint32_t bit(Part part) {
  return 1u << part;
}

// Parts that can hold users' objects: a request with one of them may be part of a cycle.
constexpr std::uint32_t containers =
    bit(Part::cookies) | bit(Part::params) | bit(Part::context) | bit(Part::json);

void track(RequestObject& request) {
  if (!std::exchange(request.tracked, true)) PyObject_GC_Track(&request);
}

PyObject* keep(RequestObject& request, Part part, PyObject* made) {
  if (made == nullptr) return nullptr;
  // The part was made by Python code, which may have asked for the same part.
  if ((request.made & bit(part)) != 0) {
    Py_DECREF(made);
    return Py_NewRef(request.parts[part]);
  }
  request.parts[part] = made;
  request.made |= bit(part);
  if ((bit(part) & containers) != 0) track(request);
  return Py_NewRef(made);
}

void drop_parts(RequestObject& request) {
  std::uint32_t left = std::exchange(request.made, 0);
  while (left != 0) {
    const auto part = static_cast<unsigned>(__builtin_ctz(left));
    left &= left - 1;
    Py_DECREF(request.parts[part]);
  }
}

const http::RequestHead* head_of(RequestObject& request) {
  if (request.exchange != nullptr) return &request.exchange->request();
  if (request.own != nullptr) return &request.own->head;
  PyErr_NoMemory();
  return nullptr;
}

// Sets the exception that answers a request over a limit.
void refuse(RequestObject& request, int status, const char* detail) {
  const OwnedRef exception(
      PyObject_CallFunction(request.application->hooks.refusal.get(), "is", status, detail));
  if (exception)
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.get())), exception.get());
}

// --- parts ---

PyObject* make_path(RequestObject& request) {
  const http::RequestHead* head = head_of(request);
  if (head == nullptr) return nullptr;
  const std::string_view raw = head->text(head->path);
  if (raw.find('%') == std::string_view::npos) return utf8_text(raw);
  std::string decoded(raw);
  decoded.resize(http::decode_percent(raw, decoded.data()));
  return utf8_text(decoded);
}

PyObject* make_query(RequestObject& request) {
  const http::RequestHead* head = head_of(request);
  if (head == nullptr) return nullptr;
  bool too_many = false;
  PyObject* made =
      make_multi_dict(request.application->hot.multi_dict_type(), head->text(head->query),
                      request.application->query_fields_max, too_many);
  if (too_many) refuse(request, 400, "Too many query fields");
  return made;
}

PyObject* make_headers_part(RequestObject& request) {
  const http::RequestHead* head = head_of(request);
  return head == nullptr ? nullptr : make_headers(request.application->hot.headers_type(), *head);
}

PyObject* make_cookies_part(RequestObject& request) {
  const http::RequestHead* head = head_of(request);
  if (head == nullptr) return nullptr;
  bool too_many = false;
  PyObject* made = make_cookies(*head, request.application->cookies_max, too_many);
  if (too_many) refuse(request, 431, "Too many cookies");
  return made;
}

PyObject* make_params(RequestObject& request) {
  OwnedRef params(PyDict_New());
  if (!params || request.exchange == nullptr) return params.release();
  const auto& names = request.route->parameter_names;
  const auto values = request.exchange->path_values();
  for (std::size_t index = 0; index < names.size() && index < values.size(); ++index) {
    const OwnedRef value(path_value(request.application->hot, values[index]));
    if (!value || PyDict_SetItem(params.get(), names[index].get(), value.get()) != 0)
      return nullptr;
  }
  return params.release();
}

PyObject* make_context(RequestObject&) {
  return PyDict_New();
}

std::string_view octets_of_body(const RequestObject& request) {
  if (request.exchange != nullptr) return request.exchange->body();
  const bool has_file = (request.made & bit(Part::body_file)) != 0;
  return has_file ? body_file_view(request.parts[Part::body_file]) : std::string_view{};
}

PyObject* make_body_file(RequestObject& request) {
  return new_body_file(request.application->hot.body_file_type(), request.exchange);
}

PyObject* make_body(RequestObject& request) {
  if (request.route->plan.streams_body) {
    PyErr_SetString(PyExc_RuntimeError,
                    "the body of a stream_body route has not arrived yet; await body_async(), "
                    "text_async() or json_async(), or iterate stream()");
    return nullptr;
  }
  const std::string_view octets = octets_of_body(request);
  return octets.empty() ? Py_NewRef(request.application->hot.names.empty_bytes.get())
                        : octets_object(octets);
}

PyObject* make_json(RequestObject& request) {
  if (request.route->plan.streams_body) return make_body(request);
  ApplicationState& application = *request.application;
  const bool has_bytes = (request.made & bit(Part::body)) != 0;
  auto& reader = application.hot.json_reader;
  const auto& limits = application.read_limits;
  PyObject* decoded =
      has_bytes ? json_read_terminated(reader, bytes_view(request.parts[Part::body]), limits)
                : json_read(reader, octets_of_body(request), limits);
  if (decoded != nullptr || !PyErr_ExceptionMatches(application.hot.decode_error.get()))
    return decoded;
  const OwnedRef error(take_exception());
  const OwnedRef replaced(PyObject_CallFunctionObjArgs(application.hooks.bad_json.get(),
                                                       object_of(request), error.get(), nullptr));
  if (!replaced) return nullptr;
  PyException_SetCause(replaced.get(), Py_NewRef(error.get()));
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(replaced.get())), replaced.get());
  return nullptr;
}

PyObject* address(const std::string& host, std::uint16_t port) {
  if (host.empty()) return Py_NewRef(Py_None);
  const OwnedRef host_text(utf8_text(host));
  const OwnedRef port_number(PyLong_FromLong(port));
  return host_text && port_number ? PyTuple_Pack(2, host_text.get(), port_number.get()) : nullptr;
}

PyObject* make_client(RequestObject& request) {
  if (request.exchange == nullptr) return Py_NewRef(Py_None);
  const http::Endpoints& ends = request.exchange->endpoints();
  return address(ends.client_host, ends.client_port);
}

PyObject* make_server(RequestObject& request) {
  if (request.exchange == nullptr) return Py_NewRef(Py_None);
  const http::Endpoints& ends = request.exchange->endpoints();
  return address(ends.server_host, ends.server_port);
}

PyObject* make_forwarded(RequestObject& request) {
  const http::RequestOrigin* const origin =
      request.exchange == nullptr ? nullptr : request.exchange->forwarded();
  if (origin == nullptr) return Py_NewRef(Py_None);
  const OwnedRef host(utf8_text(origin->authority));
  const OwnedRef root_path(utf8_text(origin->root_path));
  return host && root_path ? PyTuple_Pack(2, host.get(), root_path.get()) : nullptr;
}

PyObject* text_or_none(std::string_view text) {
  return text.empty() ? Py_NewRef(Py_None) : utf8_text(text);
}

// Version, cipher, server name, and the name and the certificates of the client.
PyObject* make_tls(RequestObject& request) {
  const http::TlsFacts* const facts =
      request.exchange == nullptr ? nullptr : request.exchange->tls();
  if (facts == nullptr) return Py_NewRef(Py_None);
  const OwnedRef version(utf8_text(facts->version));
  const OwnedRef cipher(utf8_text(facts->cipher));
  const OwnedRef sni(text_or_none(facts->sni));
  const OwnedRef client(text_or_none(facts->client_name));
  const OwnedRef chain(PyTuple_New(static_cast<Py_ssize_t>(facts->client_chain.size())));
  if (!version || !cipher || !sni || !client || !chain) return nullptr;
  for (std::size_t index = 0; index < facts->client_chain.size(); ++index) {
    PyObject* const one = utf8_text(facts->client_chain[index]);
    if (one == nullptr) return nullptr;
    PyTuple_SET_ITEM(chain.get(), static_cast<Py_ssize_t>(index), one);
  }
  return PyTuple_Pack(5, version.get(), cipher.get(), sni.get(), client.get(), chain.get());
}

PyObject* pairs_of(std::string_view lines) {
  OwnedRef pairs(PyList_New(0));
  http::TrailerLines trailers(lines);
  for (http::FieldView field; pairs && trailers.next(field);) {
    const OwnedRef name(latin1_text(field.name));
    const OwnedRef value(latin1_text(field.value));
    const OwnedRef pair(name && value ? PyTuple_Pack(2, name.get(), value.get()) : nullptr);
    if (!pair || PyList_Append(pairs.get(), pair.get()) != 0) return nullptr;
  }
  return pairs.release();
}

PyObject* make_trailers(RequestObject& request) {
  return pairs_of(request.exchange == nullptr ? std::string_view() : request.exchange->trailers());
}

PyObject* make_request_id(RequestObject& request) {
  http::Exchange* const exchange = request.exchange;
  return text_or_none(exchange == nullptr ? std::string_view()
                                          : exchange->shared().id_of(exchange->request()));
}

constexpr Maker makers[RequestObject::part_count] = {
    make_path,      make_query,     make_headers_part, make_cookies_part, make_params,
    make_context,   make_body,      make_json,         make_client,       make_server,
    make_body_file, make_forwarded, make_tls,          make_trailers,     make_request_id};

PyObject* part(RequestObject& request, Part which) {
  if ((request.made & bit(which)) != 0) return Py_NewRef(request.parts[which]);
  return keep(request, which, makers[which](request));
}

template <Part which>
PyObject* get_part(PyObject* self, void*) {
  return part(of(self), which);
}

template <Part which>
PyObject* call_part(PyObject* self, PyObject*) {
  return part(of(self), which);
}

// --- attributes without a part of their own ---

PyObject* get_method(PyObject* self, void*) {
  const http::RequestHead* head = head_of(of(self));
  if (head == nullptr) return nullptr;
  const OwnedRef& known =
      of(self).application->hot.names.methods[static_cast<std::size_t>(head->method)];
  return known ? Py_NewRef(known.get()) : latin1_text(head->text(head->method_text));
}

PyObject* get_raw_path(PyObject* self, void*) {
  const http::RequestHead* head = head_of(of(self));
  return head == nullptr ? nullptr : octets_object(head->text(head->path));
}

PyObject* get_query_string(PyObject* self, void*) {
  const http::RequestHead* head = head_of(of(self));
  return head == nullptr ? nullptr : latin1_text(head->text(head->query));
}

PyObject* get_scheme(PyObject* self, void*) {
  const RequestObject& request = of(self);
  const Interned& names = request.application->hot.names;
  const bool is_secure =
      request.exchange == nullptr ? request.is_secure : request.exchange->is_secure();
  return Py_NewRef((is_secure ? names.scheme_https : names.scheme_http).get());
}

PyObject* get_http_version(PyObject* self, void*) {
  const http::RequestHead* head = head_of(of(self));
  if (head == nullptr) return nullptr;
  const Interned& names = of(self).application->hot.names;
  return Py_NewRef(names.version_of(*head).get());
}

PyObject* or_none(const OwnedRef& ref) {
  return Py_NewRef(ref ? ref.get() : Py_None);
}

PyObject* get_app(PyObject* self, void*) {
  return or_none(of(self).application->hooks.app);
}
PyObject* get_route(PyObject* self, void*) {
  return or_none(of(self).route->plan.info);
}

// Nothing is kept while they may still arrive.
PyObject* get_trailers(PyObject* self, void*) {
  RequestObject& request = of(self);
  const bool is_known = (request.made & bit(Part::trailers)) != 0 ||
                        (request.exchange != nullptr && !request.exchange->trailers().empty());
  return is_known ? part(request, Part::trailers) : PyList_New(0);
}

// The driver of the handler's coroutine, for the Python half of the package; None without one.
PyObject* get_driver(PyObject* self, void*) {
  const RequestObject& request = of(self);
  PyObject* driver = request.driver;
  const LoopObject* loop = request.application->loop;
  if (driver == nullptr && loop != nullptr && loop->untasked != nullptr) {
    driver = loop->untasked->driver_of(self);
    if (driver == nullptr && PyErr_Occurred() != nullptr) return nullptr;
  }
  return Py_NewRef(driver == nullptr ? Py_None : driver);
}

// --- life ---

void dealloc(PyObject* self) {
  RequestObject& request = of(self);
  if (std::exchange(request.tracked, false)) PyObject_GC_UnTrack(self);
  drop_parts(request);
  if (request.own != nullptr) free_own_octets(std::exchange(request.own, nullptr));
  PyObject* application_object = std::exchange(request.application_object, nullptr);
  // A request object in the free list keeps its reference to the type.
  if (!request.application->hot.dead_requests.give(&request)) free_request(&request);
  // Last, because the application may be what keeps the free list alive.
  Py_XDECREF(application_object);
}

int traverse(PyObject* self, visitproc visit, void* arg) {
  const RequestObject& request = of(self);
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(request.application_object);
  for (unsigned index = 0; index < RequestObject::part_count; ++index) {
    if ((request.made & (1u << index)) != 0) Py_VISIT(request.parts[index]);
  }
  return 0;
}

int clear(PyObject* self) {
  // The application stays until dealloc: attributes still use it.
  drop_parts(of(self));
  return 0;
}

PyObject* represent(PyObject* self) {
  const OwnedRef method(get_method(self, nullptr));
  const OwnedRef path(method ? part(of(self), Part::path) : nullptr);
  return path ? PyUnicode_FromFormat("<Request %U %U>", method.get(), path.get()) : nullptr;
}

PyGetSetDef attributes[] = {
    {"method", get_method, nullptr, PyDoc_STR("The method, such as `GET`."), nullptr},
    {"path", get_part<Part::path>, nullptr, PyDoc_STR("The decoded path, without the query."),
     nullptr},
    {"raw_path", get_raw_path, nullptr, PyDoc_STR("The path as sent, in bytes."), nullptr},
    {"query_string", get_query_string, nullptr, PyDoc_STR("The text after the `?` as sent."),
     nullptr},
    {"scheme", get_scheme, nullptr, PyDoc_STR("`http` or `https`."), nullptr},
    {"http_version", get_http_version, nullptr, PyDoc_STR("`1.0` or `1.1`."), nullptr},
    {"query", get_part<Part::query>, nullptr, PyDoc_STR("The decoded query, as `MultiDict`."),
     nullptr},
    {"query_params", get_part<Part::query>, nullptr, PyDoc_STR("An alias of `query`."), nullptr},
    {"headers", get_part<Part::headers>, nullptr, PyDoc_STR("The header fields, as `Headers`."),
     nullptr},
    {"cookies", get_part<Part::cookies>, nullptr,
     PyDoc_STR("A dict of the cookies; of equal names the first counts."), nullptr},
    {"params", get_part<Part::params>, nullptr,
     PyDoc_STR("A dict of the path's parameters, converted."), nullptr},
    {"path_params", get_part<Part::params>, nullptr, PyDoc_STR("An alias of `params`."), nullptr},
    {"context", get_part<Part::context>, nullptr,
     PyDoc_STR("A dict of this request, for hooks, guards and the handler."), nullptr},
    {"app", get_app, nullptr, PyDoc_STR("The app that has the route."), nullptr},
    {"route", get_route, nullptr, PyDoc_STR("The route that matched, as `RouteInfo`."), nullptr},
    {"_driver", get_driver, nullptr, nullptr, nullptr},
    {"_body_file", get_part<Part::body_file>, nullptr, nullptr, nullptr},
    {"_forwarded", get_part<Part::forwarded>, nullptr, nullptr, nullptr},
    {"_client", get_part<Part::client>, nullptr, nullptr, nullptr},
    {"_server", get_part<Part::server>, nullptr, nullptr, nullptr},
    {"_tls", get_part<Part::tls>, nullptr, nullptr, nullptr},
    {"_trailers", get_trailers, nullptr, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyMethodDef methods[] = {
    {"body", call_part<Part::body>, METH_NOARGS,
     PyDoc_STR("The whole body in bytes, empty if there is none.")},
    {"json", call_part<Part::json>, METH_NOARGS,
     PyDoc_STR(
         "The value of the JSON body, the same object each time; `BadBody` if it is no JSON.")},
    {"request_id", call_part<Part::request_id>, METH_NOARGS,
     PyDoc_STR("The request's id, as in its answer and in logs; None without "
               "`App.enable_request_id()`.")},
    {nullptr, nullptr, 0, nullptr}};

PyType_Slot slots[] = {
    {Py_tp_doc,
     const_cast<char*>(
         "One request. It may be kept, or handed to a thread, after its handler has returned.")},
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(clear)},
    {Py_tp_repr, reinterpret_cast<void*>(represent)},
    {Py_tp_getset, attributes},
    {Py_tp_methods, methods},
    {0, nullptr}};

PyType_Spec spec = {
    .name = "pelton._native.Request",
    .basicsize = sizeof(RequestObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots};

}  // namespace

void detach_request(RequestObject& request) {
  for (const Part needed : {Part::params, Part::body, Part::client, Part::server, Part::forwarded,
                            Part::tls, Part::trailers, Part::request_id}) {
    if (needed == Part::tls && request.exchange->tls() == nullptr) continue;
    if (needed == Part::request_id && !request.exchange->shared().chain) continue;
    if (needed == Part::trailers && request.exchange->trailers().empty()) continue;
    if (needed == Part::forwarded && request.exchange->forwarded() == nullptr) continue;
    if (needed == Part::body && request.route->plan.streams_body) continue;
    const bool in_file = needed == Part::body && lies_in_file(*request.exchange);
    const OwnedRef taken(part(request, in_file ? Part::body_file : needed));
    if (!taken) PyErr_WriteUnraisable(object_of(request));
  }
  request.own = make_own_octets(request.exchange->request());
  request.is_secure = request.exchange->is_secure();
  request.exchange = nullptr;
  request.application_object = Py_NewRef(request.application->object);
  track(request);
}

bool keep_trailers(RequestObject& request, const http::Exchange& exchange) {
  if (exchange.trailers().empty() || (request.made & bit(Part::trailers)) != 0) return true;
  const OwnedRef kept(keep(request, Part::trailers, pairs_of(exchange.trailers())));
  return static_cast<bool>(kept);
}

PyTypeObject* make_request_type() {
  return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
}

RequestObject* lend_request(const CompiledRoute& route, http::Exchange& exchange) {
  HotState& hot = route.application->hot;
  RequestObject* request = hot.dead_requests.take();
  if (request != nullptr) {
    Py_SET_REFCNT(object_of(*request), 1);
  } else {
    request = PyObject_GC_New(RequestObject, hot.request_type());
    if (request == nullptr) return nullptr;
    request->own = nullptr;
    request->application_object = nullptr;
    request->driver = nullptr;
    request->made = 0;
    request->tracked = false;
  }
  request->application = route.application;
  request->route = &route;
  request->exchange = &exchange;
  request->driver = nullptr;
  return request;
}

void retire_request(RequestObject* request) {
  if (Py_REFCNT(object_of(*request)) > 1) detach_request(*request);
  Py_DECREF(object_of(*request));
}

void free_request(RequestObject* dead) {
  PyTypeObject* type = Py_TYPE(dead);
  PyObject_GC_Del(dead);
  Py_DECREF(type);
}

}  // namespace pelton::py
