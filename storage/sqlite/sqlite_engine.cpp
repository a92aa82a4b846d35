#include "storage/sqlite/sqlite_engine.h"

#include <sqlite3.h>

#include <optional>

#include "storage/sqlite/checkpointer.h"
#include "storage/sqlite/damage.h"
#include "storage/sqlite/file_identity.h"
#include "storage/sqlite/free_pages.h"
#include "storage/sqlite/known_events.h"
#include "storage/sqlite/recent_events.h"
#include "storage/sqlite/renew_wal.h"
#include "storage/sqlite/sqlite_session.h"
#include "storage/sqlite/wal_mark.h"

namespace reconciled::storage {
namespace {

// Another program may hold the lock for some seconds while this one starts.
constexpr int kOpeningWaitMs = 15'000;

class SqliteEngine final : public WriterEngine {
 public:
  explicit SqliteEngine(const WriterEngineOptions& options)
      : path_(options.location),
        patience_ms_(static_cast<int>(options.patience.count())),
        session_(path_, SqliteSession::Mode::kWrite, kOpeningWaitMs),
        checkpointer_(session_, patience_ms_, path_,
                      options.checkpoint_pages, options.troubled) {
    renew_wal(session_, path_);
    // What waits in the WAL goes on from the mark that is there.
    if (is_wal_empty(path_)) {
      Transaction transaction(session_);
      mark_wal(session_, MarkAt::kFirstCommit);
      transaction.commit();
    }
    files_.emplace(path_);
    open_recent_events(session_);
    known_.emplace(session_, path_);
    session_.use(*known_);
  }

  Session& session() override { return session_; }

  void serve() override { sqlite3_busy_timeout(session_.handle(), patience_ms_); }

  void begin() override {
    files_->check();
    session_.begin();
    marks_ = checkpointer_.may_mark();
    if (marks_) {
      mark_wal(session_, *marks_);
    } else {
      count_commit(session_);
    }
  }

  void commit() override {
    session_.commit();
    if (marks_) checkpointer_.note_marked();
  }

  void between_commits() override {
    checkpointer_.between_commits();
    known_->between_commits();
  }

  std::int64_t unindexed_events() override { return recent_events(session_); }
  void index_events(std::int64_t most) override { index_recent_events(session_, most); }

  bool give_back_room() override { return give_back_pages(session_); }

  std::string damage_advice(const std::exception& error) const override {
    return storage::damage_advice(path_, error);
  }

 private:
  const std::string path_;
  const int patience_ms_;
  SqliteSession session_;
  std::optional<FileIdentity> files_;  // once they stand
  std::optional<MarkAt> marks_;        // what the open transaction writes
  Checkpointer checkpointer_;
  std::optional<KnownEvents> known_;  // likewise
};

}  // namespace

std::unique_ptr<WriterEngine> open_sqlite_engine(const WriterEngineOptions& options) {
  check_wal(options.location);
  return std::make_unique<SqliteEngine>(options);
}

std::unique_ptr<Session> open_sqlite_session(const std::string& location,
                                             std::chrono::milliseconds patience) {
  return std::make_unique<SqliteSession>(location, SqliteSession::Mode::kReadOnly,
                                         static_cast<int>(patience.count()));
}

}  // namespace reconciled::storage
