#include <pthread.h>

#include <algorithm>

#include "storage/writer_impl.h"

namespace reconciled::storage {
namespace {

using namespace std::chrono_literals;

// How long one attempt to begin waits for a lock that another process holds.
constexpr auto kBusyWait = 250ms;

// How soon after the last load the index of events is written.
constexpr auto kIndexedAfter = 20ms;

// Units within one savepoint.
constexpr std::size_t kMostTogether = 16;

// Before a batch is tried again that the database did not take and that nobody waits for.
constexpr auto kPauseAfterFailure = 250ms;

// Whether the work failed, or the world that it was to be done in.
WriteFailure::Kind kind_of(const std::exception& error) {
  const auto* engine = dynamic_cast<const EngineError*>(&error);
  const bool is_world = engine != nullptr ? engine->kind != EngineError::Kind::kRefused
                                          : dynamic_cast<const std::bad_alloc*>(&error) != nullptr;
  return is_world ? WriteFailure::Kind::kUnavailable : WriteFailure::Kind::kFailed;
}

}  // namespace

Writer::Impl::Impl(const Store& store, WriterOptions writer_options, WriterHooks writer_hooks)
    : options(std::move(writer_options)),
      hooks(std::move(writer_hooks)),
      engine(open_writer_engine({.location = store.location(),
                                 .patience = kBusyWait,
                                 .checkpoint_pages = options.checkpoint_pages,
                                 .troubled = hooks.troubled})),
      session(engine->session()),
      has_recent_events(engine->unindexed_events() > 0) {}

void Writer::Impl::submit(WriteUnit unit, Lane lane) {
  WriteFailure refusal;
  {
    const std::lock_guard lock(mutex);
    // What a completion queues belongs to work that was taken: it is never refused.
    const bool follows_up = std::this_thread::get_id() == own_thread.load();
    std::deque<WriteUnit>& queue = queue_of(lane);
    const std::size_t part = lane == Lane::kRedirect ? 4 : 1;
    const bool has_room = queue.size() < options.queue_capacity / part &&
                          bytes_of(lane) + unit.bytes <= options.queue_bytes / part;
    if ((follows_up && !has_abandoned) || (!stopping && has_room)) {
      bytes_of(lane) += unit.bytes;
      queue.push_back(std::move(unit));
      wake.notify_one();
      return;
    }
    refusal = stopping ? WriteFailure{WriteFailure::Kind::kStopping, "stopping"}
                       : WriteFailure{WriteFailure::Kind::kQueueFull, "the write queue is full"};
  }
  if (unit.failed) unit.failed(refusal);
}

void Writer::Impl::loop() {
  own_thread = std::this_thread::get_id();
  pthread_setname_np(pthread_self(), "writer");
  std::vector<WriteUnit> batch;
  while (take(batch)) {
    const bool is_done = run_batch(batch);
    batch.clear();
    if (!is_done && !wait_after_failure()) break;
    engine->between_commits();
    rounds.fetch_add(1, std::memory_order_relaxed);
  }
  // The file that is left needs no catching up.
  if (has_recent_events && !has_abandoned) (void)run_batch(batch);
}

// After a batch that the database did not take: until somebody waits again, or a while. At a stop
// nothing is tried again, or it would take as long as the trouble: false.
bool Writer::Impl::wait_after_failure() {
  std::unique_lock lock(mutex);
  wake.wait_for(lock, kPauseAfterFailure,
                [this] { return !is_patient || queued() > queue_of(Lane::kBackground).size(); });
  if (is_patient) return true;
  has_abandoned = true;
  std::vector<WriteUnit> left;
  for (std::deque<WriteUnit>& queue : queues) {
    std::move(queue.begin(), queue.end(), std::back_inserter(left));
    queue.clear();
  }
  std::move(announced.begin(), announced.end(), std::back_inserter(left));
  announced.clear();
  lock.unlock();
  fail(left, {WriteFailure::Kind::kStopping, "stopping"});
  return !stopping;
}

bool Writer::Impl::take(std::vector<WriteUnit>& batch) {
  std::unique_lock lock(mutex);
  while (queued() == 0 && announced.empty()) {
    if (stopping) return false;
    const bool is_idle =
        wake.wait_for(lock, has_recent_events ? kIndexedAfter : 1s) == std::cv_status::timeout;
    rounds.fetch_add(1, std::memory_order_relaxed);
    if (is_idle && has_recent_events) return true;
  }
  take_from(Lane::kFirst, options.max_batch, batch);
  take_from(Lane::kRedirect, std::max<std::size_t>(options.max_batch / 4, 1), batch);
  return true;
}

void Writer::Impl::take_from(Lane lane, std::size_t most, std::vector<WriteUnit>& batch) {
  std::deque<WriteUnit>& queue = queue_of(lane);
  for (; most > 0 && !queue.empty() && batch.size() < options.max_batch; --most) {
    bytes_of(lane) -= queue.front().bytes;
    batch.push_back(std::move(queue.front()));
    queue.pop_front();
  }
}

std::size_t Writer::Impl::queued() const {
  std::size_t sum = 0;
  for (const std::deque<WriteUnit>& queue : queues) sum += queue.size();
  return sum;
}

bool Writer::Impl::run_batch(std::vector<WriteUnit>& batch) {
  CommitNotice notice;
  std::vector<std::optional<WriteFailure>> failures;
  try {
    begin();
    const Clock::time_point began = Clock::now();
    group = {};
    step = {};
    while (failures.size() < batch.size()) run_next(batch, failures, notice);
    close_group(notice);
    begin_accepted(notice);
    const auto arrived = static_cast<std::int64_t>(batch.size());
    run_background(batch, failures, notice, Clock::now() - began);
    arrived == 0 ? index_all() : index_some(arrived);
    note_announced();
    if (options.completes_early) complete(batch, failures);
    engine->commit();
    is_troubled = false;
  } catch (const std::exception& error) {
    take_back_announcement();
    note_damage(error);
    give_up(batch, error);
    return false;
  }
  std::move(to_announce.begin(), to_announce.end(), std::back_inserter(announced));
  to_announce.clear();
  accepted_to_begin = 0;
  announced_count = announced.size();
  if (batch.empty()) return true;  // only the index
  if (hooks.batch) hooks.batch(batch.size());
  if (!options.completes_early) complete(batch, failures);
  call_out([&] {
    if (hooks.committed) hooks.committed(notice);
  });
  return true;
}

void Writer::Impl::complete(std::vector<WriteUnit>& batch,
                            const std::vector<std::optional<WriteFailure>>& failures) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    call_out([&] {
      if (failures[i]) {
        if (batch[i].failed) batch[i].failed(*failures[i]);
      } else if (batch[i].committed) {
        batch[i].committed();
      }
    });
  }
}

