// Application: routes are added one by one, each with its plan, then frozen into a table against
// which any server of this process matches.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/message/refusal.hpp"
#include "http/middleware/chain.hpp"
#include "http/routing/router.hpp"
#include "http/serve/config.hpp"
#include "http/serve/files/static_mount.hpp"
#include "pymod/hosting/asgi_application.hpp"
#include "pymod/hosting/wsgi_application.hpp"
#include "pymod/hotpath/application_state.hpp"

namespace pelton::py {

class Application {
 public:
  struct Options {
    http::ErrorShape error_shape = http::ErrorShape::detail;
    http::TrailingSlash trailing_slash = http::TrailingSlash::strict;
    bool strict_content_type = true;
    pybind11::object json_default;
    bool nan_is_error = false;
    bool reject_duplicate_keys = false;
  };

  // The capsule keeps the HotState alive.
  Application(pybind11::capsule hot_state, const Options& options);
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  std::uint32_t add_route(const std::vector<std::string>& methods, const std::string& path,
                          const pybind11::object& regex);
  // `origins`: None for the server's list, else the origins allowed beside the request's own host;
  // "*" is any.
  std::uint32_t add_websocket(const std::string& path, const pybind11::object& regex,
                              const std::optional<std::vector<std::string>>& origins);
  // The prefix must be free; OSError if the root is no directory.
  void add_static(const std::string& prefix, const pybind11::dict& given);
  std::vector<std::pair<std::string, std::string>> parameters(std::uint32_t index) const;
  // Requests below a literal prefix that match no route of this application go to another one,
  // which is frozen.
  void mount(const std::string& prefix, const pybind11::object& application);
  void set_plan(std::uint32_t index, const pybind11::dict& plan);
  // The layers are called in place of the handler; the plan must be set already.
  void set_layers(std::uint32_t index, const pybind11::object& layers, bool is_coroutine);
  // An ASGI application answers whatever nothing else here does, with these `options`: state,
  // log.
  void host(const pybind11::object& application, const pybind11::dict& options);
  // The same for a WSGI application, with these `options`: same, make_input.
  void host_wsgi(const pybind11::object& serve, const pybind11::dict& options);
  // Adds the middleware that says which other origins' pages may read responses; what is checked
  // already is not checked again.
  void enable_request_id(http::middleware::RequestIdConfig config);
  void enable_cors(http::middleware::CorsConfig config);
  void enable_security_headers(http::middleware::SecurityHeadersConfig config);
  // `self` is the Python object around this one.
  void freeze(pybind11::handle self, const pybind11::dict& hooks);

  // For servers; both throw if the application is not frozen.
  const http::RouteTable& table() const;
  // Takes over the limits that request objects enforce.
  ApplicationState& state_for(const http::ServerConfig& config);
  http::ErrorShape error_shape() const { return options_.error_shape; }
  const http::middleware::Config& middleware() const { return middleware_; }

  int traverse(visitproc visit, void* context) const;
  void clear() { state_.clear(); }

 private:
  std::uint32_t keep_route(std::uint32_t index);

  struct RegexTest;
  struct Registration;
  struct Mounted {
    std::string prefix;
    pybind11::object object;
    const Application* application;
  };
  struct StaticMounted {
    std::string prefix;
    std::unique_ptr<http::StaticMount> mount;
  };

  static std::optional<http::SegmentTest> make_test(void* context, std::string_view pattern);
  void check_open() const;
  // `root_path`: the prefix below which this application is mounted; empty for the one served
  // itself.
  http::RouteTable make_table(const std::string& root_path, std::uint64_t hash_key) const;

  pybind11::capsule hot_state_;
  Options options_;
  ApplicationState state_;
  http::Router router_;
  std::vector<std::unique_ptr<RegexTest>> tests_;
  std::vector<bool> planned_;
  std::vector<Mounted> mounts_;
  std::vector<StaticMounted> static_mounts_;
  // Null if there is none.
  std::unique_ptr<AsgiApplication> hosted_;
  std::unique_ptr<WsgiApplication> hosted_wsgi_;
  std::unique_ptr<http::RouteTable> table_;
  http::middleware::Config middleware_;
};

// The Application inside a Python object; throws TypeError if it is none.
Application& application_in(const pybind11::object& object);

// Adds Application and RouteError.
void add_application(pybind11::module_& module, const pybind11::capsule& hot_state);

}  // namespace pelton::py
