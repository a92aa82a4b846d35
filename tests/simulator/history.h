// Evidence of a world, piece by piece: webhooks, redirects, PortOne's answers, what timers saw.
//
// Each piece is as the daemon would hold it, with its truth beside it (which state of which
// attempt it shows), which only the oracle may read. Pieces stand in no order that matters.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "tests/simulator/world.h"

namespace reconciled::simulator {

// As it came over the wire, for the storage that classifies and stores it.
struct Wire {
  std::string word;          // PortOne's: "paid", "Transaction.Paid"
  std::string cancellation;  // its id
  std::string webhook_id;
  bool names_payment = true;
  bool names_other = false;  // the stranger's payment: no evidence about ours
  int copies = 1;
  core::Time arrived{};  // the first copy
};

struct Piece {
  std::variant<core::WebhookFact, core::RedirectFact, core::SnapshotFact, core::TimerMark> fact;
  Wire wire;
  // Answers: which attempt (nothing: the stranger), in which state, in which look-up's answer.
  const Attempt* attempt = nullptr;
  int state = 0;
  int look_up = 0;
};

struct History {
  explicit History(World of) : world(std::move(of)) {}
  History(const History&) = delete;  // the pieces point into the world
  History& operator=(const History&) = delete;

  World world;
  std::vector<Piece> pieces;
  // Two look-ups began after the last change and are part of the pieces.
  bool is_settled = false;
  // PortOne once answered from an older copy of its data.
  bool is_stale = false;
  // What PortOne calls the time of its changes goes back and forth.
  bool lies_about_time = false;
};

struct HistoryShape {
  int most_look_ups = 6;
  bool has_marks = false;
  bool answers_all = true;  // each redirect has had its look-up answered
};
[[nodiscard]] std::unique_ptr<History> make_history(Random& random, World world,
                                                    const HistoryShape& shape);

// The pieces of those numbers, in that order, as the decision reads them. A number may repeat.
[[nodiscard]] core::PaymentEvidence evidence_of(const History& history,
                                                const std::vector<int>& order);

}  // namespace reconciled::simulator
