#include "pymod/hotpath/multi_items.hpp"

namespace pelton::py {

PyObject* winners(PyObject* self, PairsOf pairs_of, Wins wins, bool lower_case) {
  const OwnedRef pairs(pairs_of(self));
  OwnedRef chosen(PyDict_New());
  if (!pairs || !chosen) return nullptr;
  for (Py_ssize_t index = 0; index < PyList_GET_SIZE(pairs.get()); ++index) {
    PyObject* pair = PyList_GET_ITEM(pairs.get(), index);
    const OwnedRef key =
        lower_case ? OwnedRef(PyObject_CallMethod(PyTuple_GET_ITEM(pair, 0), "lower", nullptr))
                   : OwnedRef::share(PyTuple_GET_ITEM(pair, 0));
    if (!key) return nullptr;
    PyObject* value = PyTuple_GET_ITEM(pair, 1);
    if (wins == Wins::last) {
      if (PyDict_SetItem(chosen.get(), key.get(), value) != 0) return nullptr;
    } else if (PyDict_SetDefault(chosen.get(), key.get(), value) == nullptr) {
      return nullptr;
    }
  }
  return chosen.release();
}

bool GetArguments::read(PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
  if (count > 2) {
    PyErr_Format(PyExc_TypeError, "get() takes a key and a default, got %zd arguments", count);
    return false;
  }
  bool has_default = count == 2;
  if (count > 0) key = arguments[0];
  if (has_default) otherwise = arguments[1];
  const Py_ssize_t named = names == nullptr ? 0 : PyTuple_GET_SIZE(names);
  for (Py_ssize_t index = 0; index < named; ++index) {
    PyObject* const name = PyTuple_GET_ITEM(names, index);
    if (PyUnicode_CompareWithASCIIString(name, "default") == 0 && !has_default) {
      otherwise = arguments[count + index];
      has_default = true;
    } else if (PyUnicode_CompareWithASCIIString(name, "key") == 0 && key == nullptr) {
      key = arguments[count + index];
    } else {
      PyErr_Format(PyExc_TypeError, "get() got an unexpected keyword argument %R", name);
      return false;
    }
  }
  if (key == nullptr) PyErr_SetString(PyExc_TypeError, "get() takes a key and a default");
  return key != nullptr;
}

PyObject* call_method(PyObject* object, const char* name) {
  const OwnedRef interned(PyUnicode_InternFromString(name));
  return interned ? PyObject_CallMethodNoArgs(object, interned.get()) : nullptr;
}

PyObject* all_pairs(PyObject* given) {
  if (PyList_CheckExact(given) || PyTuple_CheckExact(given)) return Py_NewRef(given);
  for (const char* method : {"multi_items", "items"}) {
    const OwnedRef name(PyUnicode_InternFromString(method));
    if (!name) return nullptr;
    if (PyObject_HasAttr(given, name.get()) != 0) {
      return PyObject_CallMethodNoArgs(given, name.get());
    }
  }
  return Py_NewRef(given);
}

namespace {

// Pairs in wire order, with their names in lower case if `lower_case` is set.
PyObject* folded(PyObject* self, PairsOf pairs_of, bool lower_case) {
  OwnedRef pairs(pairs_of(self));
  if (!pairs || !lower_case) return pairs.release();
  for (Py_ssize_t index = 0; index < PyList_GET_SIZE(pairs.get()); ++index) {
    PyObject* pair = PyList_GET_ITEM(pairs.get(), index);
    const OwnedRef key(PyObject_CallMethod(PyTuple_GET_ITEM(pair, 0), "lower", nullptr));
    if (!key) return nullptr;
    PyObject* renamed = PyTuple_Pack(2, key.get(), PyTuple_GET_ITEM(pair, 1));
    if (renamed == nullptr) return nullptr;
    PyList_SetItem(pairs.get(), index, renamed);
  }
  return pairs.release();
}

}  // namespace

PyObject* compare_multi(PyObject* self, PyObject* other, int operation, PairsOf pairs_of, Wins wins,
                        bool lower_case) {
  if (operation != Py_EQ && operation != Py_NE) Py_RETURN_NOTIMPLEMENTED;
  if (Py_IS_TYPE(other, Py_TYPE(self))) {
    const OwnedRef mine(folded(self, pairs_of, lower_case));
    const OwnedRef theirs(folded(other, pairs_of, lower_case));
    if (!mine || !theirs) return nullptr;
    return PyObject_RichCompare(mine.get(), theirs.get(), operation);
  }
  if (PyDict_Check(other)) {
    const OwnedRef mine(winners(self, pairs_of, wins, lower_case));
    if (!mine) return nullptr;
    return PyObject_RichCompare(mine.get(), other, operation);
  }
  Py_RETURN_NOTIMPLEMENTED;
}

}  // namespace pelton::py
