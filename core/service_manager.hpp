// Reports the state of the service to the service manager, by datagrams to the manager's socket
// (sd_notify(3)). A failure does not disturb the service.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <utility>

namespace pelton {

class ServiceManager {
 public:
  // `address` is a path, or @ and a name in the abstract namespace; empty: there is no manager.
  explicit ServiceManager(const std::string& address);
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;
  ~ServiceManager();

  // Sends lines like "READY=1". False if the manager's queue is full and the caller must try again;
  // true also if there is no manager.
  bool tell(std::string_view state) const;
  // The same for states that must arrive, in their order: while the queue is full they wait for
  // calls of tell_waiting().
  void tell_later(std::string state) {
    waiting_.push_back(std::move(state));
    tell_waiting();
  }
  void tell_waiting() {
    while (!waiting_.empty() && tell(waiting_.front())) waiting_.pop_front();
  }

 private:
  int socket_ = -1;
  std::deque<std::string> waiting_;
};

}  // namespace pelton
