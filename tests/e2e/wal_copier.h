// A program that copies the database by itself while others write it, as litestream does: it makes two
// tables of its own, keeps a reader open so that nobody begins the WAL anew behind its back, reads the
// files byte by byte, and makes checkpoints of its own.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace reconciled::e2e {

class WalCopier {
 public:
  // Keeps its copies in `folder`, which it makes.
  WalCopier(std::string database, std::string folder);
  ~WalCopier();
  WalCopier(const WalCopier&) = delete;
  WalCopier& operator=(const WalCopier&) = delete;

  // Ends, with all that is committed.
  void stop();
  // What was copied, as a database that nobody has opened yet. Once stopped.
  void restore(const std::string& file) const;

  struct Seen {
    std::uint32_t most_frames = 0;  // of the WAL
    int checkpoints = 0;            // that moved everything
    int beginnings = 0;             // of the WAL
  };
  [[nodiscard]] const Seen& seen() const { return seen_; }  // once stopped

 private:
  struct Closed {
    void operator()(sqlite3* connection) const { sqlite3_close(connection); }
  };
  using Connection = std::unique_ptr<sqlite3, Closed>;

  [[nodiscard]] Connection open() const;
  void loop();
  void copy_database();
  void checkpoint(int mode);
  void read_on();
  [[nodiscard]] std::vector<char> wal_header() const;
  [[nodiscard]] std::uint32_t wal_frames();

  const std::string database_;
  const std::string folder_;
  // Files that stay open: to close one takes the locks that SQLite holds on it with it.
  std::ifstream bytes_;
  std::ifstream index_;
  Connection reader_;
  Connection writer_;
  std::vector<char> header_;  // of the WAL that belongs to the copy
  Seen seen_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace reconciled::e2e
