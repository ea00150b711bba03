// A set of keys whose values are wanted of every query: one pass over a query finds them all
// (URL-004). Values are spans of the query as sent; form_octets() of percent.hpp decodes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pelton::http {

// Left uninitialised until a search fills it in.
struct QueryValue {
  const char* octets;  // null if no field has the key
  std::size_t bytes;
  bool is_plain;  // is_plain_form() of the octets

  bool found() const { return octets != nullptr; }
  std::string_view sent() const { return {octets, bytes}; }
};

class QueryKeys {
 public:
  // Returns the index of the key's value. Adding a key again returns the same index.
  std::size_t add(std::string_view key);
  std::size_t size() const { return keys_.size(); }

  // Finds the last value of each key; `values` has room for size(). False if there are more than
  // `count_max` fields, wherever the wanted ones are (LIM-040).
  bool find_last(std::string_view query, std::size_t count_max, QueryValue* values) const;

 private:
  struct Key {
    std::uint64_t first_octets;  // most keys have no others
    std::string text;
  };

  static constexpr std::size_t none = ~std::size_t{0};
  std::size_t index_of(std::string_view key) const;
  std::size_t index_of_encoded(std::string_view sent) const;

  std::vector<Key> keys_;
};

}  // namespace pelton::http
