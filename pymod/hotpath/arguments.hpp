// The argument vector of one call, filled from an exchange as the plan says.
#pragma once

#include <Python.h>

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include "http/serve/exchange.hpp"
#include "pymod/hotpath/application_state.hpp"
#include "pymod/hotpath/request_object.hpp"

namespace pelton::py {

// The request object of one call, made by the first get().
class RequestLoan {
 public:
  RequestLoan(const CompiledRoute& route, http::Exchange& exchange)
      : route_(route), exchange_(exchange) {}
  // For a request object that exists already and stays the caller's: see give_back().
  RequestLoan(const CompiledRoute& route, http::Exchange& exchange, RequestObject& request)
      : route_(route), exchange_(exchange), request_(&request) {}
  RequestLoan(const RequestLoan&) = delete;
  RequestLoan& operator=(const RequestLoan&) = delete;
  ~RequestLoan() {
    if (request_ != nullptr) return_request(request_);
  }

  // Borrowed; null with an error set.
  PyObject* get() {
    if (request_ == nullptr) request_ = lend_request(route_, exchange_);
    return reinterpret_cast<PyObject*>(request_);
  }
  // Hands the request object over for use after the call, with everything that only the exchange
  // knows; null if none was made.
  RequestObject* keep() {
    if (request_ != nullptr) detach_request(*request_);
    return std::exchange(request_, nullptr);
  }
  void give_back() { request_ = nullptr; }
  // The request object; null if none was made.
  RequestObject* made() const { return request_; }
  const CompiledRoute& route() const { return route_; }
  http::Exchange& exchange() const { return exchange_; }

 private:
  const CompiledRoute& route_;
  http::Exchange& exchange_;
  RequestObject* request_ = nullptr;
};

enum class Filled : std::uint8_t {
  yes,
  unfit,   // an argument is missing or unfit; a Python error that is set is the cause
  raised,  // a Python error is set and is answered as it is
};

// Calls the plan's handler; a new reference, or null with an error set. The callee may write to the
// slot before `values` (PY_VECTORCALL_ARGUMENTS_OFFSET).
inline PyObject* call_handler(const Plan& plan, PyObject* const* values) {
  const std::size_t flagged_count = plan.positional_count | PY_VECTORCALL_ARGUMENTS_OFFSET;
  PyObject* handler = plan.handler.get();
  return plan.vectorcall(handler, values, flagged_count, plan.keyword_names.get());
}

// A call with at most this many arguments allocates nothing for its vector.
inline constexpr std::size_t arguments_inline = 16;

class ArgumentVector {
 public:
  ArgumentVector() = default;
  ArgumentVector(const ArgumentVector&) = delete;
  ArgumentVector& operator=(const ArgumentVector&) = delete;
  ~ArgumentVector() {
    for (std::size_t index = 0; index < size_; ++index) Py_DECREF(values_[index]);
  }

  Filled fill(RequestLoan& loan);
  PyObject* const* values() const { return values_; }
  // The side channel of this call; null if the plan has none.
  PyObject* side_channel() const { return side_channel_.get(); }

 private:
  std::size_t size_ = 0;
  OwnedRef side_channel_;
  // One slot before the first, for call_handler().
  std::array<PyObject*, arguments_inline + 1> inline_;
  std::unique_ptr<PyObject*[]> more_;
  PyObject** values_ = inline_.data() + 1;
};

}  // namespace pelton::py
