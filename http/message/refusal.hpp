// The answers of the server itself: the status of every reason, and bodies in the application's
// error shape, all made at start (H1-093, H1-095). They contain nothing of a request.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/reason.hpp"
#include "http/message/content_type.hpp"

namespace pelton::http {

// The status of a reason with an answer: `refused`, `answered`, or a request that is `shed`.
std::uint16_t refusal_status(Reason reason);

enum class ErrorShape : std::uint8_t {
  detail,   // application/json {"detail": ..., "reason": ...}
  problem,  // application/problem+json by RFC 9457
};

class RefusalBodies {
 public:
  explicit RefusalBodies(ErrorShape shape);
  RefusalBodies(const RefusalBodies&) = delete;
  RefusalBodies& operator=(const RefusalBodies&) = delete;

  // The type of the bodies.
  const ContentType& content_type() const { return content_type_; }
  // For a reason that has a refusal_status().
  std::string_view of_reason(Reason reason) const;
  // A body without a reason; `status` is from 300 to 599.
  std::string_view of_status(std::uint16_t status) const;

 private:
  static constexpr std::uint16_t status_min = 300;
  static constexpr std::uint16_t status_count = 300;

  const ContentType content_type_;
  std::array<std::string, reason_count> by_reason_;
  std::array<std::string, status_count> by_status_;
};

}  // namespace pelton::http
