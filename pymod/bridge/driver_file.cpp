// The part of a driver that hands an exchange to the file sender, which runs without the
// interpreter.
#include <fcntl.h>
#include <sys/stat.h>

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

// The manner of a head that the application has made; null with ValueError set.
std::shared_ptr<http::FileManner> manner_of(const http::ResponseHead& head) {
  auto manner = std::make_shared<http::FileManner>();
  manner->status = head.status;
  manner->as_given = true;
  manner->phrase = head.phrase;
  bool is_good = head.status >= 200 && head.status <= 599;
  for (const http::FieldView& field : head.fields) {
    is_good &= http::is_token(field.name) && http::is_field_value(field.value);
    if (http::is_same_name(field.name, "content-length")) {
      std::uint64_t bytes = 0;
      is_good &= !manner->declared_bytes && http::read_content_length(field.value, bytes);
      manner->declared_bytes = bytes;
    } else {
      manner->fields.emplace_back(field.name, field.value);
    }
  }
  if (is_good) return manner;
  raise_fault(http::HeadFault::header, head.status);
  return nullptr;
}

// Starts the background tasks after the answer.
class TasksBehind final : public http::FileReceipt {
 public:
  TasksBehind(ApplicationState& application, PyObject* tasks)
      : application_(OwnedRef::share(application.object)),
        start_(OwnedRef::share(application.hooks.start_background.get())),
        tasks_(OwnedRef::share(tasks)) {}
  ~TasksBehind() override {
    const OwnedRef started(PyObject_CallOneArg(start_.get(), tasks_.get()));
    if (!started) PyErr_WriteUnraisable(tasks_.get());
  }

 private:
  OwnedRef application_;  // keeps the function usable
  OwnedRef start_;
  OwnedRef tasks_;
};

std::shared_ptr<http::FileReceipt> tasks_behind(ApplicationState& application,
                                                PyObject* background) {
  if (background == Py_None) return nullptr;
  return std::make_shared<TasksBehind>(application, background);
}

}  // namespace

// The exchange is the file sender's meanwhile: the driver hears of no event.
class Driver::LentFile final : public http::FileReceipt {
 public:
  LentFile(Driver& driver, HearFileEnd hear)
      : driver_(driver), held_(OwnedRef::share(driver.object_)), hear_(std::move(hear)) {}
  ~LentFile() override {
    if (!hear_) return;
    driver_.part();
    hear_({.is_complete = is_complete_});
  }

  bool take_back(http::Exchange& exchange, http::OpenFault fault) override {
    HearFileEnd hear = std::exchange(hear_, nullptr);
    driver_.answered_ = false;
    driver_.handle_ = exchange.take_over({.call = &Driver::hear, .context = &driver_});
    hear({.fault = fault});
    return true;
  }
  void complete() override { is_complete_ = true; }
  // The exchange was answered at once.
  HearFileEnd dismiss() { return std::exchange(hear_, nullptr); }

 private:
  Driver& driver_;
  const OwnedRef held_;
  HearFileEnd hear_;
  bool is_complete_ = false;
};

void Driver::lend(http::FileQuery query, HearFileEnd hear) {
  const auto lent = std::make_shared<LentFile>(*this, std::move(hear));
  query.receipt = lent;
  answered_ = true;
  const http::Outcome outcome = http::answer_with_file(*exchange(), std::move(query));
  if (outcome == http::Outcome::pending) return;
  HearFileEnd told = lent->dismiss();
  answered_ = false;
  finish(outcome);
  told({.is_complete = outcome == http::Outcome::responded});
}

bool Driver::send_path(const http::ResponseHead& head, std::string path, HearFileEnd hear) {
  std::shared_ptr<http::FileManner> manner = manner_of(head);
  if (!manner) return false;
  Lookup lookup{.path = std::move(path), .root = std::nullopt, .content_type = {}};
  lend({.find = std::move(lookup), .manner = std::move(manner)}, std::move(hear));
  return true;
}

bool Driver::send_descriptor(PyObject* status_object, PyObject* fields, const OpenFile& file,
                             PyObject* kept) {
  const long status = PyLong_AsLong(status_object);
  if (status == -1 && PyErr_Occurred() != nullptr) return false;
  suspend();
  http::Exchange* const exchange = this->exchange();
  if (exchange == nullptr || answered_) return true;  // the client has left
  FieldList list(route_.application->hot.names, *exchange);
  if (!list.read(fields)) return false;
  const OwnedRef phrase = phrase_of(status_object);
  std::shared_ptr<http::FileManner> manner =
      manner_of({.status = static_cast<std::uint16_t>(status < 0 || status > 999 ? 999 : status),
                 .fields = list.views(),
                 .phrase = phrase_view(phrase)});
  if (!manner) return false;
  manner->from = file.from;
  struct stat facts;
  const int own =
      ::fstat(file.descriptor, &facts) == 0 ? ::fcntl(file.descriptor, F_DUPFD_CLOEXEC, 0) : -1;
  if (own < 0) return PyErr_SetFromErrno(PyExc_OSError) != nullptr;
  http::OpenedFile opened(own, {.bytes = static_cast<std::uint64_t>(facts.st_size)});
  auto find = [opened = std::move(opened)](Patience) mutable {
    FoundFile found;
    found.fault = http::OpenFault::none;
    found.file = std::move(opened);
    return found;
  };
  auto hear = [held = OwnedRef::share(kept)](const FileEnd&) {};
  lend({.find = std::move(find), .manner = std::move(manner)}, std::move(hear));
  return true;
}

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
                                         .receipt = tasks_behind(*route_.application, background)});
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
