#include "http/serve/admin_routes.hpp"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <span>
#include <string_view>
#include <utility>

#include "core/check.hpp"
#include "core/memory/memory_limit.hpp"
#include "core/monotonic.hpp"
#include "http/routing/router.hpp"
#include "http/serve/exchange.hpp"

namespace pelton::http {
namespace {

// A core turns at least once a second (PRC-033): up to then its silence says nothing.
constexpr std::uint64_t silence_expected_ms = 1000;

Outcome answer(Exchange& exchange, std::uint16_t status, std::string_view body) {
  static const ContentType json("application/json");
  const FieldView no_store{"Cache-Control", "no-store"};
  const ResponseHead head{
      .status = status, .content_type = &json, .fields = std::span(&no_store, 1)};
  return exchange.respond(head, body) == HeadFault::none ? Outcome::responded : Outcome::failed;
}

Outcome live(void*, Exchange& exchange) {
  return answer(exchange, 200, R"({"status":"live"})");
}

Outcome ready(void* context, Exchange& exchange) {
  const bool yes = static_cast<const AdminRoutes*>(context)->is_ready(monotonic_ns() / 1'000'000);
  return yes ? answer(exchange, 200, R"({"status":"ready"})")
             : answer(exchange, 503, R"({"status":"not ready"})");
}

Outcome workers(void* context, Exchange& exchange) {
  const auto& routes = *static_cast<const AdminRoutes*>(context);
  return answer(exchange, 200, routes.workers_json(monotonic_ns() / 1'000'000));
}

std::string_view word_of(const CoreState& core) {
  if (core.stop_begun != 0 || core.is(Phase::ended) || core.is(Phase::retired)) return "stopping";
  return core.is(Phase::serving) ? "serving" : "starting";
}

std::string_view engine_of(std::uint64_t gauge) {
  return gauge == 0 ? "null" : gauge == 1 ? R"("epoll")" : R"("uring")";
}

void add(std::string& json, std::string_view name, std::uint64_t value) {
  json.append(",\"").append(name).append("\":").append(std::to_string(value));
}

}  // namespace

RouteTable AdminRoutes::table() {
  Router router;
  const std::string_view method = "GET";
  const std::pair<std::string_view, Handler::Call> routes[] = {
      {"/health/live", live}, {"/health/ready", ready}, {"/workers", workers}};
  for (const auto& [path, call] : routes) {
    const auto route = router.add(std::span(&method, 1), path);
    CHECK(route.has_value());
    router.settings(*route).handler = {call, this};
  }
  return router.freeze({});
}

bool AdminRoutes::serves(const CoreState& core, std::uint64_t now_ms) const {
  const std::uint64_t turned_ms = core.heartbeat_ms.load(std::memory_order_relaxed);
  return core.is(Phase::serving) && core.stop_begun == 0 && now_ms < turned_ms + silence_ms_max_;
}

bool AdminRoutes::is_ready(std::uint64_t now_ms) const {
  for (const CoreState* const core : cores_) {
    if (serves(*core, now_ms)) return true;
  }
  return false;
}

std::string AdminRoutes::workers_json(std::uint64_t now_ms) const {
  std::string json = "[";
  for (const CoreState* const shown : cores_) {
    const CoreState& core = *shown;
    const std::uint64_t process_id = core.process_id.load(std::memory_order_relaxed);
    if (process_id == 0) continue;
    Gauges gauges = core.shown();
    const std::uint64_t turned_ms = core.heartbeat_ms.load(std::memory_order_relaxed);
    const std::uint64_t silent_ms = turned_ms == 0 || now_ms < turned_ms ? 0 : now_ms - turned_ms;
    const std::uint64_t lag_ms =
        silent_ms > silence_expected_ms ? silent_ms : in(gauges, Gauge::loop_lag_us) / 1000;
    const std::uint64_t connections =
        in(gauges, Gauge::connections_idle) + in(gauges, Gauge::connections_reading) +
        in(gauges, Gauge::connections_writing) + in(gauges, Gauge::connections_lingering) +
        in(gauges, Gauge::connections_closing);
    json += json.size() == 1 ? "{\"worker\":" : ",{\"worker\":";
    json += std::to_string(core.slot.load(std::memory_order_relaxed));
    add(json, "pid", process_id);
    json.append(",\"state\":\"").append(word_of(core)).append("\"");
    add(json, "generation", core.generation.load(std::memory_order_relaxed));
    add(json, "restarts", core.restarts.load(std::memory_order_relaxed));
    json.append(",\"engine\":").append(engine_of(in(gauges, Gauge::engine)));
    add(json, "connections", connections);
    add(json, "requests", in(gauges, Gauge::requests));
    add(json, "requests_running", in(gauges, Gauge::exchanges_running));
    add(json, "loop_lag_ms", lag_ms);
    add(json, "rss_bytes", resident_bytes(process_id));
    json += "}";
  }
  return json += "]";
}

}  // namespace pelton::http
