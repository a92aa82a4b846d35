// Moves what is committed from the WAL into the database, so that the WAL can begin anew; for the
// writer alone, private to this folder.
//
// To move and to sync ten thousand pages takes 100 ms and more where they are spread over a large
// file. So a thread with a connection of its own does it (PASSIVE: it stops nobody) while the
// writer goes on; the few pages that come meanwhile the writer moves itself, between two commits,
// and the WAL begins anew with the next.
//
// SQLite before 3.51.3 can lose commits when the WAL begins anew just as a checkpoint starts that
// another one left nothing to do for (https://sqlite.org/wal.html#walresetbug). That cannot happen
// here: nobody but the writer sends the thread, between two commits, and never when everything is
// moved. As long as it has not moved what it was sent for, the WAL cannot begin anew. (Only another
// process with a checkpoint of its own in that same instant could bring it about.)
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "storage/sqlite/sqlite_session.h"
#include "storage/sqlite/wal_mark.h"

namespace reconciled::storage {

class Checkpointer {
 public:
  // `writer` is the writer's connection to the database at `path`, which waits for locks for
  // `busy_wait_ms`. A checkpoint is made every `pages` of the WAL. `troubled` is told, on the
  // writer's thread, where one fails: once until the next that does not.
  Checkpointer(SqliteSession& writer, int busy_wait_ms, const std::string& path, int pages,
               std::function<void(const std::string&)> troubled);
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // For the writer's thread, after each commit: begins, goes on or ends what is due.
  void between_commits();

  // For the writer's thread: whether everything up to the newest mark came to stand in the
  // database, so that the next commit may write a new one (wal_mark.h); and that it did.
  [[nodiscard]] std::optional<MarkAt> may_mark() const { return may_mark_; }
  void note_marked();

 private:
  using Clock = std::chrono::steady_clock;
  enum class Errand { kNone, kMoving, kDone };
  struct Checkpoint {
    int code = 0;      // of SQLite
    std::string what;  // where it failed
    int moved = -1;    // pages of this WAL that stand in the database; -1: unknown
  };

  // `renews`: what was moved before is written anew (renew_pages.h).
  static Checkpoint make(SqliteSession& session, int mode, bool renews);
  static bool has_failed(const Checkpoint& made);
  [[nodiscard]] bool is_due() const;
  void send_thread();
  void loop();
  void note(const Checkpoint& made);

  SqliteSession& writer_;
  const int busy_wait_ms_;
  const int pages_;
  const std::function<void(const std::string&)> troubled_;

  // The writer's thread alone. Pages are those of the WAL since it began anew.
  int wal_pages_ = 0;        // as of the newest commit
  int seen_pages_ = 0;       // as of the one before
  int moved_pages_ = 0;      // that stand in the database too
  int next_ = 0;             // the next checkpoint is due at so many
  int stop_readers_at_ = 0;  // beyond so many
  int errands_ = 0;          // of the thread, for the checkpoint that is being made
  bool fails_ = false;
  bool is_outdated_ = false;  // the WAL began anew since the thread was sent
  std::optional<MarkAt> may_mark_;
  bool is_marked_ = false;  // by the newest commit
  bool renews_ = true;  // a sync failed after pages were moved, maybe in an earlier process
  Clock::time_point retry_at_{};

  std::mutex mutex_;
  std::condition_variable wake_;
  Errand errand_ = Errand::kNone;
  Checkpoint made_;  // by the thread
  bool stopping_ = false;
  SqliteSession own_;  // the thread's
  std::thread thread_;
};

}  // namespace reconciled::storage
