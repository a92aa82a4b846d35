// Promise 2: any permutation, with any repetitions, of the same evidence ends in the same state.
//
// Random small worlds: few attempts, times and values, so that ties and contradictions are common.
// A failure prints its seed; the case is that seed alone.
#include <random>
#include <sstream>

#include "tests/core/decision/decision_evidence.h"

using namespace reconciled::test;

namespace {

class World {
 public:
  explicit World(unsigned seed) : random_(seed) {}

  Evidence evidence(int facts) {
    Evidence made;
    if (one_in(4)) made.no_order();
    if (one_in(4)) made.order(100, kKrw);
    if (one_in(5)) made.facts.first_started_at = at(600);
    for (int i = 0; i < facts; ++i) add_fact(made);
    for (const FindingDraft& finding : made.decide().findings) {
      if (one_in(3)) made.resolved(finding);
    }
    return made;
  }
  DecisionPolicy policy() {
    DecisionPolicy made;
    made.wait_for_webhook = one_in(3);
    made.accept_unregistered = one_in(2);
    made.v1_configured = !one_in(4);
    if (!one_in(4)) made.v2_store_id = "store-1";
    return made;
  }
  int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }
  bool one_in(int n) { return below(n) == 0; }
  template <class T>
  void shuffle(std::vector<T>& list) {
    std::shuffle(list.begin(), list.end(), random_);
  }

 private:
  Result result() { return kAnswerable[below(7)]; }
  std::string attempt_id(Api api) {
    return (api == Api::kV1 ? "imp_" : "tx-") + std::to_string(below(2));
  }
  std::optional<PortoneTime> maybe_time() {
    if (one_in(3)) return std::nullopt;
    return portone_at(below(3));
  }

  void add_fact(Evidence& made) {
    const Api api = one_in(2) ? Api::kV1 : Api::kV2;
    switch (below(6)) {
      case 0:
        if (api == Api::kV1) {
          made.v1_webhook(attempt_id(api), result(), below(4));
        } else {
          made.v2_webhook(attempt_id(api), one_in(5) ? std::nullopt : std::optional(result()),
                          below(4), below(4));
        }
        break;
      case 1:
        made.redirect(static_cast<UiState>(1 + below(3)), below(8),
                      one_in(3) ? std::nullopt : std::optional(attempt_id(api)));
        break;
      case 2:
        if (one_in(2)) made.facts.marks.push_back(mark(api));
        break;
      default:
        made.says(snapshot(api));
    }
  }

  TimerMark mark(Api api) {
    TimerMark made;
    made.kind = static_cast<TimerMark::Kind>(below(6));
    made.up_to_event = below(6) * 1'000;
    made.look_up = below(8);
    if (made.kind == TimerMark::Kind::kWebhookOverdue) {
      made.attempt_id = attempt(attempt_id(api));
      made.result = result();
    }
    return made;
  }

  Snapshot snapshot(Api api) {
    Snapshot s = answer(api, attempt_id(api), result(), below(8));
    if (api == Api::kV2) {
      s.updated_at = portone_at(below(4));
      if (one_in(3))
        s.disputes = std::vector<Dispute>{{"d-" + std::to_string(below(2)), one_in(2)}};
      if (one_in(4)) s.disputes = std::vector<Dispute>{};
      if (one_in(5)) s.chargebacks = {"c-" + std::to_string(below(2))};
      if (one_in(6)) s.store_id = "store-2";
      // V2's interface shows V1 attempts too.
      if (one_in(4)) {
        s.attempt_id = attempt("imp_" + std::to_string(below(2)));
        s.version = Api::kV1;
      }
    }
    if (one_in(5)) s.payment_id = PaymentId::trusted("ord-" + std::to_string(2 + below(2)));
    if (one_in(5)) s.total_amount = 100;
    if (one_in(6)) s.currency = kUsd;
    if (one_in(6)) s.channel = Channel::kTest;
    s.started_at = maybe_time();
    s.status_at = maybe_time();
    s.paid_at = maybe_time();
    return s;
  }

  std::mt19937 random_;
};

template <class T>
std::string text(const std::optional<T>& value) {
  std::ostringstream out;
  if (value) out << *value;
  return value ? out.str() : "-";
}

