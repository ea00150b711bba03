// Where the JSON writer puts its octets: a run of memory with a cursor, and one function for when
// it is full. The writer's loops see the run only.
#pragma once

#include <Python.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

#include "core/memory/output.hpp"

namespace noria::py {

class JsonSink {
 public:
  JsonSink(const JsonSink&) = delete;
  JsonSink& operator=(const JsonSink&) = delete;

  // Makes room for `bytes` behind the cursor; false with MemoryError set.
  bool ensure(std::size_t bytes) {
    if (static_cast<std::size_t>(end - cursor) >= bytes) [[likely]]
      return true;
    return grow_(*this, bytes);
  }

  char* cursor = nullptr;
  char* end = nullptr;

 protected:
  using Grow = bool (*)(JsonSink& sink, std::size_t bytes);
  explicit JsonSink(Grow grow) : grow_(grow) {}
  ~JsonSink() = default;

 private:
  Grow grow_;
};

// Appends to an Output. Nothing shows there before commit().
class OutputSink final : public JsonSink {
 public:
  explicit OutputSink(Output& output) : JsonSink(&grow), output_(output), start_(output.size()) {
    open(1);
  }
  void commit() { output_.advance(written()); }
  // Takes back what growing has already made part of the output.
  void roll_back() { output_.truncate(start_); }

 private:
  static bool grow(JsonSink& sink, std::size_t bytes) {
    auto& self = static_cast<OutputSink&>(sink);
    self.output_.advance(self.written());
    self.open(bytes);
    return true;
  }
  void open(std::size_t bytes) {
    cursor = output_.reserve(bytes);
    end = cursor + output_.room();
  }
  std::size_t written() const {
    return static_cast<std::size_t>(cursor - (output_.data() + output_.size()));
  }

  Output& output_;
  const std::size_t start_;
};

// Fills the writer's scratch, which stays warm, and moves on to a bytes object when that is full.
class BytesSink final : public JsonSink {
 public:
  explicit BytesSink(std::vector<char>& scratch) : JsonSink(&grow), scratch_(scratch) {
    cursor = scratch.data();
    end = cursor + scratch.size();
  }
  ~BytesSink() { Py_XDECREF(bytes_); }

  // The new bytes object; null with MemoryError set.
  PyObject* finish() {
    if (bytes_ == nullptr) {
      return PyBytes_FromStringAndSize(scratch_.data(), cursor - scratch_.data());
    }
    _PyBytes_Resize(&bytes_, cursor - PyBytes_AS_STRING(bytes_));
    return std::exchange(bytes_, nullptr);
  }

 private:
  static bool grow(JsonSink& sink, std::size_t bytes) {
    auto& self = static_cast<BytesSink&>(sink);
    const bool first = self.bytes_ == nullptr;
    const char* const begin = first ? self.scratch_.data() : PyBytes_AS_STRING(self.bytes_);
    const auto used = static_cast<std::size_t>(sink.cursor - begin);
    const auto room = static_cast<Py_ssize_t>(std::max(2 * used, used + bytes));
    if (first) {
      self.bytes_ = PyBytes_FromStringAndSize(nullptr, room);
      if (self.bytes_ == nullptr) return false;
      std::memcpy(PyBytes_AS_STRING(self.bytes_), begin, used);
    } else if (_PyBytes_Resize(&self.bytes_, room) != 0) {
      return false;
    }
    sink.cursor = PyBytes_AS_STRING(self.bytes_) + used;
    sink.end = PyBytes_AS_STRING(self.bytes_) + room;
    return true;
  }

  std::vector<char>& scratch_;
  PyObject* bytes_ = nullptr;
};

}  // namespace noria::py
