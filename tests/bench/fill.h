// Files with many decided payments, as years of a shop leave them.
//
// A hundred payments go through the real daemon: V1 and V2, orders, redirects, webhooks, cancels,
// findings. Their rows are then multiplied by SQL under random ids.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace reconciled::bench {

// The file, made where there is none yet: minutes for millions. `payments` is a multiple of 100.
// Nothing where the disk has no room.
enum class Bodies {
  kOfTheNewest,  // as retention leaves it
  kAll           // as a shop without retention has it
};
[[nodiscard]] std::optional<std::string> filled_file(std::int64_t payments,
                                                     Bodies bodies = Bodies::kOfTheNewest);

}  // namespace reconciled::bench
