// The keys that somebody wants of every query: one pass over it finds the values of all of them
// (URL-004). What is found are spans of the query, still as sent; form_octets() of percent.hpp
// decodes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pelton::http {

// Left uninitialised until a search fills it in.
struct QueryValue {
  const char* octets;  // null where no field has the key
  std::size_t bytes;
  bool is_plain;  // is_plain_form() of it

  bool found() const { return octets != nullptr; }
  std::string_view sent() const { return {octets, bytes}; }
};

class QueryKeys {
 public:
  // Which of the values is the key's. The same for a key that was added before.
  std::size_t add(std::string_view key);
  std::size_t size() const { return keys_.size(); }

  // The last value of each key; `values` has room for size(). False with more fields than
  // `count_max`, wherever those that are wanted stand (LIM-040).
  bool find_last(std::string_view query, std::size_t count_max, QueryValue* values) const;

 private:
  struct Key {
    std::uint64_t first_octets;  // the only ones of nearly every key
    std::string text;
  };

  static constexpr std::size_t none = ~std::size_t{0};
  std::size_t index_of(std::string_view key) const;
  std::size_t index_of_encoded(std::string_view sent) const;

  std::vector<Key> keys_;
};

}  // namespace pelton::http
