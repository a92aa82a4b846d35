#include "tests/simulator/oracle.h"

#include <algorithm>

namespace reconciled::simulator {
namespace {

using core::Api;
using core::FindingKind;
using core::Result;
using core::UiState;

// One answer that is held, by the truth that it shows.
struct Seen {
  int state;
  std::int64_t look_up;
  const core::Snapshot* said;
};

// An attempt as it stands in a contest for the payment.
struct Standing {
  const Attempt* attempt;
  const State* state;
  int number;
};

const State& state_of(const Attempt& attempt, int number) {
  return attempt.states[static_cast<std::size_t>(number)];
}

// Interface §1.1, word for word.
int rank(Result result) {
  if (result == Result::kPaid) return 4;
  if (result == Result::kPartiallyCancelled) return 3;
  if (result == Result::kAwaitingDeposit || result == Result::kPending) return 2;
  return 1;
}

bool beats(const Standing& a, const Standing& b) {
  const int rank_a = rank(a.state->result);
  const int rank_b = rank(b.state->result);
  if (rank_a != rank_b) return rank_a > rank_b;
  if (rank_a == 1) {
    const int start_a = a.attempt->tells_start ? a.attempt->states.front().since : -1;
    const int start_b = b.attempt->tells_start ? b.attempt->states.front().since : -1;
    if (start_a != start_b) return start_a > start_b;
  }
  constexpr int kNever = 1'000'000'000;
  const int paid_a = a.attempt->paid_at(a.number).value_or(kNever);
  const int paid_b = b.attempt->paid_at(b.number).value_or(kNever);
  if (paid_a != paid_b) return paid_a < paid_b;
  return a.attempt->id.str() < b.attempt->id.str();
}

std::optional<Standing> strongest(const std::vector<Standing>& standings) {
  std::optional<Standing> best;
  for (const Standing& standing : standings) {
    if (!best || beats(standing, *best)) best = standing;
  }
  return best;
}

// An answer of V2 about a V1 attempt only names it where V1 is configured.
bool may_judge(const Attempt& attempt, const core::Snapshot& said,
               const core::DecisionPolicy& policy) {
  return attempt.version == Api::kV2 || !policy.v1_configured || said.api == Api::kV1;
}

// The answers of an attempt that may judge it, in the order in which they were asked for.
std::vector<Seen> seen_of(const History& history, const std::vector<int>& held,
                          const Attempt& attempt) {
  std::vector<Seen> seen;
  for (const int number : held) {
    const Piece& piece = history.pieces[static_cast<std::size_t>(number)];
    if (piece.attempt != &attempt) continue;
    const core::SnapshotFact* const fact = std::get_if<core::SnapshotFact>(&piece.fact);
    if (fact == nullptr || !may_judge(attempt, fact->snapshot, history.world.policy)) continue;
    seen.push_back({piece.state, fact->snapshot.look_up, &fact->snapshot});
  }
  std::sort(seen.begin(), seen.end(),
            [](const Seen& a, const Seen& b) { return a.look_up < b.look_up; });
  // A repetition of an answer is no second answer.
  seen.erase(std::unique(seen.begin(), seen.end(),
                         [](const Seen& a, const Seen& b) { return a.look_up == b.look_up; }),
             seen.end());
  return seen;
}

bool is_named(const History& history, const std::vector<int>& held, const Attempt& attempt) {
  return std::any_of(held.begin(), held.end(), [&](int number) {
    return history.pieces[static_cast<std::size_t>(number)].attempt == &attempt;
  });
}

// What was seen of an attempt, taken in its order (interface §1.1: an answer that falls behind is
// taken when the next one agrees).
struct Course {
  const Attempt* attempt = nullptr;
  std::optional<int> stands;  // the state that counts
  bool is_in_doubt = false;   // the newest answer fell behind and no other agreed yet
  bool fell_behind = false;
  bool paid_late = false;
  bool paid_again = false;
  bool was_paid = false;
  std::vector<core::Dispute> disputes;
  bool charged_back = false;
};

bool money_has_moved(Result result) {
  return result == Result::kPaid || result == Result::kPartiallyCancelled ||
         result == Result::kCancelled;
}

// Interface §1.1: paid -> ready, a smaller cancel_amount.
bool is_behind(const State& from, const State& to) {
  return (core::is_decided(from.result) && !core::is_decided(to.result)) ||
         (money_has_moved(from.result) && to.result == Result::kFailed) ||
         to.cancelled < from.cancelled;
}

bool same_money(const State& a, const State& b) {
  return a.result == b.result && a.cancelled == b.cancelled;
}

bool same_story(const Seen& a, const Seen& b, const Attempt& attempt) {
  const bool disputes =
      !a.said->disputes || !b.said->disputes || *a.said->disputes == *b.said->disputes;
  return same_money(state_of(attempt, a.state), state_of(attempt, b.state)) && disputes &&
         a.said->chargebacks == b.said->chargebacks;
}

// V2 calls the answer older than the one that stands, and it differs.
bool calls_itself_older(const Seen& from, const Seen& to, const Attempt& attempt) {
  return from.said->updated_at && to.said->updated_at &&
         *to.said->updated_at < *from.said->updated_at && !same_story(from, to, attempt);
}

Course follow(const Attempt& attempt, const std::vector<Seen>& seen) {
  Course course;
  course.attempt = &attempt;
  bool failed = false;
  bool cancelled = false;
  const Seen* stands = nullptr;
  const Seen* doubt = nullptr;
  for (const Seen& next : seen) {
    const State& state = state_of(attempt, next.state);
    const bool behind = stands != nullptr && is_behind(state_of(attempt, stands->state), state);
    if (behind || (stands != nullptr && calls_itself_older(*stands, next, attempt))) {
      const bool agrees =
          doubt != nullptr && (behind ? same_money(state_of(attempt, doubt->state), state)
                                      : same_story(*doubt, next, attempt));
      doubt = &next;
      if (!agrees) continue;
      course.fell_behind |= behind;
    }
    doubt = nullptr;
    stands = &next;
    course.stands = next.state;
    if (next.said->disputes) course.disputes = *next.said->disputes;
    course.charged_back |= !next.said->chargebacks.empty();
    if (state.result == Result::kPaid) {
      course.was_paid = true;
      course.paid_late |= failed;
      course.paid_again |= cancelled;
    }
    failed |= state.result == Result::kFailed;
    cancelled |= state.result == Result::kCancelled;
  }
  course.is_in_doubt = doubt != nullptr;
  return course;
}

// V2's view of a V1 attempt does not judge it, but where it is newer and another one, nobody
// delivers before V1 was asked again.
bool is_outdated(const History& history, const std::vector<int>& held, const Attempt& attempt,
                 const std::vector<Seen>& seen, const State& stands) {
  std::int64_t newest = seen.back().look_up;
  bool differs = false;
  for (const int number : held) {
    const Piece& piece = history.pieces[static_cast<std::size_t>(number)];
    const auto* const fact = std::get_if<core::SnapshotFact>(&piece.fact);
    if (fact == nullptr || piece.attempt != &attempt || fact->snapshot.look_up <= newest) continue;
    newest = fact->snapshot.look_up;
    differs = !same_money(state_of(attempt, piece.state), stands);
  }
  return differs;
}

class Oracle {
 public:
  Oracle(const History& history, const std::vector<int>& held,
         const std::set<FindingKind>& resolved)
      : history_(history), world_(history.world), held_(held), resolved_(resolved) {}

