#include "storage/file_check.h"

#include <algorithm>

#include "storage/derived.h"
#include "storage/engine.h"

namespace reconciled::storage {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 2s;
constexpr auto kLongestSlice = 100ms;
constexpr std::int64_t kPageRows = 200;
// What is just being decided on may look as if it did not follow.
constexpr int kLooks = 10;
constexpr auto kBetweenLooks = 300ms;

}  // namespace

struct FileCheck::Impl {
  struct Suspect {
    core::PaymentId id;
    int looks = 0;
  };

  explicit Impl(const Store& store)
      : structure(open_structure_check(store.location(), kPatience)),
        session(open_session(store.location(), kPatience)) {}

  // Nothing where it follows from its evidence, or is looked at once more.
  std::optional<Damage> judge(const core::PaymentId& id, bool is_last_look) const {
    try {
      const Difference found = difference(*session, id);
      if (found.empty()) return Damage{};
      if (!is_last_look) return std::nullopt;
      Damage damage{"payment " + id.str() + ": " + found.sentences.front(), false, std::nullopt};
      if (found.claims_too_much) damage.claims_too_much = id;
      return damage;
    } catch (const EngineError& error) {
      if (error.kind != EngineError::Kind::kDamaged && error.kind != EngineError::Kind::kRefused) throw;
      return Damage{"payment " + id.str() + ": " + error.what(), is_damage(error), std::nullopt};
    }
  }

  void look_at_suspects(std::vector<Damage>& found) {
    std::erase_if(suspects, [&](Suspect& suspect) {
      suspect.looks += 1;
      std::optional<Damage> damage = judge(suspect.id, suspect.looks >= kLooks);
      if (!damage) return false;
      if (!damage->what.empty()) found.push_back(std::move(*damage));
      return true;
    });
  }

  // False at the end of all payments.
  bool look_at_payments(std::vector<Damage>& found) {
    const auto end = std::chrono::steady_clock::now() + kLongestSlice;
    const std::vector<core::PaymentId> ids = subjects_after(*session, last, kPageRows);
    for (const core::PaymentId& id : ids) {
      std::optional<Damage> damage = judge(id, false);
      if (!damage) {
        suspects.push_back({id});
      } else if (!damage->what.empty()) {
        found.push_back(std::move(*damage));
      }
      last = id.str();
      if (std::chrono::steady_clock::now() >= end) break;
    }
    return !ids.empty();
  }

  std::unique_ptr<StructureCheck> structure;
  std::unique_ptr<Session> session;
  bool is_structure_done = false;
  bool are_payments_done = false;
  std::string last;  // payment that was looked at
  std::vector<Suspect> suspects;
};

FileCheck::FileCheck(const Store& store) : impl_(std::make_unique<Impl>(store)) {}
FileCheck::~FileCheck() = default;

FileCheck::Slice FileCheck::next() {
  Slice slice;
  if (!impl_->is_structure_done) {
    StructureCheck::Slice part = impl_->structure->next();
    for (std::string& what : part.found) slice.found.push_back({std::move(what), true, std::nullopt});
    impl_->is_structure_done = part.is_last;
    return slice;
  }
  try {
    impl_->look_at_suspects(slice.found);
    if (!impl_->are_payments_done) impl_->are_payments_done = !impl_->look_at_payments(slice.found);
  } catch (const EngineError& error) {
    if (!is_damage(error)) throw;
    // There is no order any more to go on in.
    slice.found.push_back({std::string("payments: ") + error.what(), true, std::nullopt});
    impl_->are_payments_done = true;
    impl_->suspects.clear();
  }
  if (!impl_->suspects.empty()) slice.pause = kBetweenLooks;
  slice.ends_round = impl_->are_payments_done && impl_->suspects.empty();
  return slice;
}

}  // namespace reconciled::storage
