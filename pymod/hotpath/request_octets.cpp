#include "pymod/hotpath/request_octets.hpp"

#include <Python.h>

#include <cstring>
#include <memory>
#include <new>

namespace pelton::py {

OwnOctets* make_own_octets(const http::RequestHead& head) {
  const std::size_t field_bytes = head.fields.size_bytes();
  void* memory = PyMem_Malloc(sizeof(OwnOctets) + field_bytes + head.head_bytes);
  if (memory == nullptr) return nullptr;
  auto* own = new (memory) OwnOctets{head};
  auto* fields = reinterpret_cast<http::Field*>(own + 1);
  std::uninitialized_copy(head.fields.begin(), head.fields.end(), fields);
  char* octets = reinterpret_cast<char*>(fields) + field_bytes;
  std::memcpy(octets, head.base, head.head_bytes);
  own->head.base = octets;
  own->head.fields = {fields, head.fields.size()};
  return own;
}

void free_own_octets(OwnOctets* octets) {
  PyMem_Free(octets);
}

}  // namespace pelton::py
