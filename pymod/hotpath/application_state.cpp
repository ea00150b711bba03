#include "pymod/hotpath/application_state.hpp"

namespace pelton::py {

namespace {

struct HookRow {
  const char* name;
  OwnedRef Hooks::* slot;
};

constexpr HookRow hook_rows[] = {
    {"app", &Hooks::app},
    {"on_exception", &Hooks::on_exception},
    {"convert_result", &Hooks::convert_result},
    {"side_channel", &Hooks::side_channel},
    {"merge", &Hooks::merge},
    {"on_unmatched", &Hooks::on_unmatched},
    {"has_middleware", &Hooks::has_middleware},
    {"call_apart", &Hooks::call_apart},
    {"bad_json", &Hooks::bad_json},
    {"refusal", &Hooks::refusal},
    {"log_lost", &Hooks::log_lost},
    {"disconnect_error", &Hooks::disconnect_error},
    {"start_background", &Hooks::start_background},
    {"websocket", &Hooks::websocket},
    {"background", &Hooks::background},
    {"json_variable", &Hooks::json_variable},
    {"json_encoder", &Hooks::json_encoder},
    {"go_on", &Hooks::go_on},
};

}  // namespace

bool ApplicationState::set_hooks(BorrowedRef mapping) {
  for (const HookRow& row : hook_rows) {
    OwnedRef hook(PyMapping_GetItemString(mapping.get(), row.name));
    if (!hook) return false;
    hooks.*row.slot = std::move(hook);
  }
  return true;
}

int ApplicationState::traverse(visitproc visit, void* arg) const {
  for (const HookRow& row : hook_rows) Py_VISIT((hooks.*row.slot).get());
  Py_VISIT(json_default_.get());
  for (const auto& route : routes) {
    if (const int stopped = route->plan.traverse(visit, arg)) return stopped;
  }
  return 0;
}

void ApplicationState::clear() {
  for (const HookRow& row : hook_rows) hooks.*row.slot = OwnedRef();
  set_json_options(OwnedRef(), json_options_.nan_is_error);
  for (const auto& route : routes) route->plan = Plan();
}

}  // namespace pelton::py