  Expected run() {
    std::vector<Standing> standings;
    for (const Attempt& attempt : world_.attempts) {
      if (!is_named(history_, held_, attempt)) continue;
      bound_.insert(attempt.id);
      expected_.attempts[attempt.id] = Result::kNone;
      const std::vector<Seen> seen = seen_of(history_, held_, attempt);
      Course course = follow(attempt, seen);
      if (!course.stands) continue;
      const State& state = state_of(attempt, *course.stands);
      course.is_in_doubt |= is_outdated(history_, held_, attempt, seen, state);
      expected_.attempts[attempt.id] = state.result;
      standings.push_back({&attempt, &state, *course.stands});
      courses_.push_back(std::move(course));
    }
    signed_names();
    const std::optional<Standing> winner = strongest(standings);
    if (winner) show(*winner);
    for (const Course& course : courses_) findings_of(course, standings);
    if (winner) deliver(*winner);
    return std::move(expected_);
  }

 private:
  [[nodiscard]] const core::WebhookFact* webhook(int number) const {
    const Piece& piece = history_.pieces[static_cast<std::size_t>(number)];
    if (piece.wire.names_other) return nullptr;
    return std::get_if<core::WebhookFact>(&piece.fact);
  }

  void signed_names() {
    const bool known_stranger = world_.stranger && is_named(history_, held_, *world_.stranger);
    for (const int number : held_) {
      const core::WebhookFact* const said = webhook(number);
      if (said == nullptr || !said->is_signed) continue;
      const bool elsewhere = known_stranger && *said->attempt_id == world_.stranger->id;
      if (elsewhere) {
        expected_.findings.insert(FindingKind::kIdentityMismatch);
      } else {
        expected_.attempts.emplace(*said->attempt_id, Result::kNone);
      }
    }
  }

