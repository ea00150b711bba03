// Proof that this thread holds the interpreter lock. Who calls into Python from the server's side
// has one; it is made where Python called us, and lent back around every wait that blocks.
#pragma once

#include <Python.h>

#include "http/serve/server.hpp"

namespace noria::py {

class Attached {
 public:
  // The caller was called by Python and has not let the lock go.
  static Attached by_caller() { return Attached(); }
  Attached(const Attached&) = delete;
  Attached& operator=(const Attached&) = delete;

  // Lets the lock go around a wait of the engine and takes it again.
  uring::WaitHook around_wait() {
    return {.before = &Attached::let_go, .after = &Attached::take_again, .context = this};
  }

 private:
  Attached() = default;

  static void let_go(void* context) {
    static_cast<Attached*>(context)->thread_ = PyEval_SaveThread();
  }
  static void take_again(void* context) {
    PyEval_RestoreThread(static_cast<Attached*>(context)->thread_);
  }

  PyThreadState* thread_ = nullptr;
};

}  // namespace noria::py
