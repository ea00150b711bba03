// Answers an exchange with a file: at once if it is small and in memory, else by a FileSender that
// outlives the handler's call.
#pragma once

#include <optional>

#include "http/files/file_plan.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/files/file_query.hpp"

namespace pelton::http {

// For an exchange without an answer yet begun. Outcome::pending: it was suspended, or if it was
// already handed over; whoever called has nothing to do with it any more.
Outcome answer_with_file(Exchange& exchange, FileQuery query);

// --- the parts of it ---

FilePlan plan_for(Exchange& exchange, const FoundFile& found, const FileManner& manner);
// The whole answer, unless octets of the file have to be sent that are many or on the disk.
std::optional<Outcome> answer_at_once(Exchange& exchange, const FoundFile& found,
                                      const FileManner& manner, const FilePlan& plan);
// Head of an answer whose body follows in pieces.
HeadFault begin_file(Exchange& exchange, const FoundFile& found, const FileManner& manner,
                     const FilePlan& plan);
// There is no file to answer with.
Outcome answer_without_file(Exchange& exchange, OpenFault fault, const FileManner& manner);
// The answer the server would give, with one more field unless its value is empty.
Outcome answer_status(Exchange& exchange, std::uint16_t status, const FileManner& manner,
                      const FieldView& field);

}  // namespace pelton::http
