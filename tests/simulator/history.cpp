#include "tests/simulator/history.h"

#include <algorithm>
#include <set>

namespace reconciled::simulator {
namespace {

using core::Api;
using core::Result;
using core::UiState;

core::PortoneTime said(int seconds) { return core::PortoneTime(moment(seconds)); }

struct Word {
  std::string text;
  std::optional<Result> result;
};

Word v1_word(Result result) {
  if (result == Result::kPaid) return {"paid", Result::kPaid};
  if (result == Result::kFailed) return {"failed", Result::kFailed};
  if (result == Result::kAwaitingDeposit) return {"ready", Result::kAwaitingDeposit};
  return {"cancelled", Result::kCancelled};
}

Word v2_word(Result result) {
  switch (result) {
    case Result::kReady:
    case Result::kNone:
      return {"Ready", Result::kReady};
    case Result::kPending:
      return {"PayPending", result};
    case Result::kAwaitingDeposit:
      return {"VirtualAccountIssued", result};
    case Result::kPaid:
      return {"Paid", result};
    case Result::kPartiallyCancelled:
      return {"PartialCancelled", result};
    case Result::kCancelled:
      return {"Cancelled", result};
    case Result::kFailed:
      return {"Failed", result};
  }
  return {};
}

class EvidenceMaker {
 public:
  EvidenceMaker(Random& random, History& history, const HistoryShape& shape)
      : random_(random), history_(history), world_(history.world), shape_(shape) {}

  void run() {
    history_.is_settled = random_.chance(70);
    look_ups();
    for (const Attempt& attempt : world_.attempts) webhooks_about(attempt);
    messages_about_strangers();
    redirects();
    if (shape_.has_marks) marks();
    number_all();
  }

 private:
  // Events in the order of their arrival, whatever order they are made in.
  void number_all() {
    std::vector<Piece*> arrivals;
    std::int64_t number = 0;
    for (Piece& piece : history_.pieces) {
      number += 1;
      if (auto* answer = std::get_if<core::SnapshotFact>(&piece.fact)) answer->id = {number};
      if (piece.wire.arrived != core::Time{}) arrivals.push_back(&piece);
    }
    std::sort(arrivals.begin(), arrivals.end(), [](const Piece* l, const Piece* r) {
      return l->wire.arrived < r->wire.arrived;
    });
    number = 0;
    for (Piece* piece : arrivals) {
      number += 1;
      if (auto* webhook = std::get_if<core::WebhookFact>(&piece->fact)) webhook->event = {number};
      if (auto* redirect = std::get_if<core::RedirectFact>(&piece->fact)) {
        redirect->event = {number};
        redirect->arrival = number;
      }
    }
  }

  void look_ups() {
    std::set<int> asked;
    const int count = random_.between(history_.is_settled ? 0 : 1, shape_.most_look_ups);
    for (int i = 0; i < count; ++i) asked.insert(random_.between(0, world_.end + 60));
    history_.is_stale = random_.chance(5);
    history_.lies_about_time = random_.chance(10);
    steps_clock_ = random_.chance(15);
    const int closing = world_.end + 61;
    if (history_.is_settled) asked.insert({closing, closing + 30});
    int number = 0;
    for (auto it = asked.begin(); it != asked.end(); ++it) {
      number += 1;
      // PortOne answers some time after it was asked, before it is asked again.
      int answered = *it + random_.below(20);
      if (std::next(it) != asked.end()) answered = std::min(answered, *std::next(it) - 1);
      const bool is_closing = *it >= closing;
      if (history_.is_stale && !is_closing) answered = *it - random_.below(300);
      look_up(number, *it, std::max(answered, 0), is_closing);
    }
  }

