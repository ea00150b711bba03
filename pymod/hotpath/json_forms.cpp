#include "pymod/hotpath/json_forms.hpp"

#include <datetime.h>

#include <cstdint>

#include "core/two_digits.hpp"
#include "http/json/number_write.hpp"
#include "pymod/hotpath/python_versions.hpp"
#include "pymod/hotpath/refs.hpp"

// The interpreter's field macros are C casts.
#pragma GCC diagnostic ignored "-Wold-style-cast"

namespace pelton::py {
namespace {

char* write_six_digits(char* out, int value) {
  out = put_two_digits(out, value / 10000);
  out = put_two_digits(out, value / 100 % 100);
  return put_two_digits(out, value % 100);
}

char* write_date(char* out, PyObject* date) {
  out = put_two_digits(out, PyDateTime_GET_YEAR(date) / 100);
  out = put_two_digits(out, PyDateTime_GET_YEAR(date) % 100);
  *out++ = '-';
  out = put_two_digits(out, PyDateTime_GET_MONTH(date));
  *out++ = '-';
  return put_two_digits(out, PyDateTime_GET_DAY(date));
}

char* write_clock(char* out, int hour, int minute, int second, int microsecond) {
  out = put_two_digits(out, hour);
  *out++ = ':';
  out = put_two_digits(out, minute);
  *out++ = ':';
  out = put_two_digits(out, second);
  if (microsecond != 0) {
    *out++ = '.';
    out = write_six_digits(out, microsecond);
  }
  return out;
}

// The zone of a datetime or time: nothing when naive, Z for zero, else +hh:mm. RFC 3339 has no
// seconds in an offset, so those of historic zones are dropped.
bool write_offset(char*& out, PyObject* value, PyObject* zone) {
  if (zone == Py_None) return true;
  if (zone == PyDateTime_TimeZone_UTC) {
    *out++ = 'Z';
    return true;
  }
  const OwnedRef offset(PyObject_CallMethod(value, "utcoffset", nullptr));
  if (!offset) return false;
  if (!PyDelta_Check(offset.get())) return true;
  std::int64_t seconds = std::int64_t{PyDateTime_DELTA_GET_DAYS(offset.get())} * 86400 +
                         PyDateTime_DELTA_GET_SECONDS(offset.get());
  char sign = '+';
  if (seconds < 0) {
    sign = '-';
    seconds = -seconds;
    if (PyDateTime_DELTA_GET_MICROSECONDS(offset.get()) != 0) --seconds;
  }
  // The interpreter checks the offset of a tzinfo, but not that of a subclass that overrides
  // utcoffset().
  if (seconds >= 86400) {
    PyErr_Format(PyExc_ValueError, "utcoffset() must be less than a day either way, not %S",
                 offset.get());
    return false;
  }
  const auto minutes = static_cast<int>(seconds / 60);
  if (minutes == 0) {
    *out++ = 'Z';
    return true;
  }
  *out++ = sign;
  out = put_two_digits(out, minutes / 60);
  *out++ = ':';
  out = put_two_digits(out, minutes % 60);
  return true;
}

// ISO 8601 with days as the largest unit, for a month or a year has no fixed length.
char* write_duration(char* out, PyObject* delta) {
  std::int64_t seconds =
      std::int64_t{PyDateTime_DELTA_GET_DAYS(delta)} * 86400 + PyDateTime_DELTA_GET_SECONDS(delta);
  std::int32_t microseconds = PyDateTime_DELTA_GET_MICROSECONDS(delta);
  if (seconds < 0) {
    *out++ = '-';
    seconds = -seconds;
    if (microseconds != 0) {
      seconds -= 1;
      microseconds = 1'000'000 - microseconds;
    }
  }
  *out++ = 'P';
  const std::int64_t days = seconds / 86400;
  const auto rest = static_cast<std::uint32_t>(seconds % 86400);
  if (days != 0) {
    out = http::json::write_integer(out, days);
    *out++ = 'D';
    if (rest == 0 && microseconds == 0) return out;
  }
  *out++ = 'T';
  if (rest / 3600 != 0) {
    out = http::json::write_unsigned(out, rest / 3600);
    *out++ = 'H';
  }
  if (rest / 60 % 60 != 0) {
    out = http::json::write_unsigned(out, rest / 60 % 60);
    *out++ = 'M';
  }
  const bool bare = days == 0 && rest == 0 && microseconds == 0;
  if (rest % 60 != 0 || microseconds != 0 || bare) {
    out = http::json::write_unsigned(out, rest % 60);
    if (microseconds != 0) {
      *out++ = '.';
      out = write_six_digits(out, microseconds);
      while (out[-1] == '0') --out;
    }
    *out++ = 'S';
  }
  return out;
}

}  // namespace

bool is_temporal(PyTypeObject* type) {
  if (PyDateTimeAPI == nullptr) {
    if (PyDict_GetItemString(PyImport_GetModuleDict(), "datetime") == nullptr) return false;
    PyDateTime_IMPORT;
    if (PyDateTimeAPI == nullptr) {
      PyErr_Clear();
      return false;
    }
  }
  return PyType_IsSubtype(type, PyDateTimeAPI->DateType) ||
         PyType_IsSubtype(type, PyDateTimeAPI->TimeType) ||
         PyType_IsSubtype(type, PyDateTimeAPI->DeltaType);
}

bool write_temporal(char*& out, PyObject* value) {
  if (PyDateTime_Check(value)) {
    out = write_date(out, value);
    *out++ = 'T';
    out = write_clock(out, PyDateTime_DATE_GET_HOUR(value), PyDateTime_DATE_GET_MINUTE(value),
                      PyDateTime_DATE_GET_SECOND(value), PyDateTime_DATE_GET_MICROSECOND(value));
    return write_offset(out, value, PyDateTime_DATE_GET_TZINFO(value));
  }
  if (PyDate_Check(value)) {
    out = write_date(out, value);
    return true;
  }
  if (PyTime_Check(value)) {
    out = write_clock(out, PyDateTime_TIME_GET_HOUR(value), PyDateTime_TIME_GET_MINUTE(value),
                      PyDateTime_TIME_GET_SECOND(value), PyDateTime_TIME_GET_MICROSECOND(value));
    return write_offset(out, value, PyDateTime_TIME_GET_TZINFO(value));
  }
  if (PyDelta_Check(value)) {
    out = write_duration(out, value);
    return true;
  }
  PyErr_SetString(PyExc_TypeError, "not a date or time");
  return false;
}

bool write_uuid(char*& out, PyObject* uuid) {
  static constexpr char hex[] = "0123456789abcdef";
  const OwnedRef number(PyObject_GetAttrString(uuid, "int"));
  if (!number) return false;
  unsigned char octets[16];
  if (!PyLong_Check(number.get())) {
    PyErr_SetString(PyExc_TypeError, "UUID.int is not an int");
    return false;
  }
  if (!integer_to_octets(number.get(), octets, sizeof octets)) return false;
  for (unsigned i = 0; i < sizeof octets; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
    *out++ = hex[octets[i] >> 4];
    *out++ = hex[octets[i] & 15];
  }
  return true;
}

}  // namespace pelton::py
