// What an HTTP/1.1 session waits for its client to send or do, and until when; and when the request
// began. The client earns time by each octet of a body (CON-004).
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/timer_wheel.hpp"
#include "http/serve/config.hpp"

namespace pelton::http {

class H1Timer {
 public:
  enum class Wait : std::uint8_t { nothing, header, body, drain_body, keep_alive, drain };

  void wait_for(Wait what, std::uint64_t until_ms) {
    waiting_ = what;
    until_ms_ = until_ms;
  }
  void stop() { waiting_ = Wait::nothing; }
  Wait waiting() const { return waiting_; }
  bool waits_for(Wait what) const { return waiting_ == what; }
  // When that has to be done, or was to be done when the wait stopped.
  std::uint64_t until_ms() const { return until_ms_; }
  std::uint64_t deadline_ms() const {
    return waiting_ == Wait::nothing ? TimerWheel::no_deadline_ms : until_ms_;
  }
  bool is_overdue(std::uint64_t seen_ms) const {
    return waiting_ != Wait::nothing && seen_ms >= until_ms_;
  }
  void put_off(std::uint64_t until_ms) { until_ms_ = until_ms; }

  void earn(std::size_t bytes, const ServerConfig& config, std::uint64_t now_ms) {
    until_ms_ = std::min(until_ms_ + bytes * 1000 / config.body_rate_bytes_per_second_min,
                         now_ms + config.rate_credit_ms_max);
  }
  // The time that the client has left, which it keeps while reading is paused.
  std::uint64_t credit_ms(std::uint64_t now_ms) const {
    return until_ms_ > now_ms ? until_ms_ - now_ms : 0;
  }

  // When the first octet of the request arrived, for the access log. Taken once; 0 if unknown.
  void note_begin(std::uint64_t now_ns) { began_ns_ = now_ns; }
  void note_begin_if_unknown(std::uint64_t now_ns) {
    if (began_ns_ == 0) began_ns_ = now_ns;
  }
  std::uint64_t take_begin_ns() { return std::exchange(began_ns_, 0); }

 private:
  std::uint64_t until_ms_ = TimerWheel::no_deadline_ms;
  std::uint64_t began_ns_ = 0;
  Wait waiting_ = Wait::nothing;
};

}  // namespace pelton::http
