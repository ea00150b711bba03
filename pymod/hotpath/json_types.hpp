// Which JSON form a Python type has, decided once per type. Types of a module (enum, datetime,
// msgspec, ...) are only looked for where that module is loaded; nothing is imported.
#pragma once

#include <Python.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

enum class JsonForm : std::uint8_t {
  unknown,
  exact,   // JSON's own types: dict, list, tuple, str, int, float, bool, None
  string,  // from here on: subclasses
  integer,
  real,
  list,
  tuple,
  mapping,  // a subclass of dict, by its own items()
  set,
  enumeration,
  temporal,
  uuid,
  decimal,
  fields,    // dataclass, attrs: the attributes of `names` in order
  msgspec,   // by `engine`, msgspec.json.encode
  pydantic,  // by `engine`, the type's serializer
};

class JsonTypes {
 public:
  struct Entry {
    const PyTypeObject* type = nullptr;
    unsigned version = 0;
    JsonForm form = JsonForm::unknown;
    OwnedRef names;
    OwnedRef engine;
  };

  // Stays valid until the next call; null with a Python error set.
  const Entry* classify(PyTypeObject* type);

 private:
  static constexpr std::size_t slots = 256;

  bool decide(PyTypeObject* type, Entry& entry);
  bool decide_model(PyTypeObject* type, Entry& entry);

  std::array<Entry, slots> entries_;
};

}  // namespace pelton::py
