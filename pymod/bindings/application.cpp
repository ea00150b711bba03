#include "pymod/bindings/application.hpp"

#include <pybind11/stl.h>
#include <sys/random.h>

#include <cerrno>
#include <string_view>

#include "core/check.hpp"
#include "pymod/bindings/errors.hpp"
#include "pymod/bridge/python_handler.hpp"
#include "pymod/hotpath/text.hpp"

namespace pelton::py {

namespace pb = pybind11;

// The fullmatch of one compiled pattern.
struct Application::RegexTest {
  OwnedRef fullmatch;

  static bool fits(void* context, std::string_view decoded) {
    const auto& test = *static_cast<const RegexTest*>(context);
    const OwnedRef text(utf8_text(decoded));
    const OwnedRef match(text ? PyObject_CallOneArg(test.fullmatch.get(), text.get()) : nullptr);
    if (!match) PyErr_WriteUnraisable(test.fullmatch.get());
    return match && match.get() != Py_None;
  }
};

struct Application::Registration {
  Application* application;
  pb::object compile;
};

namespace {

HotState& hot_state_of(const pb::capsule& capsule) {
  return *capsule.get_pointer<HotState>();
}

[[noreturn]] void raise_route_error(const http::RouteError& error, const std::string& path) {
  const pb::object type = pb::module_::import("pelton._native").attr("RouteError");
  const std::string_view word = http::word_of(error.problem);
  std::string message(word);
  for (char& octet : message) {
    if (octet == '_') octet = ' ';
  }
  message += " at " + std::to_string(error.position) + " in " + path;
  const pb::object raised = type(message);
  raised.attr("problem") = pb::str(word.data(), word.size());
  raised.attr("other") = error.other == http::RouteError::no_route
                             ? pb::object(pb::none())
                             : pb::object(pb::int_(error.other));
  PyErr_SetObject(type.ptr(), raised.ptr());
  raise_set();
}

}  // namespace

Application::Application(pb::capsule hot_state, const Options& options)
    : hot_state_(std::move(hot_state)), options_(options), state_(hot_state_of(hot_state_)) {
  OwnedRef json_default;
  if (!options_.json_default.is_none()) {
    json_default = OwnedRef::share(options_.json_default.ptr());
  }
  options_.json_default = pb::none();
  state_.set_json_options(std::move(json_default), options_.nan_is_error);
  state_.read_limits.reject_duplicate_keys = options_.reject_duplicate_keys;
  state_.unmatched.application = &state_;
}

std::optional<http::SegmentTest> Application::make_test(void* context, std::string_view pattern) {
  const auto& registration = *static_cast<const Registration*>(context);
  const OwnedRef text(utf8_text(pattern));
  OwnedRef fullmatch(text ? PyObject_CallOneArg(registration.compile.ptr(), text.get()) : nullptr);
  if (!fullmatch) {
    PyErr_Clear();
    return std::nullopt;
  }
  auto& test = registration.application->tests_.emplace_back(
      std::make_unique<RegexTest>(RegexTest{std::move(fullmatch)}));
  return http::SegmentTest{.call = &RegexTest::fits, .context = test.get()};
}

void Application::check_open() const {
  if (table_) throw std::runtime_error("the application is frozen");
}

std::uint32_t Application::add_route(const std::vector<std::string>& methods,
                                     const std::string& path, const pb::object& regex) {
  check_open();
  Registration registration{this, regex};
  const std::vector<std::string_view> method_views(methods.begin(), methods.end());
  const auto index =
      router_.add(method_views, path, {.call = &Application::make_test, .context = &registration});
  if (!index) raise_route_error(index.error(), path);
  return keep_route(*index);
}

std::uint32_t Application::add_websocket(const std::string& path, const pb::object& regex,
                                         const std::optional<std::vector<std::string>>& origins) {
  check_open();
  Registration registration{this, regex};
  const auto index =
      router_.add_websocket(path, {.call = &Application::make_test, .context = &registration});
  if (!index) raise_route_error(index.error(), path);
  http::RouteSettings& settings = router_.settings(*index);
  settings.is_websocket = true;
  if (origins) {
    settings.websocket_lists_origins = true;
    settings.websocket_origins = *origins;
  }
  return keep_route(*index);
}

void Application::add_static(const std::string& prefix, const pb::dict& given) {
  check_open();
  const http::StaticOptions options{
      .root = given["root"].cast<std::string>(),
      .index_file = given["index_file"].cast<std::string>(),
      .cache_control = given["cache_control"].cast<std::string>(),
      .spa = given["spa"].cast<bool>(),
      .entity_tag = given["etag"].cast<bool>(),
      .last_modified = given["last_modified"].cast<bool>(),
      .precompressed = given["precompressed"].cast<bool>(),
      .links = given["links"].cast<bool>() ? http::Links::beneath : http::Links::never};
  auto mount = http::StaticMount::open(options);
  if (!mount) {
    errno = mount.error();
    PyErr_SetFromErrnoWithFilename(PyExc_OSError, options.root.c_str());
    raise_set();
  }
  static_mounts_.push_back({prefix, std::move(*mount)});
}

std::uint32_t Application::keep_route(std::uint32_t index) {
  auto route = std::make_unique<CompiledRoute>();
  route->application = &state_;
  for (const http::PatternParameter& parameter : router_.pattern(index).parameters) {
    PyObject* name = PyUnicode_FromStringAndSize(parameter.name.data(),
                                                 static_cast<Py_ssize_t>(parameter.name.size()));
    if (name == nullptr) raise_set();
    PyUnicode_InternInPlace(&name);
    route->parameter_names.emplace_back(name);
  }
  router_.settings(index).error_shape = options_.error_shape;
  CHECK(state_.routes.size() == index);
  state_.routes.push_back(std::move(route));
  planned_.push_back(false);
  return index;
}

std::vector<std::pair<std::string, std::string>> Application::parameters(
    std::uint32_t index) const {
  if (index >= router_.route_count()) throw pb::index_error("no such route");
  std::vector<std::pair<std::string, std::string>> made;
  for (const http::PatternParameter& parameter : router_.pattern(index).parameters) {
    made.emplace_back(parameter.name, http::word_of(parameter.converter));
  }
  return made;
}

void Application::mount(const std::string& prefix, const pb::object& application) {
  check_open();
  Application& below = application_in(application);
  below.table();
  mounts_.push_back({prefix, application, &below});
  state_.mounted.push_back(&below.state_);
}

void Application::host(const pb::object& application, const pb::dict& options) {
  check_open();
  const pb::object state = options["state"];
  const pb::object log = options["log"];
  hosted_ = AsgiApplication::make(
      state_, {.application = application.ptr(), .state = state.ptr(), .log = log.ptr()});
  if (!hosted_) raise_set();
}

void Application::host_wsgi(const pb::object& serve, const pb::dict& options) {
  check_open();
  const pb::object same = options["same"];
  const pb::object make_input = options["make_input"];
  hosted_wsgi_ = WsgiApplication::make(state_, {.serve = serve.ptr(),
                                                .same = same.ptr(),
                                                .make_input = make_input.ptr(),
                                                .may_wait = options["may_wait"].cast<bool>()});
  if (!hosted_wsgi_) raise_set();
}

int Application::traverse(visitproc visit, void* arg) const {
  for (const Mounted& one : mounts_) Py_VISIT(one.object.ptr());
  if (hosted_) {
    if (const int stopped = hosted_->traverse(visit, arg)) return stopped;
  }
  if (hosted_wsgi_) {
    if (const int stopped = hosted_wsgi_->traverse(visit, arg)) return stopped;
  }
  return state_.traverse(visit, arg);
}

void Application::set_plan(std::uint32_t index, const pb::dict& plan) {
  check_open();
  if (index >= router_.route_count()) throw pb::index_error("no such route");
  CompiledRoute& route = *state_.routes[index];
  Plan compiled;
  if (!compile_plan(plan.ptr(), compiled)) raise_set();
  route.plan = std::move(compiled);
  http::RouteSettings& settings = router_.settings(index);
  settings.handler = python_handler(route);
  settings.body_bytes_max = route.plan.body_bytes_max;
  settings.wants_json = route.plan.wants_json;
  settings.wants_form = route.plan.wants_form;
  settings.takes_files = route.plan.takes_files;
  settings.streams_body = route.plan.streams_body;
  settings.timeout_ms = route.plan.timeout_ms;
  settings.untyped_is_json = !options_.strict_content_type;
  planned_[index] = true;
}

void Application::set_layers(std::uint32_t index, const pb::object& layers, bool is_coroutine) {
  check_open();
  if (index >= router_.route_count()) throw pb::index_error("no such route");
  CompiledRoute& route = *state_.routes[index];
  route.plan.layers = OwnedRef::share(layers.ptr());
  route.plan.layers_awaited = is_coroutine;
  router_.settings(index).handler = python_handler(route);
}

void Application::enable_request_id(http::middleware::RequestIdConfig config) {
  check_open();
  middleware_.request_id = std::move(config);
}

void Application::enable_cors(http::middleware::CorsConfig config) {
  check_open();
  middleware_.cors = std::move(config);
}

void Application::enable_security_headers(http::middleware::SecurityHeadersConfig config) {
  check_open();
  middleware_.security_headers = std::move(config);
}

void Application::freeze(pb::handle self, const pb::dict& hooks) {
  check_open();
  for (std::size_t index = 0; index < planned_.size(); ++index) {
    if (!planned_[index]) {
      throw std::runtime_error("route " + std::to_string(index) + " has no plan");
    }
  }
  if (!state_.set_hooks(hooks.ptr())) raise_set();
  state_.object = self.ptr();
  std::uint64_t hash_key = 0;
  CHECK(::getrandom(&hash_key, sizeof hash_key, 0) == sizeof hash_key);
  table_ = std::make_unique<http::RouteTable>(make_table("", hash_key));
}

http::RouteTable Application::make_table(const std::string& root_path,
                                         std::uint64_t hash_key) const {
  std::vector<http::Mount> mounts;
  for (const Mounted& one : mounts_) {
    const Application& below = *one.application;
    mounts.emplace_back(
        one.prefix,
        std::make_shared<const http::RouteTable>(
            below.make_table(root_path + one.prefix, hash_key)),
        http::RouteSettings{.handler = unmatched_handler(below.state_, Place::mounted),
                            .error_shape = below.options_.error_shape,
                            .takes_all_unmatched = takes_all_unmatched(below.state_)});
  }
  for (const StaticMounted& one : static_mounts_) {
    mounts.emplace_back(one.prefix, http::RouteSettings{.handler = one.mount->handler(),
                                                        .error_shape = options_.error_shape,
                                                        .path = root_path + one.prefix});
  }
  http::Router::Options options{
      .trailing_slash = options_.trailing_slash, .hash_key = hash_key, .mounts = std::move(mounts)};
  if (hosted_) {
    options.catch_all = http::RouteSettings{.handler = hosted_->handler(),
                                            .streams_body = true,
                                            .error_shape = options_.error_shape,
                                            .path = root_path + "/*"};
    options.websocket_catch_all = http::RouteSettings{.handler = hosted_->websocket_handler(),
                                                      .is_websocket = true,
                                                      .websocket_any_origin = true,
                                                      .error_shape = options_.error_shape,
                                                      .path = root_path + "/*"};
  }
  if (hosted_wsgi_) {
    options.catch_all = http::RouteSettings{.handler = hosted_wsgi_->handler(),
                                            .streams_long_bodies = hosted_wsgi_->may_wait(),
                                            .error_shape = options_.error_shape,
                                            .path = root_path + "/*"};
  }
  if (root_path.empty()) return router_.freeze(options);
  http::Router below = router_;
  for (std::uint32_t index = 0; index < below.route_count(); ++index) {
    below.settings(index).path.insert(0, root_path);
    below.settings(index).handler = python_handler(*state_.routes[index], Place::mounted);
  }
  return below.freeze(options);
}

const http::RouteTable& Application::table() const {
  if (!table_) throw std::runtime_error("the application is not frozen");
  return *table_;
}

ApplicationState& Application::state_for(const http::ServerConfig& config) {
  table();
  state_.for_all([&](ApplicationState& one) {
    one.query_fields_max = config.query_fields_max;
    one.cookies_max = config.cookies_max;
    one.read_limits.depth_max = static_cast<std::uint32_t>(config.json_depth_max);
    one.read_limits.number_bytes_max = static_cast<std::uint32_t>(config.json_number_bytes_max);
  });
  return state_;
}

Application& application_in(const pb::object& object) {
  if (!pb::isinstance<Application>(object)) throw pb::type_error("a server takes an Application");
  return object.cast<Application&>();
}

namespace {

// Whether an option's word is the second of its two; ValueError for any other word.
bool is_second(const char* name, const std::string& word, const char* first, const char* second) {
  if (word == first) return false;
  if (word == second) return true;
  throw pb::value_error(std::string(name) + " is '" + first + "' or '" + second + "', not '" +
                        word + "'");
}

// The application, the App behind its hooks and the handlers refer to each other: so the collector
// must traverse this object.
void let_collector_see(PyHeapTypeObject* heap_type) {
  PyTypeObject& type = heap_type->ht_type;
  type.tp_flags |= Py_TPFLAGS_HAVE_GC;
  type.tp_traverse = [](PyObject* self, visitproc visit, void* arg) -> int {
    Py_VISIT(Py_TYPE(self));
    if (!pb::detail::is_holder_constructed(self)) return 0;
    return pb::cast<Application&>(pb::handle(self)).traverse(visit, arg);
  };
  type.tp_clear = [](PyObject* self) -> int {
    if (pb::detail::is_holder_constructed(self)) pb::cast<Application&>(pb::handle(self)).clear();
    return 0;
  };
}

}  // namespace

void add_application(pb::module_& module, const pb::capsule& hot_state) {
  pb::dict members;
  members["__module__"] = "pelton._native";
  members["__doc__"] = "A template that is refused or already taken.";
  members["problem"] = "";
  members["other"] = pb::none();
  module.attr("RouteError") = pb::reinterpret_steal<pb::object>(
      PyErr_NewException("pelton._native.RouteError", PyExc_ValueError, members.ptr()));

  pb::class_<Application>(module, "Application", pb::custom_type_setup(let_collector_see),
                          "The routes of one App, compiled.")
      .def(pb::init([hot_state](const std::string& errors, const std::string& trailing_slash,
                                bool strict_content_type, const pb::object& json_default,
                                const std::string& json_nan,
                                const std::string& json_duplicate_keys) {
             return std::make_unique<Application>(
                 hot_state, Application::Options{
                                .error_shape = is_second("errors", errors, "fastapi", "problem")
                                                   ? http::ErrorShape::problem
                                                   : http::ErrorShape::detail,
                                .trailing_slash = is_second("trailing_slash", trailing_slash,
                                                            "strict", "redirect")
                                                      ? http::TrailingSlash::redirect
                                                      : http::TrailingSlash::strict,
                                .strict_content_type = strict_content_type,
                                .json_default = json_default,
                                .nan_is_error = is_second("json_nan", json_nan, "null", "error"),
                                .reject_duplicate_keys = is_second(
                                    "json_duplicate_keys", json_duplicate_keys, "last", "reject")});
           }),
           pb::kw_only(), pb::arg("errors") = "fastapi", pb::arg("trailing_slash") = "strict",
           pb::arg("strict_content_type") = true, pb::arg("json_default") = pb::none(),
           pb::arg("json_nan") = "null", pb::arg("json_duplicate_keys") = "last")
      .def("add_route", &Application::add_route, pb::arg("methods"), pb::arg("path"),
           pb::arg("regex"),
           "Adds a template and returns its index; raises RouteError. `regex` compiles a pattern "
           "to its fullmatch.")
      .def("add_websocket", &Application::add_websocket, pb::arg("path"), pb::arg("regex"),
           pb::kw_only(), pb::arg("origins"),
           "The same for WebSockets; a route for GET may have the same template.")
      .def(
          "mount", &Application::mount, pb::arg("prefix"), pb::arg("application"),
          "Gives a frozen application what no route matches below a literal prefix, which is empty "
          "for everything.")
      .def("add_static", &Application::add_static, pb::arg("prefix"), pb::arg("options"),
           "Serves a directory below a prefix that is free; OSError for no directory.")
      .def("parameters", &Application::parameters, pb::arg("index"),
           "(name, converter) of a route's template in order.")
      .def("set_plan", &Application::set_plan, pb::arg("index"), pb::arg("plan"),
           "Says how the route's handler is called.")
      .def("set_layers", &Application::set_layers, pb::arg("index"), pb::arg("layers"),
           pb::arg("is_coroutine"), "Puts `layers(request)` in place of the handler's call.")
      .def("host", &Application::host, pb::arg("application"), pb::arg("options"),
           "Gives an ASGI application whatever nothing else here answers.")
      .def("host_wsgi", &Application::host_wsgi, pb::arg("serve"), pb::arg("options"),
           "Gives a WSGI application whatever nothing else here answers.")
      .def(
          "enable_request_id",
          [](Application& application, std::string header, bool trusts_incoming) {
            application.enable_request_id(
                {.header = std::move(header), .trusts_incoming = trusts_incoming});
          },
          pb::kw_only(), pb::arg("header"), pb::arg("trusts_incoming"),
          "Numbers requests, and says the number in a field of their answers.")
      .def(
          "enable_cors",
          [](Application& application, std::vector<std::string> origins,
             std::vector<std::string> methods, std::vector<std::string> headers,
             std::vector<std::string> exposed, bool credentials, std::uint32_t max_age_s) {
            application.enable_cors({.origins = std::move(origins),
                                     .methods = std::move(methods),
                                     .headers = std::move(headers),
                                     .exposed = std::move(exposed),
                                     .credentials = credentials,
                                     .max_age_s = max_age_s});
          },
          pb::kw_only(), pb::arg("origins"), pb::arg("methods"), pb::arg("headers"),
          pb::arg("exposed"), pb::arg("credentials"), pb::arg("max_age_s"),
          "Says which other origins' pages may read responses. No `origins`: all; no `headers`: "
          "all.")
      .def(
          "enable_security_headers",
          [](Application& application, std::vector<std::pair<std::string, std::string>> fields,
             std::string transport_security) {
            application.enable_security_headers(
                {.fields = std::move(fields), .transport_security = std::move(transport_security)});
          },
          pb::kw_only(), pb::arg("fields"), pb::arg("transport_security"),
          "Adds fields to every response, and Strict-Transport-Security to those by https.")
      .def(
          "freeze",
          [](const pb::object& self, const pb::dict& hooks) {
            self.cast<Application&>().freeze(self, hooks);
          },
          pb::arg("hooks"), "Ends registration; servers may be made from now on.");
}

}  // namespace pelton::py
