// Settings as Python gives them: a mapping of the keys of http/serve/config.hpp to ints.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "http/message/response_defaults.hpp"
#include "http/serve/config.hpp"
#include "http/serve/websocket.hpp"

namespace pelton::py {

// Throws ValueError for a key that is none or a configuration that cannot work.
http::ServerConfig configuration_from(const pybind11::dict& mapping);

// Whether responses say the date, and the fields each gets beside its own, by name and value.
using ResponseFields = std::pair<bool, std::vector<std::pair<std::string, std::string>>>;

inline const ResponseFields no_response_fields{true, {}};

// Throws ValueError for a field that cannot be one.
http::ResponseDefaults response_defaults_from(const ResponseFields& fields);

// Whether permessage-deflate is agreed on, the origins listed, and close, drop or wait for a
// topic's slow receivers.
using WebSocketSettings = std::tuple<bool, std::vector<std::string>, std::string>;

inline const WebSocketSettings default_websocket_settings{true, {}, "close"};

http::WebSocketRules websocket_rules_from(const WebSocketSettings& settings);
// Throws ValueError for another word.
http::SlowPolicy slow_policy_from(const WebSocketSettings& settings);

// Adds config_defaults(), config_problem() and their like for what is no number.
void add_configuration(pybind11::module_& module);

}  // namespace pelton::py
