#include "pymod/hotpath/dict_walk.hpp"

#include "pymod/hotpath/python_versions.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {
namespace {

bool walks_alike(PyObject* dict) {
  Py_ssize_t position = 0;
  Py_ssize_t position_asked = 0;
  PyObject* key = nullptr;
  PyObject* key_asked = nullptr;
  PyObject* value = nullptr;
  PyObject* value_asked = nullptr;
  for (;;) {
    const bool more = PyDict_Next(dict, &position_asked, &key_asked, &value_asked) != 0;
    if (DictCursor(true, dict).next(position, key, value) != more) return false;
    if (!more) return true;
    if (key != key_asked || value != value_asked || position != position_asked) return false;
  }
}

// Both kinds of keys, every width of index, and holes.
bool sample_walks_alike(int size, bool text_keys) {
  const OwnedRef dict(PyDict_New());
  if (!dict) return false;
  for (int i = 0; i < size; ++i) {
    const OwnedRef number(PyLong_FromLong(i));
    const OwnedRef key(text_keys ? PyUnicode_FromFormat("%d", i) : PyLong_FromLong(i));
    if (!number || !key || PyDict_SetItem(dict.get(), key.get(), number.get()) != 0) return false;
  }
  if (!walks_alike(dict.get())) return false;
  for (int i = 0; i < size; i += 3) {
    const OwnedRef key(text_keys ? PyUnicode_FromFormat("%d", i) : PyLong_FromLong(i));
    if (!key || PyDict_DelItem(dict.get(), key.get()) != 0) return false;
  }
  return walks_alike(dict.get());
}

bool samples_walk_alike() {
  if (!value_layouts_known) return false;
  bool known = true;
  for (const int size : {0, 1, 5, 6, 200}) {
    known = known && sample_walks_alike(size, true) && sample_walks_alike(size, false);
  }
  PyErr_Clear();  // out of memory: PyDict_Next then walks every dictionary
  return known;
}

}  // namespace

bool dict_layout_is_known() {
  static const bool known = samples_walk_alike();  // start-up asks twice
  return known;
}

}  // namespace pelton::py
