#include "tests/simulator/replay.h"

#include <set>

#include "storage/sqlite/migrate.h"
#include "storage/rebuild.h"
#include "tests/simulator/wire.h"

namespace reconciled::simulator {
namespace {

using namespace std::chrono_literals;

const Piece& piece_of(const Replay& replay, int number) {
  return replay.history->pieces[static_cast<std::size_t>(number)];
}

// Pieces of one look-up come or stay away together.
std::vector<int> choose_held(Random& random, const History& history) {
  const bool is_whole = random.chance(60);
  std::map<int, bool> look_ups;
  std::vector<int> held;
  for (std::size_t i = 0; i < history.pieces.size(); ++i) {
    const Piece& piece = history.pieces[i];
    bool comes = is_whole || random.chance(60);
    if (std::holds_alternative<core::SnapshotFact>(piece.fact)) {
      comes = look_ups.emplace(piece.look_up, comes).first->second;
    }
    if (comes) held.push_back(static_cast<int>(i));
  }
  return held;
}

std::vector<Step> make_steps(Random& random, const Replay& replay) {
  std::vector<Step> steps;
  std::set<int> look_ups;
  for (const int number : replay.held) {
    const Piece& piece = piece_of(replay, number);
    if (std::holds_alternative<core::SnapshotFact>(piece.fact)) {
      look_ups.insert(piece.look_up);
      continue;
    }
    for (int copy = 0; copy < piece.wire.copies; ++copy) {
      steps.push_back({Step::Kind::kArrival, number, copy});
    }
  }
  for (const int look_up : look_ups) {
    const int times = random.chance(10) ? 2 : 1;
    for (int i = 0; i < times; ++i) steps.push_back({Step::Kind::kAnswer, look_up});
  }
  if (random.chance(20)) steps.push_back({Step::Kind::kNoAnswer, random.below(2)});
  const std::size_t versions = replay.history->world.orders.size();
  if (versions == 1) steps.push_back({Step::Kind::kOrder});
  random.shuffle(steps);
  // Changing or withdrawing an order is refused once it is paid: there the order of arrival is the
  // shop's own doing, and it comes first.
  if (versions > 1) steps.insert(steps.begin(), {Step::Kind::kOrder});
  // Each arrival is begun on some time after it was stored.
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].kind != Step::Kind::kArrival) continue;
    const std::size_t later =
        random.chance(50) ? 0 : static_cast<std::size_t>(random.below(steps.size() - i));
    const Step begin{Step::Kind::kBegin, steps[i].number};
    steps.insert(steps.begin() + static_cast<std::ptrdiff_t>(i + 1 + later), begin);
  }
  return steps;
}

}  // namespace

Replay make_replay(std::unique_ptr<History> history, Random& random, Random& own) {
  Replay replay;
  replay.history = std::move(history);
  replay.held = choose_held(random, *replay.history);
  replay.steps = make_steps(own, replay);
  return replay;
}

Database::Database(const core::DecisionPolicy& policy) : path_(folder_ / "reconciled.db") {
  (void)storage::migrate(path_);
  writer_ = std::make_unique<storage::Writer>(storage::Store(path_), storage::WriterOptions{},
                                              storage::WriterHooks{});
  writer_->adopt(policy, {10s, 30s, 60s, 120s}, moment(0));
  writer_->start();
}

void Database::run(std::vector<Replay>& replays) {
  for (bool is_moving = true; is_moving;) {
    is_moving = false;
    for (Replay& replay : replays) {
      if (replay.next == replay.steps.size()) continue;
      take(replay, replay.steps[replay.next++]);
      is_moving = true;
    }
    outstanding_.wait();
  }
  // What still waits in the inbox is asked about until it is answered.
  for (const Replay& replay : replays) {
    no_answer(replay, storage::LookupReport::Outcome::kNotFound, 1'000'000);
  }
  outstanding_.wait();
  // Every webhook that should have come is overdue by then.
  for (std::size_t fired = 0; fired < replays.size(); fired += 256) {
    writer_->fire_watches(moment(1'000'000));
  }
  writer_->call_behind(outstanding_.expect<bool>([](const auto&) {}));
  outstanding_.wait();
  if (conflicts_ > 0) throw std::runtime_error("an order was refused");
}

std::vector<std::string> Database::rebuild_differences() const {
  std::vector<std::string> found;
  (void)storage::check_rebuild(storage::Store(path_), [&](const std::string& text) { found.push_back(text); });
  return found;
}

void Database::take(Replay& replay, const Step& step) {
  const World& world = replay.history->world;
  switch (step.kind) {
    case Step::Kind::kOrder:
      for (const core::ExpectedOrder& order : world.orders) put_order(world, order);
      return;
    case Step::Kind::kArrival:
      writer_->accept_event(
          arrival_of(world, piece_of(replay, step.number), step.copy),
          outstanding_.expect<storage::Accepted>([&replay, step](const auto& accepted) {
            storage::Cover& cover = replay.events[step.number];
            cover.copies = accepted.is_copy ? cover.copies + 1 : 1;
            cover.event = accepted.event;
          }));
      return;
    case Step::Kind::kBegin: {
      const core::EventId event = replay.events.at(step.number).event;
      writer_->begin_event(event, moment(world.end),
                           outstanding_.expect<storage::SettledReport>([](const auto&) {}));
      return;
    }
    case Step::Kind::kAnswer:
      settle(replay, report_of(*replay.history, step.number, replay.held));
      return;
    case Step::Kind::kNoAnswer:
      no_answer(replay,
                step.number == 0 ? storage::LookupReport::Outcome::kNotFound
                                 : storage::LookupReport::Outcome::kUnusable,
                world.end * 5);
      return;
  }
}

void Database::put_order(const World& world, const core::ExpectedOrder& order) {
  const auto done = outstanding_.expect<storage::OrderOutcome>([this](const auto& outcome) {
    conflicts_ += outcome == storage::OrderOutcome::kConflict ? 1 : 0;
  });
  if (order.deleted) {
    writer_->withdraw_order(world.payment_id, order.registered_at, done);
  } else {
    writer_->register_order(
        {world.payment_id, order.amount, order.currency, order.name, order.registered_at}, done);
  }
}

void Database::settle(const Replay& replay, storage::LookupReport report) {
  for (const auto& [piece, cover] : replay.events) report.events.push_back(cover);
  writer_->settle(std::move(report),
                  outstanding_.expect<storage::SettledReport>([](const auto&) {}));
}

void Database::no_answer(const Replay& replay, storage::LookupReport::Outcome outcome,
                         int number) {
  const World& world = replay.history->world;
  const auto kind = world.version == core::Api::kV1 && world.policy.v1_configured
                        ? storage::QuestionKind::kV1Order
                        : storage::QuestionKind::kV2Payment;
  storage::LookupReport report{.question = {kind, world.payment_id.str(), world.payment_id}};
  report.number = number;
  report.asked_at = report.answered_at = moment(world.end / 2);
  report.outcome = outcome;
  report.detail = "no answer";
  settle(replay, std::move(report));
}

}  // namespace reconciled::simulator
