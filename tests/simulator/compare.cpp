#include "tests/simulator/compare.h"

#include <algorithm>
#include <sstream>

namespace reconciled::simulator {
namespace {

template <class T>
std::string word(const std::optional<T>& value) {
  return value ? std::string(core::to_word(*value)) : "-";
}

std::string seconds(core::Time time) {
  return std::to_string(static_cast<double>((time - moment(0)).count()) / 1'000.0);
}

bool same_attempts(const std::vector<core::AttemptState>& left,
                   const std::vector<core::AttemptState>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const core::AttemptState& l, const core::AttemptState& r) {
                      return l.attempt_id == r.attempt_id && l.api == r.api &&
                             l.result == r.result &&
                             l.snapshot_id.has_value() == r.snapshot_id.has_value();
                    });
}

bool same_findings(const std::vector<core::FindingDraft>& left,
                   const std::vector<core::FindingDraft>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const core::FindingDraft& l, const core::FindingDraft& r) {
                      return l.kind == r.kind && l.cause == r.cause && l.detail == r.detail;
                    });
}

std::string words(const std::set<core::FindingKind>& kinds) {
  std::string text;
  for (const core::FindingKind kind : kinds) text += ' ' + std::string(core::to_word(kind));
  return text.empty() ? " none" : text;
}

void describe_attempt(std::ostringstream& text, const Attempt& attempt) {
  text << attempt.id.str() << " of " << attempt.payment_id.str() << ' '
       << core::to_word(attempt.version) << ' ' << attempt.total << attempt.currency.code() << ' '
       << attempt.store_id << ' ' << core::to_word(attempt.channel)
       << (attempt.tells_start ? ":" : ", start untold:");
  for (const State& state : attempt.states) {
    text << ' ' << state.since << '=' << core::to_word(state.result) << '/' << state.cancelled;
    if (!state.disputes.empty())
      text << (state.disputes.back().resolved ? "(resolved)" : "(disputed)");
  }
  text << '\n';
}

void describe_piece(std::ostringstream& text, const Piece& piece) {
  if (const auto* webhook = std::get_if<core::WebhookFact>(&piece.fact)) {
    text << "webhook " << piece.wire.word << " of " << webhook->attempt_id->str() << " at "
         << seconds(piece.wire.arrived)
         << (piece.wire.names_other ? " for the other payment" : "");
  } else if (const auto* redirect = std::get_if<core::RedirectFact>(&piece.fact)) {
    text << "redirect " << core::to_word(redirect->hint) << " of "
         << (redirect->attempt_id ? redirect->attempt_id->str() : "-") << " at "
         << seconds(piece.wire.arrived) << (redirect->is_answered ? "" : ", not answered");
  } else if (const auto* answer = std::get_if<core::SnapshotFact>(&piece.fact)) {
    text << "answer " << core::to_word(answer->snapshot.api) << ' ' << answer->snapshot.status
         << '/' << answer->snapshot.cancelled_amount << " of " << answer->snapshot.attempt_id.str()
         << " by look-up " << answer->snapshot.look_up;
  } else {
    text << "a timer's mark";
  }
  text << '\n';
}

}  // namespace

std::string difference(const core::Decision& left, const core::Decision& right) {
  if (left.result != right.result) {
    return "result " + std::string(core::to_word(left.result)) + " or " +
           std::string(core::to_word(right.result));
  }
  if (left.deliverable != right.deliverable) return "deliverable in one order only";
  if (left.authority != right.authority) return "authority";
  if (left.unverified != right.unverified) return "unverified";
  if (left.unobstructed != right.unobstructed) return "unobstructed";
  if (left.ui_state != right.ui_state) return "ui_state";
  if (left.webhook_status != right.webhook_status) return "webhook_status";
  if (left.winner != right.winner) return "the winning attempt";
  if (left.currency != right.currency || left.total_amount != right.total_amount ||
      left.cancelled_amount != right.cancelled_amount) {
    return "amounts";
  }
  if (!same_attempts(left.attempts, right.attempts)) return "attempts";
  if (!same_findings(left.findings, right.findings)) return "findings";
  if (left.suspect_look_up != right.suspect_look_up) return "whether to ask again";
  if (left.is_asking_over != right.is_asking_over) return "whether asking is over";
  if (left.expects_webhook != right.expects_webhook) return "whether a webhook is expected";
  if (left.deposit_due_at != right.deposit_due_at) return "when the deposit is due";
  return left.changed_at == right.changed_at ? "" : "when it changed";
}

std::string difference(const Expected& expected, const core::Decision& decision) {
  if (expected.result != decision.result) {
    return "result " + std::string(core::to_word(decision.result)) + ", must be " +
           std::string(core::to_word(expected.result));
  }
  if (expected.winner != decision.winner) return "another attempt must win";
  if (expected.deliverable != decision.deliverable) {
    return expected.deliverable ? "must be deliverable" : "must not be deliverable";
  }
  if (expected.unverified != decision.unverified) return "unverified is wrong";
  if (expected.authority != decision.authority) {
    return "authority " + word(decision.authority) + ", must be " + word(expected.authority);
  }
  if (expected.total_amount != decision.total_amount ||
      expected.cancelled_amount != decision.cancelled_amount) {
    return "amounts are wrong";
  }
  std::map<core::AttemptId, core::Result> attempts;
  for (const core::AttemptState& attempt : decision.attempts) {
    attempts.emplace(attempt.attempt_id, attempt.result);
  }
  if (attempts != expected.attempts) return "attempts are wrong";
  std::set<core::FindingKind> found;
  for (const core::FindingDraft& finding : decision.findings) {
    if (!is_timers(finding.kind)) found.insert(finding.kind);
  }
  if (found == expected.findings) return {};
  return "findings are" + words(found) + ", must be" + words(expected.findings);
}

std::string describe(const History& history) {
  std::ostringstream text;
  const World& world = history.world;
  if (const auto order = world.order()) {
    text << "order " << order->amount << order->currency.code() << '\n';
  } else {
    text << "no order\n";
  }
  text << "channel " << core::to_word(world.policy.channel)
       << (world.policy.v1_configured ? ", v1" : "") << (world.policy.v2_store_id ? ", v2" : "")
       << (world.policy.accept_unregistered ? ", accepts unregistered" : "")
       << (world.policy.wait_for_webhook ? ", waits" : "")
       << (history.is_stale ? ", stale answers" : "") << '\n';
  for (const Attempt& attempt : world.attempts) describe_attempt(text, attempt);
  if (world.stranger) describe_attempt(text, *world.stranger);
  for (const Piece& piece : history.pieces) describe_piece(text, piece);
  return text.str();
}

}  // namespace reconciled::simulator