// All that a decision says; with the numbers of snapshots only where they stayed the same.
std::string spell(const Decision& d, bool with_numbers) {
  std::ostringstream out;
  out << to_word(d.result) << ' ' << (d.authority ? to_word(*d.authority) : "-") << ' '
      << d.deliverable << d.unverified << d.unobstructed << d.suspect_look_up.has_value() << d.expects_webhook
      << ' ' << to_word(d.ui_state) << ' ' << to_word(d.webhook_status) << ' '
      << (d.winner ? d.winner->str() : "-") << ' ' << (d.currency ? d.currency->code() : "-") << ' '
      << text(d.total_amount) << ' ' << text(d.cancelled_amount) << ' '
      << (d.changed_at ? to_ms(*d.changed_at) : 0) << ' '
      << (d.deposit_due_at ? d.deposit_due_at->time_since_epoch().count() : 0);
  if (with_numbers) out << " #" << (d.deciding_snapshot ? d.deciding_snapshot->value : 0);
  for (const AttemptState& a : d.attempts) {
    out << "\n  attempt " << a.attempt_id.str() << ' ' << to_word(a.api) << ' '
        << to_word(a.result);
    if (with_numbers) out << " #" << (a.snapshot_id ? a.snapshot_id->value : 0);
  }
  for (const FindingDraft& f : d.findings) {
    out << "\n  finding " << to_word(f.kind) << ' ' << f.cause << ": " << f.detail;
  }
  return out.str();
}

// The facts in another order, some of them more than once.
PaymentEvidence rearranged(const PaymentEvidence& facts, World& world, bool with_repetitions) {
  PaymentEvidence other = facts;
  const auto rearrange = [&](auto& list) {
    if (with_repetitions && !list.empty()) {
      const int repeated = world.below(static_cast<int>(list.size()) + 1);
      for (int i = 0; i < repeated; ++i) {
        list.push_back(list[static_cast<std::size_t>(world.below(static_cast<int>(list.size())))]);
      }
    }
    world.shuffle(list);
  };
  rearrange(other.webhooks);
  rearrange(other.redirects);
  rearrange(other.snapshots);
  rearrange(other.marks);
  rearrange(other.resolutions);
  return other;
}

}  // namespace

TEST_CASE("promise 2: every permutation of a few answers decides the same") {
  for (unsigned seed = 1; seed <= 2'000; ++seed) {
    World world(seed);
    Evidence evidence = world.evidence(5);
    const DecisionPolicy policy = world.policy();
    std::vector<SnapshotFact>& answers = evidence.facts.snapshots;
    const auto by_number = [](const SnapshotFact& l, const SnapshotFact& r) { return l.id < r.id; };
    const std::string expected = spell(decide(evidence.facts, policy), true);
    while (std::next_permutation(answers.begin(), answers.end(), by_number)) {
      const std::string found = spell(decide(evidence.facts, policy), true);
      if (found == expected) continue;
      CAPTURE(seed);
      REQUIRE(found == expected);
    }
  }
}

TEST_CASE("promise 2: shuffled and repeated evidence decides the same") {
  for (unsigned seed = 1; seed <= 10'000; ++seed) {
    World world(seed);
    const Evidence evidence = world.evidence(2 + world.below(14));
    const DecisionPolicy policy = world.policy();
    const std::string expected = spell(decide(evidence.facts, policy), true);
    for (const bool with_repetitions : {false, true}) {
      const PaymentEvidence other = rearranged(evidence.facts, world, with_repetitions);
      const std::string found = spell(decide(other, policy), true);
      if (found == expected) continue;
      CAPTURE(seed);
      CAPTURE(with_repetitions);
      REQUIRE(found == expected);
    }
  }
}

TEST_CASE("promise 2: answers that were stored in another order decide the same") {
  for (unsigned seed = 1; seed <= 10'000; ++seed) {
    World world(seed);
    const Evidence evidence = world.evidence(2 + world.below(10));
    const DecisionPolicy policy = world.policy();
    PaymentEvidence other = evidence.facts;
    world.shuffle(other.snapshots);
    std::int64_t number = 0;
    for (SnapshotFact& fact : other.snapshots) fact.id = {++number};
    const std::string expected = spell(decide(evidence.facts, policy), false);
    const std::string found = spell(decide(other, policy), false);
    if (found == expected) continue;
    CAPTURE(seed);
    REQUIRE(found == expected);
  }
}
