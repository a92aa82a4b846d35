#include "storage/records.h"

#include <array>

namespace reconciled::storage {

std::string last_sweep_key(core::Api api) {
  return "last_sweep_" + std::string(core::to_word(api)) + "_ms";
}

std::string_view to_word(QuestionKind kind) {
  static constexpr std::array<std::string_view, 3> kWords{"v1_attempt", "v1_order", "v2_payment"};
  return kWords.at(static_cast<std::size_t>(kind));
}

}  // namespace reconciled::storage
