// The environ of a WSGI request (PEP 3333): a dict of its own for each one.
#pragma once

#include <Python.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "http/serve/exchange.hpp"
#include "pymod/hotpath/hot_state.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

class WsgiEnvirons {
 public:
  explicit WsgiEnvirons(const HotState& hot) : hot_(hot) {}
  WsgiEnvirons(const WsgiEnvirons&) = delete;
  WsgiEnvirons& operator=(const WsgiEnvirons&) = delete;

  // `same`: what every environ of the application has. `make_input`: (bytes, BodyFile or Request)
  // -> the file that is `wsgi.input`. False with an error set.
  bool prepare(PyObject* same, PyObject* make_input);
  // A new dict; null with an error set. `request` is the Python object of a request whose body is
  // still to come, else null.
  OwnedRef make(http::Exchange& exchange, PyObject* request);

  int traverse(visitproc visit, void* arg) const {
    Py_VISIT(same_.get());
    Py_VISIT(make_input_.get());
    return 0;
  }

 private:
  static constexpr std::size_t kept_names = 128;  // a power of two

  // Keys of an environ.
  struct Keys {
    OwnedRef request_method, script_name, path_info, query_string, content_type, content_length;
    OwnedRef server_name, server_port, server_protocol, remote_addr, remote_port, http_cookie;
    OwnedRef url_scheme, input;
  };

  bool put_target(PyObject* environ, const http::Exchange& exchange) const;
  bool put_ends(PyObject* environ, const http::Endpoints& ends, bool is_secure);
  bool put_fields(PyObject* environ, http::Exchange& exchange);
  bool put_body(PyObject* environ, const http::Exchange& exchange, PyObject* request) const;
  OwnedRef field_key(std::string_view name);

  // The key of a field that was met before, and the field's name.
  struct KeptKey {
    std::string name;
    OwnedRef key;
  };

  const HotState& hot_;
  Keys keys_;
  OwnedRef same_;
  OwnedRef make_input_;
  OwnedRef protocol_1_0_;
  OwnedRef protocol_1_1_;
  OwnedRef protocol_2_;
  std::array<KeptKey, kept_names> field_keys_;  // by a hash of the name
  // The last server address, which all connections of a listener share.
  std::string server_host_;
  std::uint16_t server_port_ = 0;
  OwnedRef server_name_text_;
  OwnedRef server_port_text_;
};

}  // namespace pelton::py
