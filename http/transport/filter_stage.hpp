// The filter of one transport at work, and the octets that it has opened last.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "core/memory/output.hpp"
#include "core/reason.hpp"
#include "http/transport/octet_filter.hpp"

namespace pelton::http {

class FilterStage {
 public:
  // The filter has to be established by `until_ms`.
  FilterStage(std::unique_ptr<OctetFilter> filter, BlockPool& blocks, std::uint64_t until_ms)
      : filter_(std::move(filter)), opened_(blocks), established_by_ms_(until_ms) {}

  OctetFilter& filter() { return *filter_; }
  const OctetFilter& filter() const { return *filter_; }
  std::uint64_t established_by_ms() const { return established_by_ms_; }
  // Octets have come that the filter has seen.
  bool has_heard() const { return heard_; }

  // Replaces octets that arrived by what the filter makes of them, valid until let_go(). Returns
  // why the connection has to end, or none.
  [[nodiscard]] Reason open(std::span<char>& octets) {
    opened_.release();
    heard_ |= !octets.empty();
    const Reason refusal = filter_->open(octets, opened_);
    octets = {opened_.data(), opened_.size()};
    return opened_.has_failed() ? Reason::cut_memory : refusal;
  }
  void let_go() { opened_.release(); }

  // Replaces octets that are to leave by sealed ones. False if there is no memory for them.
  [[nodiscard]] bool seal(Output& output, BlockPool& blocks) {
    Output wire(blocks);
    if (!filter_->seal(output, wire)) return output.fail();
    output.release();
    output.take(wire);
    return true;
  }

 private:
  std::unique_ptr<OctetFilter> filter_;
  Output opened_;
  std::uint64_t established_by_ms_;
  bool heard_ = false;
};

}  // namespace pelton::http
