// Logs that end in two pipes, for tests that read what was logged.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "http/serve/logs.hpp"

namespace pelton::http {

class Logged {
 public:
  Logged(Stats& stats, const Clock& clock, std::size_t queue_bytes = 1 << 16,
         EventLog::Look look = {})
      : logs_(std::make_unique<Logs>(end_of(access_), end_of(error_), queue_bytes, stats, clock,
                                     look)) {}
  ~Logged() {
    logs_.reset();
    for (const int end : {access_[0], access_[1], error_[0], error_[1]}) ::close(end);
  }

  Logs& logs() { return *logs_; }
  // Everything that was logged; nothing can be logged later.
  std::string access() { return all_of(access_[0]); }
  std::string errors() { return all_of(error_[0]); }

 private:
  static LogDestination end_of(int (&pipe)[2]) {
    EXPECT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
    EXPECT_EQ(::fcntl(pipe[0], F_SETFL, O_NONBLOCK), 0);
    auto made = LogDestination::of_descriptor(pipe[1]);
    EXPECT_TRUE(made.has_value());
    return std::move(*made);
  }
  std::string all_of(int end) {
    logs_->writer.finish();
    std::string octets(1 << 16, '\0');
    const ssize_t bytes = ::read(end, octets.data(), octets.size());
    octets.resize(bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
    return octets;
  }

  int access_[2];
  int error_[2];
  std::unique_ptr<Logs> logs_;
};

class FixedEnds final : public EndpointSource {
 public:
  const Endpoints& endpoints() override { return ends; }
  Endpoints ends{"192.0.2.7", 4242, "192.0.2.1", 80};
};

}  // namespace pelton::http
