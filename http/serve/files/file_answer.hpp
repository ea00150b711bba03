// Answers an exchange with a file: at once if it is small and in memory, else by a FileSender that
// outlives the handler's call.
#pragma once

#include <optional>

#include "http/files/file_plan.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/files/file_query.hpp"

namespace pelton::http {

// For an exchange whose answer has not begun. Outcome::pending: the exchange was suspended or
// already handed over, and the caller must not use it any more, unless the receipt took it back.
Outcome answer_with_file(Exchange& exchange, FileQuery query);

// --- the parts of it ---

FilePlan plan_for(Exchange& exchange, const FoundFile& found, const FileManner& manner);
// The application has declared more octets than there are.
bool is_short(const FilePlan& plan);
// Answers at once, unless octets of the file have to be sent that are many or not in memory.
std::optional<Outcome> answer_at_once(Exchange& exchange, const FoundFile& found,
                                      const FileManner& manner, const FilePlan& plan);
// Begins an answer whose body follows in pieces.
HeadFault begin_file(Exchange& exchange, const FoundFile& found, const FileManner& manner,
                     const FilePlan& plan);
// Answers when no file was found.
Outcome answer_without_file(Exchange& exchange, OpenFault fault, const FileManner& manner);
// Answers as the server itself would, with one more field unless its value is empty.
Outcome answer_status(Exchange& exchange, std::uint16_t status, const FileManner& manner,
                      const FieldView& field);

}  // namespace pelton::http
