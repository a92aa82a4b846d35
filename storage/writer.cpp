#include <SQLiteCpp/Exception.h>
#include <pthread.h>
#include <sqlite3.h>

#include "storage/writer_impl.h"

namespace reconciled::storage {
namespace {

using namespace std::chrono_literals;

// How long one attempt to begin waits for a lock that another process holds.
constexpr int kBusyWaitMs = 250;
// WAL pages after which the writer checkpoints between two batches (4 KiB each).
constexpr int kCheckpointPages = 4'096;

// Without the details that extended result codes add.
int primary_code(const SQLite::Exception& error) { return error.getErrorCode() & 0xff; }

// Whether the work failed, or the world that it was to be done in.
WriteFailure::Kind kind_of(const std::exception& error) {
  const auto* sqlite = dynamic_cast<const SQLite::Exception*>(&error);
  if (sqlite == nullptr) {
    return dynamic_cast<const std::bad_alloc*>(&error) != nullptr ? WriteFailure::Kind::kUnavailable
                                                                  : WriteFailure::Kind::kFailed;
  }
  switch (primary_code(*sqlite)) {
    case SQLITE_CONSTRAINT:
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG:
      return WriteFailure::Kind::kFailed;
    default:
      return WriteFailure::Kind::kUnavailable;
  }
}

}  // namespace

Writer::Impl::Impl(WriterOptions writer_options, WriterHooks writer_hooks)
    : options(std::move(writer_options)),
      hooks(std::move(writer_hooks)),
      session(options.path, Session::Mode::kWrite, kBusyWaitMs) {
  sqlite3_wal_hook(
      session.database().getHandle(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Impl*>(self)->wal_pages = pages;
        return SQLITE_OK;
      },
      this);
}

void Writer::Impl::submit(WriteUnit unit) {
  WriteFailure refusal;
  {
    const std::lock_guard lock(mutex);
    // What a completion queues belongs to work that was taken: it is never refused.
    const bool follows_up = std::this_thread::get_id() == own_thread.load();
    if (follows_up || (!stopping && queue.size() < options.queue_capacity)) {
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
    run_batch(batch);
    batch.clear();
    checkpoint();
    rounds.fetch_add(1, std::memory_order_relaxed);
  }
}

bool Writer::Impl::take(std::vector<WriteUnit>& batch) {
  std::unique_lock lock(mutex);
  while (queue.empty()) {
    if (stopping) return false;
    wake.wait_for(lock, 1s);
    rounds.fetch_add(1, std::memory_order_relaxed);
  }
  while (!queue.empty() && batch.size() < options.max_batch) {
    batch.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  return true;
}

void Writer::Impl::run_batch(std::vector<WriteUnit>& batch) {
  CommitNotice notice;
  std::vector<std::optional<WriteFailure>> failures(batch.size());
  try {
    begin();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      failures[i] = run_unit(batch[i], notice);
    }
    session.exec("COMMIT");
    is_troubled = false;
  } catch (const std::exception& error) {
    give_up(batch, error.what());
    return;
  }
  if (hooks.batch) hooks.batch(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (failures[i]) {
      if (batch[i].failed) batch[i].failed(*failures[i]);
    } else if (batch[i].committed) {
      batch[i].committed();
    }
  }
  if (hooks.committed) hooks.committed(notice);
}

// Waits for as long as another process holds the write lock: nothing is lost by waiting, the
// queue is bounded and the edge answers 503 in time.
void Writer::Impl::begin() {
  for (;;) {
    try {
      session.exec("BEGIN IMMEDIATE");
      return;
    } catch (const SQLite::Exception& error) {
      if (primary_code(error) != SQLITE_BUSY) throw;
      trouble("another process holds the database's write lock");
      rounds.fetch_add(1, std::memory_order_relaxed);
      const std::lock_guard lock(mutex);
      if (stopping) throw;
    }
  }
}

// A failing unit takes back its own work only.
std::optional<WriteFailure> Writer::Impl::run_unit(WriteUnit& unit, CommitNotice& notice) {
  session.query("SAVEPOINT unit").run();
  CommitNotice own;
  try {
    unit.run(session, own);
  } catch (const std::exception& error) {
    const std::string what = error.what();
    if (sqlite3_get_autocommit(session.database().getHandle()) != 0) throw;
    session.query("ROLLBACK TO unit").run();
    session.query("RELEASE unit").run();
    trouble(what);
    return WriteFailure{kind_of(error), what};
  }
  session.query("RELEASE unit").run();
  notice.pending_events.insert(notice.pending_events.end(), own.pending_events.begin(),
                               own.pending_events.end());
  notice.lookups_changed |= own.lookups_changed;
  append(notice.changed, own.changed);
  return std::nullopt;
}

void Writer::Impl::give_up(std::vector<WriteUnit>& batch, const std::string& what) {
  if (sqlite3_get_autocommit(session.database().getHandle()) == 0) {
    try {
      session.exec("ROLLBACK");
    } catch (const std::exception&) {
      // Some errors roll back by themselves.
    }
  }
  trouble(what);
  for (WriteUnit& unit : batch) {
    if (unit.failed) unit.failed({WriteFailure::Kind::kUnavailable, what});
  }
}

void Writer::Impl::trouble(const std::string& what) {
  if (!is_troubled && hooks.troubled) hooks.troubled(what);
  is_troubled = true;
}

void Writer::Impl::checkpoint() {
  if (wal_pages < kCheckpointPages) return;
  int left = 0;
  int done = 0;
  sqlite3_wal_checkpoint_v2(session.database().getHandle(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                            &left, &done);
  wal_pages = 0;
}

}  // namespace reconciled::storage
