// The daemon as a whole: makes every part, connects them, and takes them down in order.
//
// Used by `serve`. Threads are made and joined here or in the part that they belong to:
//
//   name          owner        does                                          stops by
//   reconciled    main         signals, watchdog                             -
//   edge-N        http::Edge   accepts, reads requests, runs handlers        Edge::stop
//   writer        Writer       every write, in group commits                 Writer::stop
//   reader-N      ReaderPool   reads for answers                             ReaderPool::stop
//   reconciler    Reconciler   claims events and due look-ups                Reconciler::stop
//   preregistrar  Preregistrar has PortOne told of orders                    Preregistrar::stop
//   portone       RestClient   asks PortOne, many calls at once              RestClient::stop
//   sweeper       Sweeper      walks PortOne's recent lists                  Sweeper::stop
//   alerter       Alerter      tells people what is wrong                    Alerter::stop
//   backfill      Backfill     walks PortOne's lists over days of the past   Backfill::stop
//   report        Reporter     compares a day's books                        Reporter::stop
//   timers        Timers       deadlines of held answers                     Timers::stop
//   log           LogQueue     writes the log                                end_logging
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/alert/digest.h"
#include "daemon/core/config/config.h"
#include "daemon/runtime/clock.h"
#include "daemon/runtime/sd_notify.h"
#include "storage/writer.h"

namespace reconciled {

class App {
 public:
  // Opens the database (migrating it) and binds the listeners; throws what stands in the way.
  // `inherited`: sockets that systemd opened, named `webhook`, `redirect` or `admin`. `writer`: how
  // it writes. `timing`: how long people wait to be told.
  App(core::Config config, const std::vector<InheritedSocket>& inherited,
      storage::WriterOptions writer = {}, const alert::Timing& timing = {});
  ~App();  // stops
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  void start();
  // Lets requests in flight finish, then ends every thread. What was acknowledged is on disk.
  void stop();

  // Takes over what can change without a restart, and nothing else of `fresh`; says in the log
  // which keys these were and which need a restart. Gives the latter. On the thread of `main`.
  std::vector<std::string> reload(const core::Config& fresh);

  // Raises and lowers the warnings that nobody else can tell: whether the log is read. Every few
  // seconds, on the thread of `main`.
  void watch();

  // What keeps the daemon from its work, one sentence each; empty when it is well. The watchdog
  // and /healthz ask.
  [[nodiscard]] std::vector<std::string> faults();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace reconciled
