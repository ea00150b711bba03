#include "pymod/hotpath/interned.hpp"

namespace pelton::py {

namespace {

constexpr std::array<const char*, Interned::method_count> method_names{
    nullptr,  "GET",     "HEAD",  "POST",    "PUT",  "PATCH",
    "DELETE", "OPTIONS", "QUERY", "CONNECT", "TRACE"};

bool intern(OwnedRef& slot, const char* text) {
  slot = OwnedRef(PyUnicode_InternFromString(text));
  return static_cast<bool>(slot);
}

}  // namespace

bool Interned::make() {
  for (std::size_t index = 1; index < method_count; ++index) {
    if (!intern(methods[index], method_names[index])) return false;
  }
  empty_bytes = OwnedRef(PyBytes_FromStringAndSize(nullptr, 0));
  cookie_by_scheme = OwnedRef(PyBytes_FromString("Set-Cookie"));
  return empty_bytes && cookie_by_scheme && intern(version_1_0, "1.0") &&
         intern(version_1_1, "1.1") && intern(version_2, "2") && intern(scheme_http, "http") &&
         intern(scheme_https, "https") && intern(empty_text, "");
}

}  // namespace pelton::py
