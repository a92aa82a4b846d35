#include "storage/rebuild.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "storage/derived.h"
#include "storage/engine.h"
#include "storage/units/units.h"

namespace reconciled::storage {
namespace {

using namespace std::chrono_literals;

constexpr auto kRetryPatience = 5s;
constexpr std::int64_t kPageRows = 1'000;
constexpr int kSecondLooks = 10;
constexpr auto kBetweenLooks = 300ms;

}  // namespace

RebuildCounts check_rebuild(const Store& store,
                            const std::function<void(const std::string&)>& tell) {
  const std::unique_ptr<Session> own = open_session(store.location(), kRetryPatience);
  Session& session = *own;
  RebuildCounts counts;
  std::vector<core::PaymentId> suspects;
  std::string last;
  for (;;) {
    const std::vector<core::PaymentId> ids = subjects_after(session, last, kPageRows);
    if (ids.empty()) break;
    for (const core::PaymentId& id : ids) {
      counts.payments += 1;
      if (!follows(session, id)) suspects.push_back(id);
    }
    last = ids.back().str();
  }
  // All together: many that differ take no longer than one.
  for (int look = 0; look < kSecondLooks && !suspects.empty(); ++look) {
    std::this_thread::sleep_for(kBetweenLooks);
    std::erase_if(suspects, [&](const auto& id) { return follows(session, id); });
  }
  for (const core::PaymentId& id : suspects) {
    const Difference found = difference(session, id);
    if (!found.empty()) counts.different += 1;
    for (const std::string& sentence : found.sentences) tell(id.str() + ": " + sentence);
  }
  return counts;
}

RebuildCounts rebuild(const Store& store, core::Time now) {
  const std::unique_ptr<WriterEngine> engine =
      open_writer_engine({.location = store.location(), .patience = kRetryPatience});
  Session& session = engine->session();
  RebuildCounts counts;
  std::string last;
  for (;;) {
    const std::vector<core::PaymentId> ids = subjects_after(session, last, kPageRows);
    if (ids.empty()) return counts;
    engine->begin();
    const RollBack unless_committed(session);
    for (const core::PaymentId& id : ids) {
      counts.payments += 1;
      if (derive_again(session, id, now)) counts.different += 1;
    }
    engine->commit();
    engine->between_commits();
    last = ids.back().str();
  }
}

}  // namespace reconciled::storage
