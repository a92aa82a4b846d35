// The parts of one running sandbox, handed to every handler by reference.
#pragma once

#include "tests/sandbox/faults.h"
#include "tests/sandbox/options.h"
#include "tests/sandbox/request_log.h"
#include "tests/sandbox/sender.h"
#include "tests/sandbox/store.h"
#include "tests/sandbox/tokens.h"

namespace reconciled::sandbox {

struct World {
  explicit World(const Options& given) : options(given), sender(given) {}

  const Options options;
  Store store;
  Tokens tokens;
  Faults faults;
  RequestLog log;
  Sender sender;
};

}  // namespace reconciled::sandbox
