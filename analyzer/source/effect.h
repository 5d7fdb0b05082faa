#pragma once

namespace isoaudit::analyzer {

/// What a function may do with an address that it gets.
enum class Effect {
  none,    ///< reads at most
  shares,  ///< keeps or hands on the object's address, writes nothing of the variable
  writes,  ///< writes, or nothing better is known of it
};

}  // namespace isoaudit::analyzer
