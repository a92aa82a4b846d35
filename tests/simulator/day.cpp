#include "tests/simulator/day.h"

#include <algorithm>
#include <filesystem>

#include "daemon/core/words/mark.h"
#include "tests/simulator/wire.h"

namespace reconciled::simulator {
namespace {

using namespace std::chrono_literals;
using core::Api;
using core::Result;

constexpr int kMinute = 60;
constexpr int kHour = 60 * kMinute;
constexpr int kDayLength = 20 * kHour;

// A slower world: the same story over hours.
void stretch(World& world, int start, int factor) {
  const auto move = [&](Attempt& attempt) {
    for (State& state : attempt.states) state.since = start + state.since * factor;
  };
  for (Attempt& attempt : world.attempts) move(attempt);
  if (world.stranger) move(*world.stranger);
  world.end = start + world.end * factor;
}

bool has_paid(const Attempt& attempt) {
  return std::any_of(attempt.states.begin(), attempt.states.end(),
                     [](const State& state) { return state.result == Result::kPaid; });
}

// V2 takes one payment for a paymentId: the attempt that pays is its last, and the others came to
// nothing before.
void pay_once(World& world) {
  const auto payer = std::find_if(world.attempts.begin(), world.attempts.end(), has_paid);
  if (payer == world.attempts.end()) return;
  payer->tells_start = true;
  const int begun = payer->states.front().since;
  const core::AttemptId id = payer->id;
  for (Attempt& attempt : world.attempts) {
    if (attempt.id == id) continue;
    std::erase_if(attempt.states, [&](const State& state) {
      return state.since > begun ||
             (state.result != Result::kReady && state.result != Result::kFailed);
    });
  }
  std::erase_if(world.attempts, [](const Attempt& attempt) { return attempt.states.empty(); });
}

}  // namespace

Day::Day(int number, const std::string& empty_file)
    : number_(number),
      random_(simulator_seed(), static_cast<std::uint64_t>(number) + 4'000'000'000),
      file_(folder_ / "0.db"),
      portone_(simulator_seed() + static_cast<std::uint64_t>(number)) {
  std::filesystem::copy_file(empty_file, file_);
  setup_ = make_setup();
  setup_.policy.channel = random_.chance(10) ? core::Channel::kTest : core::Channel::kLive;
  make_worlds();
  make_trouble();
}

void Day::at(int second, Step step) {
  agenda_.emplace(std::pair{moment(second, random_.below(1'000)), ++steps_}, std::move(step));
}

void Day::make_worlds() {
  core::DecisionPolicy all = setup_.policy;
  all.v1_configured = true;
  all.v2_store_id = "store-1";
  for (int i = 0; i < kHistories; ++i) {
    World world = make_world(random_, std::to_string(i), all);
    const int longest = std::max(world.end, 1);
    const int start = random_.between(1, kHour);
    stretch(world, start, random_.between(1, (kDayLength - 2 * kHour) / longest));
    if (world.version == Api::kV2) pay_once(world);
    histories_.push_back(make_history(random_, std::move(world), {.most_look_ups = 1}));
    const World& made = histories_.back()->world;
    last_change_ = std::max(last_change_, made.end);
    world_of_[made.payment_id.str()] = static_cast<std::size_t>(i);
    portone_.know(made);
  }
  told_.resize(histories_.size());
  faults_end_ = last_change_ + random_.between(1, kHour);
  for (std::size_t i = 0; i < histories_.size(); ++i) {
    make_orders(i);
    make_messages(i);
  }
}

void Day::make_orders(std::size_t world) {
  const World& made = histories_[world]->world;
  int second = random_.chance(70) ? 1 : random_.between(1, made.end);
  for (const core::ExpectedOrder& order : made.orders) {
    at(second, [this, world, order] { put_order(world, order); });
    second = random_.between(second + 1, std::max(second + 1, faults_end_ - 1));
  }
}

void Day::put_order(std::size_t world, const core::ExpectedOrder& order) {
  if (!daemon_) {
    at(machine_.second() + kMinute, [this, world, order] { put_order(world, order); });
    return;
  }
  const storage::OrderOutcome outcome =
      daemon_->put_order(histories_[world]->world.payment_id, order);
  if (outcome == storage::OrderOutcome::kConflict) return;
  if (outcome == storage::OrderOutcome::kAbsent) return;
  told_[world].order = order.deleted ? std::nullopt : std::optional(order);
}

void Day::make_messages(std::size_t world) {
  const History& history = *histories_[world];
  for (std::size_t i = 0; i < history.pieces.size(); ++i) {
    const Piece& piece = history.pieces[i];
    if (piece.wire.arrived == core::Time{}) continue;
    const int arrived = static_cast<int>((piece.wire.arrived - moment(0)) / 1s);
    const int piece_number = static_cast<int>(i);
    const int late = random_.chance(80) ? 0 : random_.between(1, 6 * kHour);
    if (random_.chance(10)) continue;  // lost
    at(arrived + late, [this, world, piece_number] { deliver(world, piece_number, 0, 3); });
    arrivals_.push_back(arrived + late);
    // A copy may be news, and may come while the first one is being asked about.
    if (random_.chance(15)) {
      at(arrived + late, [this, world, piece_number] { deliver(world, piece_number, 0, 1); });
    }
    for (int copies = random_.chance(30) ? random_.between(1, 3) : 0; copies > 0; --copies) {
      const int again = random_.between(arrived, std::max(arrived + 1, faults_end_ - 1));
      at(again, [this, world, piece_number] { deliver(world, piece_number, 0, 1); });
    }
  }
}

void Day::deliver(std::size_t world, int piece, int copy, int tries) {
  const History& history = *histories_[world];
  const Piece& sent = history.pieces[static_cast<std::size_t>(piece)];
  storage::NewEvent arrival = arrival_of(history.world, sent, copy);
  arrival.known_source = arrival.event.source == core::EventSource::kWebhook && random_.chance(70);
  if (daemon_ && daemon_->arrive(std::move(arrival))) return;
  if (tries <= 1 || arrival.event.source == core::EventSource::kRedirect) return;
  at(machine_.second() + 10 * kMinute,
     [this, world, piece, copy, tries] { deliver(world, piece, copy, tries - 1); });
}

Setup Day::make_setup() {
  static const std::vector<core::Schedule> kSchedules{
      {10s, 30s, 1min, 2min, 5min, 15min, 1h, 6h, 24h},
      {10s, 30s, 1min, 2min, 5min, 15min, 1h, 6h, 24h},
      {1s, 1min, 10min, 1h},
      {1min, 12h}};
  Setup setup = setup_;
  setup.schedule = kSchedules[static_cast<std::size_t>(random_.below(kSchedules.size()))];
  setup.policy.v1_configured = random_.chance(85);
  setup.policy.v2_store_id.reset();
  if (!setup.policy.v1_configured || random_.chance(85)) setup.policy.v2_store_id = "store-1";
  setup.policy.accept_unregistered = random_.chance(25);
  setup.policy.wait_for_webhook = random_.chance(15);
  return setup;
}

// Often as a message comes: then something is being asked.
int Day::trouble_at() {
  const int chosen = arrivals_.empty() || random_.chance(50)
                         ? random_.between(1, faults_end_ - 2)
                         : arrivals_[static_cast<std::size_t>(random_.below(arrivals_.size()))];
  return std::clamp(chosen, 1, faults_end_ - 2);
}

// Stops, kills, starts, and a clock that others set.
void Day::make_trouble() {
  at(0, [this] { start(setup_); });
  for (int times = random_.between(1, 5); times > 0; --times) {
    const int second = trouble_at();
    const int longest = random_.chance(60) ? kMinute : 3 * kHour;
    const int down = random_.between(0, longest);
    if (random_.chance(50)) {
      at(second, [this] { stop(); });
    } else if (random_.chance(30)) {
      at(second, [this] { kill(); });
    } else {
      at(second, [this] {
        if (daemon_) daemon_->die_at(random_.between(1, 6));
      });
    }
    if (random_.chance(35)) at(second + down / 2, [this] { step_clock(); });
    if (random_.chance(6)) at(second + down / 2, [this] { step_far(); });
    at(std::min(second + down, faults_end_ - 1), [this] {
      if (!daemon_) start(random_.chance(60) ? make_setup() : setup_);
    });
  }
  for (int times = random_.chance(60) ? random_.between(1, 4) : 0; times > 0; --times) {
    at(random_.between(1, faults_end_ - 2), [this] { step_clock(); });
  }
}

void Day::step_clock() {
  static constexpr int kSteps[] = {90, 20 * kMinute, 2 * kHour, 13 * kHour, 40 * kHour};
  const auto by = std::chrono::seconds(kSteps[random_.below(std::size(kSteps))]);
  // Where nothing runs that could notice, a clock that was ahead is not put back: nobody could tell
  // what the lists were not asked for meanwhile.
  const bool forward = random_.chance(daemon_ ? 50 : 25) || (!daemon_ && machine_.off > 0s);
  machine_.off += forward ? by : -by;
  machine_.off += std::chrono::milliseconds(random_.between(-900, 900));
  end_.clock_steps += 1;
}

// A battery that died, or a typo: longer than any payment is asked about. Only where nothing runs:
// what runs moves its plans along.
void Day::step_far() {
  if (daemon_) return;
  machine_.off += std::chrono::days(31);
  end_.clock_steps += 1;
}

void Day::start(const Setup& setup) {
  setup_ = setup;
  has_waited_ |= setup.policy.wait_for_webhook;
  daemon_ = std::make_unique<Daemon>(file_, setup_, machine_, portone_, random_,
                                     [this] { keep_files(); });
  end_.starts += 1;
}

void Day::stop() {
  RECONCILED_MARK_IF(daemon_ && daemon_->is_asking(), kSimAnswerLost);
  daemon_.reset();
}

// The daemon's writer may be at it, too, with what it begins by itself.
void Day::keep_files() {
  const std::lock_guard lock(keeping_);
  if (!kept_.empty()) return;
  kept_ = folder_ / (std::to_string(++files_) + ".db");
  std::filesystem::copy_file(file_, kept_);
  if (std::filesystem::exists(file_ + "-wal")) {
    std::filesystem::copy_file(file_ + "-wal", kept_ + "-wal");
  }
}

// The files as they are now, or were in the middle of a decision, are all that the next start has.
void Day::kill() {
  if (!daemon_) return;
  keep_files();
  daemon_.reset();
  file_ = std::exchange(kept_, {});
  end_.kills += 1;
}

void Day::run_until(int second) {
  const core::Time until = moment(second);
  while (machine_.at < until) {
    core::Time next = until;
    try {
      if (daemon_) {
        next = std::min(next, daemon_->run());
        if (is_over_) watch(daemon_->take_changed());
      }
      if (!agenda_.empty()) next = std::min(next, agenda_.begin()->first.first);
      next = std::max(next, machine_.at);
      machine_.at = next;
      machine_.off += std::chrono::milliseconds(is_over_ ? 0 : random_.between(-1, 1));
      while (!agenda_.empty() && agenda_.begin()->first.first <= machine_.at) {
        const Step step = std::move(agenda_.extract(agenda_.begin()).mapped());
        step();
      }
    } catch (const Killed&) {
      RECONCILED_MARK(kSimKilledBetweenWrites);
      kill();
      const int down = random_.between(0, kMinute);
      at(machine_.second() + down, [this] {
        if (!daemon_) start(setup_);
      });
    }
  }
}

}  // namespace reconciled::simulator
