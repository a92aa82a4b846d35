#include "daemon/reconcile/negative_cache.h"

namespace reconciled {
namespace {

constexpr std::chrono::seconds kBelieved{30};
// Beyond so many all are forgotten: the budget still holds, and memory stays bounded.
constexpr std::size_t kMost = 10'000;

}  // namespace

void NegativeCache::remember(const std::vector<storage::Question>& questions, core::Time now) {
  if (until_.size() + questions.size() > kMost) until_.clear();
  for (const storage::Question& question : questions) {
    until_[{question.kind, question.id}] = now + kBelieved;
  }
}

std::optional<core::Time> NegativeCache::known_until(const storage::Question& question,
                                                     core::Time now) const {
  if (!question.for_redirect) return std::nullopt;
  const auto found = until_.find({question.kind, question.id});
  if (found == until_.end() || found->second <= now) return std::nullopt;
  return found->second;
}

}  // namespace reconciled
