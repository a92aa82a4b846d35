// What the plan of look-ups says, for the tests of it. The schedule is 10 s, 30 s, 60 s.
#pragma once

#include "tests/storage/store_fixture.h"

namespace reconciled::test {

using Answer = LookupReport::Outcome;

// Milliseconds of the question's next turn, `-` if nothing is planned, empty if there is no row.
inline std::string next(Store& store, const std::string& question, const std::string& id = "ord-1") {
  const std::string found = Stranger(store.path())
                                .value("SELECT next_at_ms FROM lookup WHERE question = '" +
                                       question + "' AND id = '" + id + "'");
  if (found.empty() || found == "-") return found;
  return std::to_string(std::stoll(found) - to_ms(at(0)));
}
inline std::string exactly(int seconds) { return std::to_string(seconds * 1'000); }
// A turn of the schedule, asked last at `after`: with the jitter of the payment.
inline std::string turn(int seconds, int after) {
  return std::to_string(seconds * 1'000 + jitter("ord-1", (seconds - after) * 1s).count());
}

inline LookupReport by_order(int asked, Answer outcome) {
  return Store::answered({QuestionKind::kV1Order, "ord-1", kPayment}, asked, outcome);
}
inline DecisionPolicy only_v1() {
  DecisionPolicy policy = both_apis();
  policy.v2_store_id.reset();
  return policy;
}

}  // namespace reconciled::test
