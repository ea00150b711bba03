// Processes that have asked for a reload by a signal. Each may listen at an address of its process
// ID, as `pelton reload` does: a datagram socket "pelton-reload-<pid>" in the abstract namespace.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/service_manager.hpp"

namespace pelton {

class ReloadAskers {
 public:
  static constexpr std::size_t askers_max = 64;  // further ones are not told the outcome

  // The process hears at once that its signal has arrived.
  void add(pid_t asker) {
    tell(asker, "asked");
    if (waiting_.size() < askers_max) waiting_.push_back(asker);
  }
  // A reload begins: it is the one that all of them have asked for.
  void begin() { concerned_.swap(waiting_); }
  // That reload is over.
  void end(std::string_view outcome) {
    for (const pid_t asker : concerned_) tell(asker, outcome);
    concerned_.clear();
  }
  // There will be no reload any more.
  void end_all(std::string_view outcome) {
    end(outcome);
    begin();
    end(outcome);
  }

 private:
  static void tell(pid_t asker, std::string_view text) {
    ServiceManager("@pelton-reload-" + std::to_string(asker)).tell(text);
  }

  std::vector<pid_t> waiting_;    // for the next reload
  std::vector<pid_t> concerned_;  // by the one that goes on
};

}  // namespace pelton
