// The title under which ps(1), top(1) and /proc show this process.
#pragma once

#include <string_view>

namespace pelton::py {

// Shows `title` as the command line of this process, cut where there is no room for it, and the
// first octets of `name` as the name of the calling thread, which is to be the first one. Without
// an effect where the kernel does not say where the command line is.
void set_process_title(std::string_view title, std::string_view name);

}  // namespace pelton::py