// Waits for as long as another process holds the write lock: nothing is lost by waiting, the
// queue is bounded and the edge answers 503 in time.
void Writer::Impl::begin() {
  {
    const std::lock_guard lock(mutex);
    if (!damage.empty()) throw std::runtime_error(damage);
  }
  for (;;) {
    try {
      engine->begin();
      return;
    } catch (const EngineError& error) {
      if (error.kind != EngineError::Kind::kBusy) throw;
      trouble("another process holds the database's write lock");
      rounds.fetch_add(1, std::memory_order_relaxed);
      if (!is_patient) throw;
    }
  }
}

// Runs the first unit that has no entry in `failures`, within one savepoint with a few before it. One
// for each unit costs as much as its work; one for very many costs more, because SQLite looks through
// all that may have to be taken back.
void Writer::Impl::run_next(std::vector<WriteUnit>& batch,
                            std::vector<std::optional<WriteFailure>>& failures,
                            CommitNotice& notice) {
  if (!group.is_open) {
    session.set_savepoint();
    group = {.begin = failures.size(), .is_open = true};
  }
  const bool is_done = runs_together(batch[failures.size()], group.notice);
  failures.emplace_back();
  if (!is_done) {
    // Nothing of the group happened, and each has to be run by itself.
    group.is_open = false;
    session.roll_back_to_savepoint();
    for (std::size_t i = group.begin; i < failures.size(); ++i) {
      failures[i] = run_unit(batch[i], notice);
    }
  } else if (failures.size() - group.begin >= kMostTogether) {
    close_group(notice);
  }
}

void Writer::Impl::close_group(CommitNotice& notice) {
  if (!group.is_open) return;
  group.is_open = false;
  session.release_savepoint();
  merge(notice, group.notice);
}

// False where it failed: what was done since the savepoint is to be taken back.
bool Writer::Impl::runs_together(WriteUnit& unit, CommitNotice& notice) {
  try {
    unit.run(session, notice);
    return true;
  } catch (const std::exception&) {
    if (!session.is_in_transaction()) throw;
    return false;
  }
}

// A failing unit takes back its own work only.
std::optional<WriteFailure> Writer::Impl::run_unit(WriteUnit& unit, CommitNotice& notice) {
  session.set_savepoint();
  CommitNotice own;
  try {
    unit.run(session, own);
  } catch (const std::exception& error) {
    if (is_damage(error)) throw;
    const std::string what = error.what();
    if (!session.is_in_transaction()) throw;
    session.roll_back_to_savepoint();
    trouble(what);
    const WriteFailure::Kind kind = kind_of(error);
    if (kind == WriteFailure::Kind::kFailed) make_suspects(session, unit.deciding);
    return WriteFailure{kind, what};
  }
  session.release_savepoint();
  merge(notice, own);
  return std::nullopt;
}

void Writer::Impl::give_up(std::vector<WriteUnit>& batch, const std::exception& error) {
  const std::string what = is_damage(error) ? engine->damage_advice(error) : error.what();
  session.roll_back();
  trouble(what);
  fail(batch, {WriteFailure::Kind::kUnavailable, what});
}

void Writer::Impl::note_damage(const std::exception& error) {
  if (!is_damage(error)) return;
  std::string what;
  {
    const std::lock_guard lock(mutex);
    if (!damage.empty()) return;
    damage = what = engine->damage_advice(error);
  }
  if (hooks.damaged) hooks.damaged(what);
}

void Writer::Impl::fail(std::vector<WriteUnit>& units, const WriteFailure& failure) {
  for (WriteUnit& unit : units) {
    call_out([&] {
      if (unit.failed) unit.failed(failure);
    });
  }
}

void Writer::Impl::trouble(const std::string& what) {
  if (!is_troubled && hooks.troubled) hooks.troubled(what);
  is_troubled = true;
}

}  // namespace reconciled::storage
