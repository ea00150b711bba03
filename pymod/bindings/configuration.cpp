#include "pymod/bindings/configuration.hpp"

#include <pybind11/stl.h>

#include <optional>
#include <string>

#include "http/serve/log_format.hpp"

namespace pelton::py {

namespace {

namespace pb = pybind11;

// The defaults with the mapping's settings; `problem` is one line if a setting is impossible.
http::ServerConfig read(const pb::dict& mapping, std::optional<std::string>& problem) {
  http::ServerConfig config;
  for (const auto& [name, value] : mapping) {
    const auto key_name = name.cast<std::string>();
    const http::ConfigKey* key = http::config_key(key_name);
    if (key == nullptr) {
      problem = key_name + " is no setting";
      return config;
    }
    const unsigned long long number = PyLong_AsUnsignedLongLong(value.ptr());
    if (PyErr_Occurred() != nullptr) {
      PyErr_Clear();
      problem = key_name + " is no count of 64 bits";
      return config;
    }
    config.*key->member = number;
  }
  if (const auto found = http::problem_in(config)) {
    problem = std::string(found->key) + ' ' + std::string(found->what);
    if (!found->other.empty()) *problem += ' ' + std::string(found->other);
  }
  return config;
}

}  // namespace

http::ServerConfig configuration_from(const pb::dict& mapping) {
  std::optional<std::string> problem;
  const http::ServerConfig config = read(mapping, problem);
  if (problem) throw pb::value_error(*problem);
  return config;
}

http::ResponseDefaults response_defaults_from(const ResponseFields& fields) {
  http::ResponseDefaults defaults;
  if (!fields.first) defaults.leave_out_date();
  for (const auto& [name, value] : fields.second) {
    const std::string_view problem = defaults.add(name, value);
    if (!problem.empty()) throw pb::value_error(name + ' ' + std::string(problem));
  }
  return defaults;
}

http::WebSocketRules websocket_rules_from(const WebSocketSettings& settings) {
  return {.deflates = std::get<0>(settings), .origins = std::get<1>(settings)};
}

http::SlowPolicy slow_policy_from(const WebSocketSettings& settings) {
  const std::string& word = std::get<2>(settings);
  if (word == "close") return http::SlowPolicy::close;
  if (word == "drop") return http::SlowPolicy::drop;
  if (word == "wait") return http::SlowPolicy::wait;
  throw pb::value_error("a slow receiver is to close, drop or wait, not " + word);
}

http::ForwardingRules forwarding_from(const ForwardingSettings& settings) {
  http::ForwardingRules rules;
  const auto& [trusted, family, proxy_protocol] = settings;
  for (const std::string& one : trusted) {
    const std::string problem = rules.trusted.add(one);
    if (!problem.empty()) throw pb::value_error('\'' + one + "' that " + problem);
  }
  if (family == "forwarded") {
    rules.family = http::ForwardedFamily::forwarded;
  } else if (family == "x-forwarded") {
    rules.family = http::ForwardedFamily::x_forwarded;
  } else if (!family.empty()) {
    throw pb::value_error("the family is x-forwarded or forwarded, not " + family);
  }
  if (rules.trusted.trusts_nobody()) rules.family.reset();
  rules.proxy_protocol = proxy_protocol;
  return rules;
}

http::AllowedHosts allowed_hosts_from(const std::vector<std::string>& hosts) {
  http::AllowedHosts allowed;
  for (const std::string& one : hosts) {
    const std::string problem = allowed.add(one);
    if (!problem.empty()) throw pb::value_error('\'' + one + "' that " + problem);
  }
  return allowed;
}

void add_configuration(pb::module_& module) {
  module.def(
      "log_format_problem",
      [](const std::string& text) -> pb::object {
        const auto format = http::LogFormat::parse(text);
        return format ? pb::object(pb::none()) : pb::object(pb::str(format.error()));
      },
      pb::arg("text"), "A clause that says why this is no format of an access log, else None.");
  module.def(
      "check_response_fields", [](const ResponseFields& fields) { response_defaults_from(fields); },
      pb::arg("fields"), "ValueError for a field that not every response can have.");
  module.def(
      "check_trusted_peers",
      [](const std::vector<std::string>& peers) { forwarding_from({peers, "", false}); },
      pb::arg("peers"), "ValueError for one that is no address, no network, not unix and not *.");
  module.def(
      "check_allowed_hosts",
      [](const std::vector<std::string>& hosts) { allowed_hosts_from(hosts); }, pb::arg("hosts"),
      "ValueError for one that is no host, no domain such as *.example.org and not *.");
  module.def(
      "config_defaults",
      [] {
        const http::ServerConfig defaults;
        pb::dict made;
        for (const http::ConfigKey& key : http::config_keys()) {
          made[pb::str(key.name.data(), key.name.size())] = defaults.*key.member;
        }
        return made;
      },
      "Every setting of a server with its default, in the units its name ends with.");
  module.def(
      "config_problem",
      [](const pb::dict& config) {
        std::optional<std::string> problem;
        read(config, problem);
        return problem ? pb::object(pb::str(*problem)) : pb::none();
      },
      pb::arg("config"), "One line that names the keys in the way, or None.");
}

}  // namespace pelton::py
