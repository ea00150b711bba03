#include "http/files/accepted_codings.hpp"

#include <algorithm>

#include "http/message/field_list.hpp"
#include "http/message/field_rules.hpp"

namespace pelton::http {
namespace {

constexpr int unsaid = -1;

// In thousandths; an invalid weight counts as 0, so that nothing is sent that the client may not
// understand.
int weight_of(std::string_view parameters) {
  if (parameters.empty()) return 1000;
  const bool named = parameters.starts_with("q=") || parameters.starts_with("Q=");
  const std::string_view text = named ? parameters.substr(2) : std::string_view();
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
  if (text.size() > 1 && text[1] != '.') return 0;
  int weight = (text[0] - '0') * 1000;
  int place = 100;
  for (const char digit : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (digit < '0' || digit > '9') return 0;
    weight += (digit - '0') * place;
    place /= 10;
  }
  return std::min(weight, 1000);
}

struct Weights {
  std::array<int, file_codings.size()> of_ours{unsaid, unsaid, unsaid};
  int identity = unsaid;
  int other = unsaid;  // of "*"

  void note(std::string_view coding, int weight) {
    if (is_same_name(coding, "x-gzip")) coding = "gzip";
    if (coding == "*") other = weight;
    if (is_same_name(coding, "identity")) identity = weight;
    for (std::size_t index = 0; index < file_codings.size(); ++index) {
      if (is_same_name(coding, file_codings[index].name)) of_ours[index] = weight;
    }
  }
};

}  // namespace

AcceptedCodings::AcceptedCodings(const RequestHead& head) {
  Weights weights;
  for (const Field& field : head.fields) {
    if (!is_same_name(head.text(field.name), "accept-encoding")) continue;
    std::string_view list = head.text(field.value);
    for (bool more = true; more;) {
      const std::size_t comma = list.find(',');
      const std::string_view element = trimmed(list.substr(0, comma));
      more = comma != std::string_view::npos;
      if (more) list.remove_prefix(comma + 1);
      const std::size_t semicolon = element.find(';');
      const bool weighed = semicolon != std::string_view::npos;
      weights.note(trimmed(element.substr(0, semicolon)),
                   weighed ? weight_of(trimmed(element.substr(semicolon + 1))) : 1000);
    }
  }
  std::array<int, file_codings.size()> of_accepted{};
  for (std::size_t index = 0; index < file_codings.size(); ++index) {
    int weight = weights.of_ours[index];
    if (weight == unsaid) weight = weights.other;
    if (weight <= 0 || weight < weights.identity) continue;
    // Equal weights keep the order of file_codings.
    std::size_t at = count_++;
    for (; at > 0 && of_accepted[at - 1] < weight; --at) {
      accepted_[at] = accepted_[at - 1];
      of_accepted[at] = of_accepted[at - 1];
    }
    accepted_[at] = &file_codings[index];
    of_accepted[at] = weight;
  }
}

}  // namespace pelton::http