  void look_up(int number, int asked, int answered, bool is_closing) {
    const bool by_v1 = world_.version == Api::kV1 && world_.policy.v1_configured;
    // V2's API shows V1 payments too.
    const bool v2_beside = by_v1 && world_.policy.v2_store_id && random_.chance(15);
    const bool only_one = by_v1 && !is_closing && random_.chance(20);
    const auto chosen = static_cast<std::size_t>(random_.below(world_.attempts.size()));
    for (std::size_t i = 0; i < world_.attempts.size(); ++i) {
      if (only_one && i != chosen) continue;
      const Attempt& attempt = world_.attempts[i];
      const std::optional<int> state = attempt.state_at(answered);
      if (!state) continue;
      answer(number, attempt, *state, asked, by_v1 ? Api::kV1 : Api::kV2);
      if (v2_beside) answer(number + 1'000, attempt, *state, asked, Api::kV2);
    }
  }

  void answer(int look_up, const Attempt& attempt, int number, int asked, Api api) {
    const State& state = attempt.states[static_cast<std::size_t>(number)];
    core::Snapshot s{.api = api,
                     .version = attempt.version,
                     .payment_id = attempt.payment_id,
                     .attempt_id = attempt.id,
                     .result = state.result,
                     .status = std::string(core::to_word(state.result)),
                     .total_amount = attempt.total,
                     .cancelled_amount = state.cancelled,
                     .currency = attempt.currency};
    s.channel = attempt.channel;
    if (attempt.tells_start) s.started_at = said(attempt.states.front().since);
    if (core::is_decided(state.result)) s.status_at = said(state.since);
    if (const auto paid = attempt.paid_at(number)) s.paid_at = said(*paid);
    if (api == Api::kV2) {
      s.store_id = attempt.store_id.empty() ? "store-1" : attempt.store_id;
      s.updated_at = said(state.since);
      if (history_.lies_about_time) s.updated_at = said(lie_about(attempt, number));
      s.chargebacks = state.chargebacks;
      if (state.result == Result::kPaid && (random_.chance(80) || state.disputes.empty())) {
        s.disputes = state.disputes;
      }
    }
    // Numbers say which look-up was the later one; our clock may have been set between them.
    s.look_up = asked * 10 + (look_up >= 1'000 ? 1 : look_up == 900 ? 5 : 0);
    s.asked_at = moment(asked, 500);
    if (steps_clock_) s.asked_at += std::chrono::seconds(asked * 7'919 % 400 - 200);
    Piece piece{.fact = core::SnapshotFact{{}, std::move(s)}};
    piece.attempt = &attempt;
    piece.state = number;
    piece.look_up = look_up;
    history_.pieces.push_back(std::move(piece));
  }

  // Always the same for a state.
  static int lie_about(const Attempt& attempt, int number) {
    const int since = attempt.states[static_cast<std::size_t>(number)].since;
    return since + static_cast<int>(std::int64_t{since} * 104'729 % 301) - 150;
  }

  void webhooks_about(const Attempt& attempt) {
    for (std::size_t i = 0; i < attempt.states.size(); ++i) {
      if (random_.chance(25)) continue;  // lost
      const State& state = attempt.states[i];
      if (attempt.version == Api::kV2) {
        const bool same = i > 0 && attempt.states[i - 1].result == state.result &&
                          attempt.states[i - 1].cancelled == state.cancelled;
        const Word disputed{state.disputes.empty() || !state.disputes.back().resolved
                                ? "DisputeCreated"
                                : "DisputeResolved",
                            std::nullopt};
        v2_webhook(attempt.id, same ? disputed : v2_word(state.result), state.since);
        continue;
      }
      // V1 tells neither that a window opened nor most failures (dossier §2.1).
      const bool silent = state.result == Result::kReady || state.result == Result::kPending ||
                          (state.result == Result::kFailed && random_.chance(80));
      if (silent) continue;
      v1_webhook(attempt.id, v1_word(state.result), state.since,
                 state.cancelled > 0 ? "cancel-" + std::to_string(i) : "");
    }
    if (attempt.version == Api::kV1 && random_.chance(12)) {
      // Anybody can send one that V1 never sent.
      const Result lie = random_.chance(60) ? Result::kPaid : Result::kCancelled;
      v1_webhook(attempt.id, v1_word(lie), random_.between(1, world_.end), "");
    }
  }

  void v1_webhook(const core::AttemptId& id, const Word& word, int since,
                  const std::string& cancellation) {
    if (!world_.policy.v1_configured) return;
    const std::string key = id.str() + word.text + cancellation;
    if (!named_.insert(key).second) return;  // a copy, not another event
    const core::Time arrived = moment(since + random_.below(100), next_arrival());
    Piece piece{
        .fact = core::WebhookFact{{}, Api::kV1, false, id, word.result, std::nullopt}};
    piece.wire = {.word = word.text,
                  .cancellation = cancellation,
                  .copies = copies(),
                  .arrived = arrived};
    history_.pieces.push_back(std::move(piece));
  }

  void v2_webhook(const core::AttemptId& id, const Word& word, int since) {
    if (!world_.policy.v2_store_id) return;
    const core::Time arrived = moment(since + random_.below(100), next_arrival());
    Piece piece{
        .fact = core::WebhookFact{{}, Api::kV2, true, id, word.result, said(since)}};
    piece.wire = {.word = "Transaction." + word.text,
                  .webhook_id = "msg-" + world_.name + "-" + std::to_string(history_.pieces.size()),
                  .copies = copies(),
                  .arrived = arrived};
    history_.pieces.push_back(std::move(piece));
  }

  void messages_about_strangers() {
    if (world_.version == Api::kV1 && random_.chance(8)) {
      v1_webhook(core::AttemptId::trusted("try-" + world_.name + "-nowhere"),
                 v1_word(Result::kPaid), random_.between(1, world_.end), "");
    }
    if (!world_.stranger) return;
    const Attempt& stranger = *world_.stranger;
    if (world_.version == Api::kV1) {
      v1_webhook(stranger.id, v1_word(Result::kPaid), 2, "");
    } else {
      v2_webhook(stranger.id, v2_word(Result::kPaid), 2);
    }
    if (world_.version == Api::kV2 && random_.chance(50)) {
      v2_webhook(stranger.id, v2_word(Result::kPaid), 2);
      history_.pieces.back().wire.names_other = true;
    }
    if (random_.chance(70)) {
      const bool by_v1 = world_.version == Api::kV1 && world_.policy.v1_configured;
      answer(900, stranger, 1, random_.between(3, world_.end + 60), by_v1 ? Api::kV1 : Api::kV2);
    }
  }

  void redirects() {
    const int count = random_.below(3);
    for (int i = 0; i < count; ++i) redirect();
  }

  void redirect() {
    static constexpr UiState kHints[] = {UiState::kReturnedSuccess, UiState::kReturnedFailure,
                                         UiState::kReturnedUnknown};
    const bool v1 = world_.version == Api::kV1;
    const UiState hint = kHints[random_.below(v1 ? 3 : 2)];
    std::optional<core::AttemptId> id;
    Wire wire;
    const int roll = random_.below(100);
    if (roll < 75)
      id = world_.attempts[static_cast<std::size_t>(random_.below(world_.attempts.size()))].id;
    if (roll < 15 && v1) wire.names_payment = false;
    if (roll >= 75 && roll < 85) id = core::AttemptId::trusted("try-" + world_.name + "-forged");
    if (roll >= 85 && roll < 90 && world_.stranger) id = world_.stranger->id;
    wire.copies = copies();
    const std::string key = std::string("redirect") + (id ? id->str() : "") +
                            std::string(core::to_word(hint)) + (wire.names_payment ? "+" : "-");
    if (!named_.insert(key).second) return;
    wire.arrived = moment(random_.between(1, world_.end + 30), next_arrival());
    const bool is_answered = shape_.answers_all || random_.chance(80);
    Piece piece{.fact = core::RedirectFact{{}, id, hint, 0, is_answered}};
    piece.wire = wire;
    history_.pieces.push_back(std::move(piece));
  }

  void marks() {
    if (random_.chance(70)) return;
    const Attempt& attempt = world_.attempts.front();
    core::TimerMark mark;
    mark.kind = static_cast<core::TimerMark::Kind>(random_.below(6));
    mark.up_to_event = random_.below(12);
    mark.look_up = random_.between(1, (world_.end + 100) * 10);
    if (mark.kind == core::TimerMark::Kind::kWebhookOverdue) {
      mark.attempt_id = attempt.id;
      mark.result = attempt.states.back().result;
    }
    history_.pieces.push_back({.fact = mark});
  }

  // How often the same message arrives.
  int copies() { return random_.chance(20) ? 2 : 1; }

  // Milliseconds that no other arrival of the history has.
  int next_arrival() { return 501 + arrivals_++ % 499; }

  Random& random_;
  History& history_;
  const World& world_;
  const HistoryShape& shape_;
  std::set<std::string> named_;
  int arrivals_ = 0;
  bool steps_clock_ = false;
};

}  // namespace

std::unique_ptr<History> make_history(Random& random, World world, const HistoryShape& shape) {
  auto history = std::make_unique<History>(std::move(world));
  EvidenceMaker(random, *history, shape).run();
  return history;
}

core::PaymentEvidence evidence_of(const History& history, const std::vector<int>& order) {
  core::PaymentEvidence evidence{.payment_id = history.world.payment_id,
                                 .order = history.world.order()};
  for (const int number : order) {
    const Piece& piece = history.pieces[static_cast<std::size_t>(number)];
    if (piece.wire.names_other) continue;
    const auto& fact = piece.fact;
    if (const auto* webhook = std::get_if<core::WebhookFact>(&fact)) {
      evidence.webhooks.push_back(*webhook);
    } else if (const auto* redirect = std::get_if<core::RedirectFact>(&fact)) {
      evidence.redirects.push_back(*redirect);
    } else if (const auto* answer = std::get_if<core::SnapshotFact>(&fact)) {
      evidence.snapshots.push_back(*answer);
    } else if (const auto* mark = std::get_if<core::TimerMark>(&fact)) {
      evidence.marks.push_back(*mark);
    }
  }
  return evidence;
}

}  // namespace reconciled::simulator
