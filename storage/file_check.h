// Looks through the store for damage, a slice at a time, beside whoever writes: first what the engine
// keeps its rows in, then each payment beside its evidence. One walk over all of it is a round.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/words/ids.h"
#include "storage/store.h"

namespace reconciled::storage {

// For one thread.
class FileCheck {
 public:
  // Begins a round. Throws where the store cannot be opened.
  explicit FileCheck(const Store& store);
  ~FileCheck();
  FileCheck(const FileCheck&) = delete;
  FileCheck& operator=(const FileCheck&) = delete;

  struct Damage {
    std::string what;  // and where: a sentence
    // Rows make no sense any more, and what is written on them may be lost, too; else it is the state
    // of one payment that does not follow from its evidence.
    bool breaks_store = false;
    // It stands as deliverable, and its evidence does not say so.
    std::optional<core::PaymentId> claims_too_much;
  };
  struct Slice {
    std::vector<Damage> found;
    bool ends_round = false;
    std::chrono::milliseconds pause{0};  // at least, until the next
  };
  // Takes a second at most. Throws what a reader throws where it cannot look, not for damage.
  [[nodiscard]] Slice next();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reconciled::storage
