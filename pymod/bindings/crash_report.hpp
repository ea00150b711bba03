// Reports where a process was when it crashed, or when its supervisor asks (PRC-008, PRC-034).
#pragma once

namespace pelton::py {

// From now on for the life of the process: SEGV, ABRT, BUS, ILL and FPE write the native stack to
// standard error, then run the action set before, which may write Python's stack. So does
// stacks_signal(), which the process survives.
void report_crashes();

}  // namespace pelton::py
