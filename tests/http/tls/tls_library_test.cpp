#include "http/tls/tls_library.hpp"

#include <gtest/gtest.h>

namespace pelton::http {
namespace {

TEST(TlsLibrary, it_says_its_name_and_version) {
  EXPECT_TRUE(tls_library_version().starts_with("OpenSSL 3"));
}

}  // namespace
}  // namespace pelton::http
