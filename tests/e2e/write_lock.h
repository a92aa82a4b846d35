// The database's write lock, held by another process: a person's shell with an open transaction.
#pragma once

#include <string>

#include "tests/e2e/daemon_process.h"

namespace reconciled::e2e {

class WriteLock {
 public:
  // Waits until the lock is held.
  explicit WriteLock(const DaemonProcess& daemon);
  // Lets it go, too.
  ~WriteLock();
  WriteLock(const WriteLock&) = delete;
  WriteLock& operator=(const WriteLock&) = delete;

  // Lets it go, and waits until it is gone.
  void release();

 private:
  std::string mark_;  // a file that is there for as long as the lock is held
  ChildProcess holder_;
};

}  // namespace reconciled::e2e
