#include "http/forms/form_type.hpp"

#include <gtest/gtest.h>

namespace pelton::http {
namespace {

using Kind = FormType::Kind;

std::string boundary_of(std::string_view parameters) {
  const FormType type = form_type("multipart/form-data" + std::string(parameters));
  return type.kind == Kind::multipart ? type.boundary : "none";
}

TEST(FormType, UPL_002_two_types_are_forms) {
  EXPECT_EQ(form_type("application/x-www-form-urlencoded").kind, Kind::urlencoded);
  EXPECT_EQ(form_type("Application/X-WWW-Form-Urlencoded ; charset=utf-8").kind, Kind::urlencoded);
  EXPECT_EQ(form_type("Multipart/Form-Data;boundary=x").kind, Kind::multipart);
  for (const std::string_view type : {"", "text/plain", "multipart/mixed; boundary=x",
                                      "multipart/form-datax", "application/json", ";"}) {
    EXPECT_EQ(form_type(type).kind, Kind::other) << type;
  }
}

TEST(FormType, FRM_001_boundaries) {
  EXPECT_EQ(boundary_of("; boundary=----WebKitFormBoundaryABC123"), "----WebKitFormBoundaryABC123");
  EXPECT_EQ(boundary_of("; charset=utf-8; BOUNDARY=\"a b\""), "a b");
  EXPECT_EQ(boundary_of("; boundary=\"'()+_,-./:=?\""), "'()+_,-./:=?");
  for (const std::string_view bad :
       {"", ";", "; boundary", "; boundary=", "; boundary=\"\"", "; boundary=\"a \"",
        "; boundary=a; boundary=a", "; boundary=a,b", "; boundary=\"a\r\"",
        "; boundary=\"a\xc3\xa4\"", "; boundary=\"a", "; boundary=a b", "; boundary=a*b"}) {
    EXPECT_EQ(form_type("multipart/form-data" + std::string(bad)).kind, Kind::bad_boundary) << bad;
  }
}

TEST(FormType, LIM_055_the_length_of_a_boundary) {
  const auto kind_of = [](std::size_t length, std::size_t bytes_max) {
    return form_type("multipart/form-data; boundary=" + std::string(length, 'b'), bytes_max).kind;
  };
  // multipart_boundary_bytes_max: n - 1, n, n + 1.
  for (const std::size_t limit : {std::size_t{20}, boundary_bytes_max}) {
    EXPECT_EQ(kind_of(limit - 1, limit), Kind::multipart);
    EXPECT_EQ(kind_of(limit, limit), Kind::multipart);
    EXPECT_EQ(kind_of(limit + 1, limit), Kind::bad_boundary);
  }
  EXPECT_EQ(kind_of(71, 100), Kind::bad_boundary);
}

}  // namespace
}  // namespace pelton::http
