#include "tests/e2e/write_lock.h"

#include <doctest/doctest.h>

#include <filesystem>

namespace reconciled::e2e {
namespace {

Command holding(const std::string& database, const std::string& mark) {
  return {{"sqlite3", "-cmd", ".timeout 20000", database, "BEGIN IMMEDIATE",
           ".shell touch " + mark + " && while [ -e " + mark + " ]; do sleep 0.02; done",
           "COMMIT"}};
}

}  // namespace

WriteLock::WriteLock(const DaemonProcess& daemon)
    : mark_(daemon.folder() + "/write-lock"),
      holder_(holding(daemon.database_path(), mark_), daemon.folder() + "/holder") {
  wait_until("the write lock is held", [this] { return std::filesystem::exists(mark_); });
}

WriteLock::~WriteLock() {
  std::error_code ignored;
  std::filesystem::remove(mark_, ignored);
}

void WriteLock::release() {
  std::filesystem::remove(mark_);
  CHECK(holder_.wait() == 0);
}

}  // namespace reconciled::e2e
