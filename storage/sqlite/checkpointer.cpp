#include "storage/sqlite/checkpointer.h"

#include <pthread.h>
#include <sqlite3.h>

#include <utility>

#include "storage/sqlite/renew_pages.h"

namespace reconciled::storage {
namespace {

using namespace std::chrono_literals;

// One part of `pages` in so many is few: the writer moves them itself, and nobody notices.
constexpr int kFewPart = 16;
// How often the thread goes for one checkpoint. While it moves some pages others come: fewer each
// time, but where the disk is slower than the load or a reader keeps them from being moved.
constexpr int kMostErrands = 4;
// Beyond so many times `pages` a reader must be keeping the WAL from beginning anew: it is tried
// again soon.
constexpr int kRetriedTimes = 2;
constexpr auto kRetryEvery = 50ms;
// Beyond so many times the writer stops the readers for a moment, so that none of them reads an
// older state; and after a quarter as many again.
constexpr int kTooManyTimes = 6;
// How long it waits for them; one that reads for longer (a person's shell) is let be.
constexpr int kReaderWaitMs = 20;
// How long it leaves the lock to write alone then: a program that keeps a reader open and makes
// checkpoints of its own (litestream) tries to get it now and then, and finds it taken while many write.
constexpr auto kLeftToOthers = 100ms;

// SQLite syncs the database only where everything is moved, which is the writer's part: this leaves
// it little to wait for.
int sync_database(SqliteSession& session) {
  sqlite3_file* database = nullptr;
  const int code =
      sqlite3_file_control(session.handle(), "main", SQLITE_FCNTL_FILE_POINTER, &database);
  return code == SQLITE_OK ? database->pMethods->xSync(database, SQLITE_SYNC_NORMAL) : code;
}

}  // namespace

Checkpointer::Checkpointer(SqliteSession& writer, int busy_wait_ms, const std::string& path,
                           int pages, std::function<void(const std::string&)> troubled)
    : writer_(writer),
      busy_wait_ms_(busy_wait_ms),
      pages_(pages),
      troubled_(std::move(troubled)),
      next_(pages),
      stop_readers_at_(kTooManyTimes * pages),
      own_(path, SqliteSession::Mode::kWrite, busy_wait_ms),
      thread_([this] { loop(); }) {
  sqlite3_wal_hook(
      writer_.handle(),
      [](void* self, sqlite3*, const char*, int wal_pages) {
        static_cast<Checkpointer*>(self)->wal_pages_ = wal_pages;
        return SQLITE_OK;
      },
      this);
}

Checkpointer::~Checkpointer() {
  sqlite3_wal_hook(writer_.handle(), nullptr, nullptr);
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  thread_.join();
  if (!fails_ && !(errand_ == Errand::kDone && has_failed(made_))) return;
  // To close the file would move the rest of the WAL and remove it, but a sync that failed leaves
  // unwritten what was moved before. The next process has the whole WAL to move.
  for (SqliteSession* session : {&writer_, &own_}) {
    sqlite3_db_config(session->database().getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                      nullptr);
  }
}

void Checkpointer::between_commits() {
  const bool began_anew = wal_pages_ < seen_pages_;
  seen_pages_ = wal_pages_;
  if (began_anew) {
    // All that the WAL held before is moved; but not the mark that it begins with.
    if (!is_marked_) may_mark_ = MarkAt::kSecondCommit;
    moved_pages_ = 0;
    next_ = pages_;
    stop_readers_at_ = kTooManyTimes * pages_;
  }
  is_marked_ = false;
  std::optional<Checkpoint> made;
  {
    const std::lock_guard lock(mutex_);
    is_outdated_ |= began_anew;
    if (errand_ == Errand::kMoving) return;
    if (errand_ == Errand::kDone) made = std::move(made_);
    errand_ = Errand::kNone;
  }
  const bool is_outdated = std::exchange(is_outdated_, false);
  if (made) {
    if (is_outdated) return;  // right after the thread had moved everything
    note(*made);
  } else {
    if (!is_due()) return;
    errands_ = 0;
  }
  const bool goes_on = !made || !fails_;
  const bool stops_readers = wal_pages_ >= stop_readers_at_;
  const bool are_few = wal_pages_ - moved_pages_ <= pages_ / kFewPart;
  if (goes_on && !are_few && errands_ < kMostErrands) {
    send_thread();
    return;
  }
  if (goes_on && (are_few || stops_readers)) {
    sqlite3* handle = writer_.handle();
    if (stops_readers) sqlite3_busy_timeout(handle, kReaderWaitMs);
    const Checkpoint own = make(
        writer_, stops_readers ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, renews_);
    note(own);
    if (stops_readers) {
      sqlite3_busy_timeout(handle, busy_wait_ms_);
      if (own.code != SQLITE_OK && !has_failed(own)) std::this_thread::sleep_for(kLeftToOthers);
    }
  }
  if (stops_readers) stop_readers_at_ = wal_pages_ + kTooManyTimes * pages_ / 4;
  next_ = wal_pages_ + pages_ / 2;
  retry_at_ = Clock::now() + kRetryEvery;
}

void Checkpointer::note_marked() {
  may_mark_.reset();
  is_marked_ = true;
}

bool Checkpointer::is_due() const {
  if (wal_pages_ <= moved_pages_) return false;
  return wal_pages_ >= next_ || (wal_pages_ >= kRetriedTimes * pages_ && Clock::now() >= retry_at_);
}

void Checkpointer::send_thread() {
  const std::lock_guard lock(mutex_);
  errands_ += 1;
  errand_ = Errand::kMoving;
  wake_.notify_one();
}

void Checkpointer::loop() {
  pthread_setname_np(pthread_self(), "checkpointer");
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || errand_ == Errand::kMoving; });
    if (stopping_) return;
    const bool renews = renews_;
    lock.unlock();
    Checkpoint made = make(own_, SQLITE_CHECKPOINT_PASSIVE, renews);
    if (made.code == SQLITE_OK) {
      made.code = sync_database(own_);
      made.what = sqlite3_errstr(made.code);
    }
    lock.lock();
    made_ = std::move(made);
    errand_ = Errand::kDone;
  }
}

Checkpointer::Checkpoint Checkpointer::make(SqliteSession& session, int mode, bool renews) {
  sqlite3* handle = session.handle();
  Checkpoint made;
  if (renews) made.code = renew_pages(session);
  if (made.code != SQLITE_OK) {
    made.what = sqlite3_errstr(made.code);
    return made;
  }
  made.code = sqlite3_wal_checkpoint_v2(handle, nullptr, mode, nullptr, &made.moved);
  if (made.code != SQLITE_OK) made.what = sqlite3_errmsg(handle);
  return made;
}

bool Checkpointer::has_failed(const Checkpoint& made) {
  return made.code != SQLITE_OK && (made.code & 0xff) != SQLITE_BUSY;
}

// Nothing is lost where it fails: the WAL keeps everything and grows. But on a disk that goes on
// failing it grows until there is no room.
void Checkpointer::note(const Checkpoint& made) {
  if (made.moved >= 0) moved_pages_ = made.moved;
  const bool failed = has_failed(made);
  if (failed && !fails_ && troubled_) troubled_("checkpoint: " + made.what);
  fails_ = failed;
  if (!failed && moved_pages_ >= wal_pages_) may_mark_ = MarkAt::kFirstCommit;
  renews_ = failed;
}

}  // namespace reconciled::storage
