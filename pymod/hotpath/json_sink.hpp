// Where the JSON writer puts its octets: memory up to `end`, and a function that makes more room.
// The writer keeps the cursor and passes it through its functions in a register.
#pragma once

#include <Python.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

#include "core/memory/output.hpp"

namespace pelton::py {

class JsonSink {
 public:
  JsonSink(const JsonSink&) = delete;
  JsonSink& operator=(const JsonSink&) = delete;

  char* begin() const { return begin_; }
  char* end() const { return end_; }

  // Makes room for `bytes` at `cursor`; returns where to write, or null with MemoryError set.
  char* grow(char* cursor, std::size_t bytes) { return grow_(*this, cursor, bytes); }

 protected:
  using Grow = char* (*)(JsonSink& sink, char* cursor, std::size_t bytes);
  explicit JsonSink(Grow how) : grow_(how) {}
  ~JsonSink() = default;

  char* begin_ = nullptr;
  char* end_ = nullptr;

 private:
  Grow grow_;
};

// Appends to an Output.
class OutputSink final : public JsonSink {
 public:
  explicit OutputSink(Output& output) : JsonSink(&append), output_(output), start_(output.size()) {
    open(1);
  }
  void finish(char* cursor) { output_.advance(static_cast<std::size_t>(cursor - begin_)); }
  // Removes the octets that growing has already added to the output.
  void abandon() {
    output_.truncate(start_);
    output_.recover();
  }

 private:
  static char* append(JsonSink& sink, char* cursor, std::size_t bytes) {
    auto& self = static_cast<OutputSink&>(sink);
    self.finish(cursor);
    if (self.open(bytes)) return self.begin_;
    PyErr_NoMemory();
    return nullptr;
  }
  bool open(std::size_t bytes) {
    begin_ = end_ = output_.reserve(bytes);
    if (begin_ == nullptr) {
      output_.recover();
      return false;
    }
    end_ += output_.room();
    return true;
  }

  Output& output_;
  const std::size_t start_;
};

// Fills the writer's scratch, which stays warm, and moves on to a bytes object when the scratch is
// full.
class BytesSink final : public JsonSink {
 public:
  explicit BytesSink(std::vector<char>& scratch) : JsonSink(&move_on) {
    begin_ = scratch.data();
    end_ = begin_ + scratch.size();
  }
  ~BytesSink() { Py_XDECREF(bytes_); }

  // The new bytes object; null with MemoryError set.
  PyObject* finish(char* cursor) {
    if (bytes_ == nullptr) return PyBytes_FromStringAndSize(begin_, cursor - begin_);
    _PyBytes_Resize(&bytes_, cursor - begin_);
    return std::exchange(bytes_, nullptr);
  }

 private:
  // A text that has outgrown the scratch is likely to grow further; finish() gives unused room
  // back.
  static constexpr std::size_t first_bytes = std::size_t{256} * 1024;

  static char* move_on(JsonSink& sink, char* cursor, std::size_t bytes) {
    auto& self = static_cast<BytesSink&>(sink);
    const auto used = static_cast<std::size_t>(cursor - self.begin_);
    const auto room = static_cast<Py_ssize_t>(std::max({first_bytes, 2 * used, used + bytes}));
    if (self.bytes_ == nullptr) {
      self.bytes_ = PyBytes_FromStringAndSize(nullptr, room);
      if (self.bytes_ == nullptr) return nullptr;
      std::memcpy(PyBytes_AS_STRING(self.bytes_), self.begin_, used);
    } else if (_PyBytes_Resize(&self.bytes_, room) != 0) {
      return nullptr;
    }
    self.begin_ = PyBytes_AS_STRING(self.bytes_);
    self.end_ = self.begin_ + room;
    return self.begin_ + used;
  }

  PyObject* bytes_ = nullptr;
};

}  // namespace pelton::py
