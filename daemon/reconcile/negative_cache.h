// What PortOne said it does not know, for a while: so that a flood of redirects about invented
// payments does not ask it the same again. Believed against redirects only; any webhook asks anew.
//
// Used by the reconciler's thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/core/words/time.h"
#include "storage/records.h"

namespace reconciled {

class NegativeCache {
 public:
  void remember(const std::vector<storage::Question>& questions, core::Time now);
  // Until when the question need not be asked; nothing: ask.
  [[nodiscard]] std::optional<core::Time> known_until(const storage::Question& question,
                                                      core::Time now) const;

 private:
  std::map<std::pair<storage::QuestionKind, std::string>, core::Time> until_;
};

}  // namespace reconciled
