// What the writer needs of its engine beside a Session, and what opens one; private to storage.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/session.h"

namespace reconciled::storage {

// An engine as the one who writes has it. For one thread.
class WriterEngine {
 public:
  WriterEngine() = default;
  virtual ~WriterEngine() = default;
  WriterEngine(const WriterEngine&) = delete;
  WriterEngine& operator=(const WriterEngine&) = delete;

  [[nodiscard]] virtual Session& session() = 0;
  // Every transaction of the writer's stands between these two. `begin` throws EngineError::kBusy
  // where somebody else writes for too long, and what says what to do where the store is no longer
  // what was opened.
  virtual void begin() = 0;
  virtual void commit() = 0;
  // Somebody waits for commits from now on: one attempt to begin waits for `patience` alone. Before, for
  // as long as another program may reasonably hold the lock.
  virtual void serve() = 0;
  // After a commit: what the engine has to do, now and then, while nobody waits for it.
  virtual void between_commits() = 0;
  // How many events, at most, are not in the index by subject yet; and indexes the oldest of them,
  // `most` at most, in a transaction.
  [[nodiscard]] virtual std::int64_t unindexed_events() = 0;
  virtual void index_events(std::int64_t most) = 0;
  // Gives room that nothing stands on any more back to the disk, some of it, in a transaction; whether
  // there is more than what comes next can use.
  [[nodiscard]] virtual bool give_back_room() = 0;
  // Of an error that `is_damage`: what it says, and what to do.
  [[nodiscard]] virtual std::string damage_advice(const std::exception& error) const = 0;
};

// Takes back what is not committed.
struct RollBack {
  explicit RollBack(Session& writing) : session(writing) {}
  ~RollBack() { session.roll_back(); }
  RollBack(const RollBack&) = delete;
  RollBack& operator=(const RollBack&) = delete;
  Session& session;
};

struct WriterEngineOptions {
  std::string location;
  // How long one attempt to begin waits for a lock that somebody else holds, once it serves.
  std::chrono::milliseconds patience{250};
  // Pages written after which the engine tidies up.
  int checkpoint_pages = 4'096;
  // Is told, on the writer's thread, where that fails: once until the next time that it does not.
  std::function<void(const std::string&)> troubled;
};

// Looks through what the engine keeps its rows in, a slice at a time. For one thread.
class StructureCheck {
 public:
  StructureCheck() = default;
  virtual ~StructureCheck() = default;
  StructureCheck(const StructureCheck&) = delete;
  StructureCheck& operator=(const StructureCheck&) = delete;

  struct Slice {
    std::vector<std::string> found;  // what makes no sense, and where, a sentence each
    bool is_last = false;
  };
  // Takes a second at most. Throws EngineError where it cannot look.
  [[nodiscard]] virtual Slice next() = 0;
};

// The caller holds the right to write.
[[nodiscard]] std::unique_ptr<WriterEngine> open_writer_engine(const WriterEngineOptions& options);
// For reading alone.
[[nodiscard]] std::unique_ptr<Session> open_session(const std::string& location,
                                                    std::chrono::milliseconds patience);
[[nodiscard]] std::unique_ptr<StructureCheck> open_structure_check(
    const std::string& location, std::chrono::milliseconds patience);

}  // namespace reconciled::storage