  void show(const Standing& winner) {
    expected_.result = winner.state->result;
    expected_.winner = winner.attempt->id;
    expected_.total_amount = winner.attempt->total;
    expected_.cancelled_amount = winner.state->cancelled;
    expected_.authority = core::Authority::kLookup;
    for (const int number : held_) {
      const core::WebhookFact* const said = webhook(number);
      if (said == nullptr || said->attempt_id != winner.attempt->id) continue;
      // V1's word for a partial cancel is "cancelled" (dossier §4).
      const bool same_word = said->status == expected_.result ||
                             (said->api == Api::kV1 && said->status == Result::kCancelled &&
                              expected_.result == Result::kPartiallyCancelled);
      if (same_word) expected_.authority = core::Authority::kWebhook;
    }
  }

  void findings_of(const Course& course, const std::vector<Standing>& standings) {
    const Attempt& attempt = *course.attempt;
    const Result result = state_of(attempt, *course.stands).result;
    const auto add = [this](bool holds, FindingKind kind) {
      if (holds) expected_.findings.insert(kind);
    };
    add(course.was_paid && attempt.is_paid_elsewhere(world_.policy), FindingKind::kStoreMismatch);
    add(course.was_paid && attempt.channel != world_.policy.channel, FindingKind::kTestChannel);
    add(course.paid_late, FindingKind::kLateApproval);
    add(course.paid_again, FindingKind::kPaidAfterCancel);
    add(course.fell_behind, FindingKind::kWentBackwards);
    add(course.charged_back, FindingKind::kChargeback);
    add(std::any_of(course.disputes.begin(), course.disputes.end(),
                    [](const core::Dispute& dispute) { return !dispute.resolved; }),
        FindingKind::kDispute);
    const auto paid = std::count_if(standings.begin(), standings.end(), [](const Standing& s) {
      return s.state->result == Result::kPaid;
    });
    add(paid > 1, FindingKind::kDoublePayment);
    std::set<UiState> hints;
    for (const int number : held_) {
      const auto* const said =
          std::get_if<core::RedirectFact>(&history_.pieces[static_cast<std::size_t>(number)].fact);
      if (said == nullptr || said->attempt_id != attempt.id || !said->is_answered) continue;
      hints.insert(said->hint);
    }
    const bool success = hints.contains(UiState::kReturnedSuccess);
    const bool failure = hints.contains(UiState::kReturnedFailure);
    add(failure && !success && result == Result::kPaid, FindingKind::kRedirectContradicts);
    add(success && !failure && result == Result::kFailed, FindingKind::kRedirectContradicts);
  }

  [[nodiscard]] bool holds(FindingKind kind) const {
    return expected_.findings.contains(kind) && !resolved_.contains(kind);
  }

