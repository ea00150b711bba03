// The events of ASGI's extensions for early hints and for files that the server reads itself.
#include <cerrno>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pymod/bridge/driver.hpp"
#include "pymod/hosting/asgi_exchange.hpp"
#include "pymod/hotpath/response_fields.hpp"
#include "pymod/hotpath/text.hpp"

namespace pelton::py {

namespace {

int errno_of(http::OpenFault fault) {
  switch (fault) {
    case http::OpenFault::directory:
      return EISDIR;
    case http::OpenFault::exhausted:
      return EMFILE;
    default:
      return ENOENT;
  }
}

}  // namespace

// --- http.response.early_hint ---

PyObject* AsgiExchange::send_hints(PyObject* event) {
  if (phase_ != Phase::start) {
    PyErr_SetString(PyExc_RuntimeError,
                    "http.response.early_hint was sent after http.response.start");
    return nullptr;
  }
  const OwnedRef given = value_of(event, host_.names().links);
  if (!given && PyErr_Occurred() != nullptr) return nullptr;
  const OwnedRef links(given ? PySequence_Tuple(given.get()) : PyTuple_New(0));
  if (!links) return nullptr;
  std::vector<OwnedRef> kept;
  std::vector<std::string_view> views;
  for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(links.get()); ++index) {
    PyObject* const link = PyTuple_GET_ITEM(links.get(), index);
    kept.push_back(octets_of(link, "a link of http.response.early_hint"));
    if (!kept.back()) return nullptr;
    views.push_back(bytes_view(kept.back().get()));
  }
  Driver* const driver = need_driver();
  if (driver == nullptr) return nullptr;
  driver->suspend();
  http::Exchange* const exchange = this->exchange();
  if (exchange == nullptr) return raise_gone(), nullptr;
  if (!raise_fault(exchange->hint(views), 103)) return nullptr;
  return Py_NewRef(host_.done());
}

// --- http.response.pathsend ---

PyObject* AsgiExchange::send_path(PyObject* event) {
  if (!begin_file(event)) return nullptr;
  return new_asgi_send(host_.awaitable_type(), *this, OwnedRef(), true);
}

bool AsgiExchange::begin_file(PyObject* event) {
  if (phase_ != Phase::head || awaits_trailers_) {
    PyErr_Format(PyExc_RuntimeError, "http.response.pathsend was sent %s",
                 phase_ == Phase::start       ? "before http.response.start"
                 : phase_ == Phase::head      ? "although http.response.start announced trailers"
                 : phase_ == Phase::streaming ? "after http.response.body"
                                              : "although the response was complete");
    return false;
  }
  OwnedRef path = value_of(event, host_.names().path);
  if (!path && PyErr_Occurred() != nullptr) return false;
  if (!path || !PyUnicode_Check(path.get())) {
    PyErr_Format(PyExc_TypeError, "the path of http.response.pathsend is a str, not %.100s",
                 path ? Py_TYPE(path.get())->tp_name : "missing");
    return false;
  }
  const OwnedRef octets(PyUnicode_EncodeFSDefault(path.get()));
  if (!octets) return false;
  const std::string_view text = bytes_view(octets.get());
  if (!text.starts_with('/') || text.find('\0') != std::string_view::npos) {
    PyErr_Format(PyExc_ValueError, "the path of http.response.pathsend is an absolute one, not %R",
                 path.get());
    return false;
  }
  Driver* const driver = need_driver();
  if (driver == nullptr) return false;
  driver->suspend();
  if (exchange() == nullptr) return raise_gone();
  const AsgiFields::Views views(fields_);
  file_path_ = std::move(path);
  phase_ = Phase::file;
  const auto hear = [this](const FileEnd& end) { end_file(end); };
  if (driver->send_path({.status = status_, .fields = views.all()}, std::string(text), hear)) {
    return true;
  }
  phase_ = Phase::head;
  return false;
}

// Where the answer is not complete, the client has left or the connection was cut.
void AsgiExchange::end_file(const FileEnd& end) {
  if (end.is_complete) return complete();
  if (end.fault != http::OpenFault::none) {
    file_fault_ = end.fault;
    phase_ = Phase::head;
  }
  note_news();
}

void AsgiExchange::raise_file_fault() {
  errno = errno_of(std::exchange(file_fault_, http::OpenFault::none));
  PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, file_path_.get());
}

}  // namespace pelton::py
