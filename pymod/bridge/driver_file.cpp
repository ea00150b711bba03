// The part of a driver that hands an exchange to the file sender, which runs without the
// interpreter.
#include <memory>
#include <string>
#include <utility>

#include "http/files/file_types.hpp"
#include "http/message/field_rules.hpp"
#include "http/serve/files/file_answer.hpp"
#include "http/serve/files/file_root.hpp"
#include "pymod/bridge/driver.hpp"
#include "pymod/hotpath/response_fields.hpp"

namespace pelton::py {

namespace {

using http::FoundFile;
using http::Patience;

// Looks the path up, below its root if it has one.
struct Lookup {
  std::string path;
  std::optional<std::string> root;
  std::string_view content_type;

  FoundFile operator()(Patience patience) const {
    FoundFile found;
    // Opening the root may take any time.
    if (root && patience == Patience::none) {
      found.fault = http::OpenFault::would_block;
      return found;
    }
    const auto from = http::FileRoot::open(root.value_or(""),
                                           root ? http::Links::beneath : http::Links::anywhere);
    found.content_type = content_type;
    if (from) found.fault = from->open_file(path, patience, found.file);
    return found;
  }
};

// An object whose destruction, after the answer, starts the background tasks.
std::shared_ptr<void> tasks_behind(ApplicationState& application, PyObject* background) {
  if (background == Py_None) return nullptr;
  struct Tasks {
    OwnedRef application;  // keeps `start` usable
    OwnedRef start;
    OwnedRef tasks;

    ~Tasks() {
      const OwnedRef started(PyObject_CallOneArg(start.get(), tasks.get()));
      if (!started) PyErr_WriteUnraisable(tasks.get());
    }
  };
  return std::make_shared<Tasks>(OwnedRef::share(application.object),
                                 OwnedRef::share(application.hooks.start_background.get()),
                                 OwnedRef::share(background));
}

}  // namespace

bool Driver::send_file(long status, PyObject* fields, const FileNames& names,
                       PyObject* background) {
  suspend();
  http::Exchange* const exchange = this->exchange();
  if (exchange == nullptr || answered_) return true;  // the client has left
  FieldList list(route_.application->hot.names, *exchange);
  if (!list.read(fields)) return false;
  auto manner = std::make_shared<http::FileManner>();
  manner->status = static_cast<std::uint16_t>(status < 0 || status > 999 ? 999 : status);
  std::string_view content_type = http::type_of_name(names.path);
  for (const http::FieldView& field : list.views()) {
    if (http::is_same_name(field.name, "content-type")) {
      manner->content_type = field.value;
    } else {
      // The application's own ETag and Last-Modified replace the server's. Conditions of the
      // request are checked against its ETag, not against its date.
      if (http::is_same_name(field.name, "etag")) {
        manner->entity_tag = false;
        manner->own_tag = field.value;
      }
      manner->last_modified &= !http::is_same_name(field.name, "last-modified");
      manner->fields.emplace_back(field.name, field.value);
    }
  }
  if (!manner->content_type.empty()) content_type = manner->content_type;
  Lookup lookup{
      .path = std::string(names.path), .root = std::nullopt, .content_type = content_type};
  if (names.root) lookup.root = std::string(*names.root);
  const http::Outcome outcome =
      http::answer_with_file(*exchange, {.find = std::move(lookup),
                                         .manner = std::move(manner),
                                         .kept = tasks_behind(*route_.application, background)});
  if (outcome != http::Outcome::pending) {
    finish(outcome);
  } else {
    // The exchange belongs to the file sender now.
    answered_ = true;
    part();
  }
  return true;
}

}  // namespace pelton::py
