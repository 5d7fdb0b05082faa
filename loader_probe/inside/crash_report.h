#pragma once

namespace isoaudit::inside {

/// From now on a signal that ends the process is first told as an event, with the native stack; then it goes to whoever
/// handled it before (faulthandler, which prints the Python stack). Call it once, after the channel is open.
void report_crashes();

}  // namespace isoaudit::inside
