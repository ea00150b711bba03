// Tells the service manager how the service is, by datagrams to the socket that it named
// (sd_notify(3)). Whatever goes wrong with it is not the service's concern.
#pragma once

#include <string>
#include <string_view>

namespace pelton {

class ServiceManager {
 public:
  // A path, or a name in the abstract namespace behind an @; empty: there is none to tell.
  explicit ServiceManager(const std::string& address);
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;
  ~ServiceManager();

  // Sends lines like "READY=1". False if the manager's queue is full, so that it is to be sent
  // again; true also where no manager is.
  bool tell(std::string_view state) const;

 private:
  int socket_ = -1;
};

}  // namespace pelton
