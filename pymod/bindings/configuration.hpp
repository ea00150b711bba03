// Settings as Python gives them: a mapping of the keys of http/serve/config.hpp to ints.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "http/message/allowed_hosts.hpp"
#include "http/message/response_defaults.hpp"
#include "http/serve/config.hpp"
#include "http/serve/request_origin.hpp"
#include "http/serve/websocket.hpp"

namespace pelton::py {

// Throws ValueError for an unknown key or a configuration that cannot work.
http::ServerConfig configuration_from(const pybind11::dict& mapping);

// Whether responses carry a date, and the fields that each gets beside its own, by name and value.
using ResponseFields = std::pair<bool, std::vector<std::pair<std::string, std::string>>>;

inline const ResponseFields no_response_fields{true, {}};

// Throws ValueError for an invalid field.
http::ResponseDefaults response_defaults_from(const ResponseFields& fields);

// Whether permessage-deflate is agreed on, the allowed origins, and what happens to a topic's slow
// receivers: close, drop or wait.
using WebSocketSettings = std::tuple<bool, std::vector<std::string>, std::string>;

inline const WebSocketSettings default_websocket_settings{true, {}, "close"};

http::WebSocketRules websocket_rules_from(const WebSocketSettings& settings);
// Throws ValueError for another word.
http::SlowPolicy slow_policy_from(const WebSocketSettings& settings);

// The peers that are trusted: addresses, networks, `unix` or `*`; the family of fields by which
// they say where requests come from: `x-forwarded`, `forwarded` or none; and whether connections
// begin with a PROXY header.
using ForwardingSettings = std::tuple<std::vector<std::string>, std::string, bool>;

inline const ForwardingSettings no_forwarding{{}, "", false};

// Throws ValueError for a text that is none of these.
http::ForwardingRules forwarding_from(const ForwardingSettings& settings);

// Throws ValueError for a text that is no host.
http::AllowedHosts allowed_hosts_from(const std::vector<std::string>& hosts);

// Adds config_defaults(), config_problem() and their like for settings that are no numbers.
void add_configuration(pybind11::module_& module);

}  // namespace pelton::py