  void deliver(const Standing& winner) {
    const Attempt& attempt = *winner.attempt;
    const bool is_paid = winner.state->result == Result::kPaid;
    const std::optional<core::ExpectedOrder> order = world_.order();
    const bool same_currency = order && order->currency == attempt.currency;
    const bool same_amount = order && order->amount == attempt.total;
    if (is_paid && order && !same_currency) {
      expected_.findings.insert(FindingKind::kCurrencyMismatch);
    } else if (is_paid && order && !same_amount) {
      expected_.findings.insert(FindingKind::kAmountMismatch);
    }
    if (is_paid && !order && !world_.policy.accept_unregistered) {
      expected_.findings.insert(FindingKind::kUnregisteredOrder);
    }
    const bool in_doubt = std::any_of(courses_.begin(), courses_.end(), [&](const Course& course) {
      return course.attempt == &attempt && course.is_in_doubt;
    });
    const bool money = attempt.total > 0 &&
                       (order ? same_currency && same_amount : world_.policy.accept_unregistered);
    const bool ours =
        !attempt.is_paid_elsewhere(world_.policy) && attempt.channel == world_.policy.channel;
    expected_.deliverable = is_paid && !in_doubt && money && ours &&
                            !holds(FindingKind::kPaidAfterCancel) &&
                            !holds(FindingKind::kDispute) && !holds(FindingKind::kChargeback);
    expected_.unverified = expected_.deliverable && !order;
  }

  const History& history_;
  const World& world_;
  const std::vector<int>& held_;
  const std::set<FindingKind>& resolved_;
  std::set<core::AttemptId> bound_;
  std::vector<Course> courses_;
  Expected expected_;
};

std::string faults_of(const World& world, const Attempt& attempt) {
  const std::optional<core::ExpectedOrder> order = world.order();
  if (!order && !world.policy.accept_unregistered) return "nobody registered it";
  if (attempt.total <= 0) return "nothing was paid";
  if (order && order->amount != attempt.total) return "the amount differs";
  if (order && order->currency != attempt.currency) return "the currency differs";
  if (attempt.is_paid_elsewhere(world.policy)) return "another store";
  if (attempt.channel != world.policy.channel) return "the other channel";
  if (attempt.payment_id != world.payment_id) return "another payment's";
  return {};
}

}  // namespace

bool is_exact(const History& history) {
  const World& world = history.world;
  return !world.policy.wait_for_webhook;
}

Expected expect(const History& history, const std::vector<int>& held,
                const std::set<FindingKind>& resolved) {
  return Oracle(history, held, resolved).run();
}

std::string why_not_deliverable(const History& history, const std::vector<int>& held,
                                const std::optional<core::AttemptId>& winner) {
  if (!winner) return "no winner";
  for (const Attempt& attempt : history.world.attempts) {
    if (attempt.id != *winner) continue;
    const std::vector<Seen> seen = seen_of(history, held, attempt);
    if (seen.empty()) return "PortOne never said anything of it";
    if (state_of(attempt, seen.back().state).result != Result::kPaid) {
      return "PortOne's newest answer does not say paid";
    }
    return faults_of(history.world, attempt);
  }
  return "the winner is no attempt of this payment";
}

Truth truth_of(const World& world) {
  std::vector<Standing> standings;
  for (const Attempt& attempt : world.attempts) {
    const int last = static_cast<int>(attempt.states.size()) - 1;
    standings.push_back({&attempt, &attempt.states.back(), last});
  }
  const std::optional<Standing> winner = strongest(standings);
  if (!winner) return {};
  return {winner->state->result, winner->attempt->id,
          winner->state->result == Result::kPaid && faults_of(world, *winner->attempt).empty()};
}

std::optional<std::pair<const Attempt*, int>> strongest_at(
    const std::vector<const Attempt*>& attempts, int moment) {
  std::vector<Standing> standings;
  for (const Attempt* attempt : attempts) {
    const std::optional<int> state = attempt->state_at(moment);
    if (state) standings.push_back({attempt, &state_of(*attempt, *state), *state});
  }
  const std::optional<Standing> best = strongest(standings);
  if (!best) return std::nullopt;
  return std::pair{best->attempt, best->number};
}

bool is_timers(FindingKind kind) {
  return kind == FindingKind::kWebhookContradicts || kind == FindingKind::kMissingWebhook ||
         kind == FindingKind::kUnknownPayment || kind == FindingKind::kStuck ||
         kind == FindingKind::kUnreadableAnswer;
}

}  // namespace reconciled::simulator
