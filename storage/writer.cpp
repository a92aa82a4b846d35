#include "storage/writer.h"

#include <SQLiteCpp/Savepoint.h>
#include <SQLiteCpp/Transaction.h>
#include <pthread.h>
#include <sqlite3.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "storage/units.h"

namespace reconciled::storage {
namespace {

using namespace std::chrono_literals;

// How long one attempt to begin waits for a lock that another process holds.
constexpr int kBusyWaitMs = 250;
// WAL pages after which the writer checkpoints between two batches (4 KiB each).
constexpr int kCheckpointPages = 4'096;

// One queued piece of work: `run` inside the transaction, then exactly one of the others.
struct Unit {
  std::function<void(Session&, CommitNotice&)> run;
  std::function<void()> committed;
  std::function<void(const WriteFailure&)> failed;
};

void append(std::vector<Settled>& all, const std::vector<Settled>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

struct Writer::Impl {
  Impl(WriterOptions writer_options, WriterHooks writer_hooks)
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

  void submit(Unit unit) {
    WriteFailure refusal;
    {
      const std::lock_guard lock(mutex);
      if (!stopping && queue.size() < options.queue_capacity) {
        queue.push_back(std::move(unit));
        wake.notify_one();
        return;
      }
      refusal = stopping ? WriteFailure{WriteFailure::Kind::kStopping, "stopping"}
                         : WriteFailure{WriteFailure::Kind::kQueueFull, "the write queue is full"};
    }
    if (unit.failed) unit.failed(refusal);
  }

  // Queues `work`, whose value reaches `done` after the commit.
  template <class T, class Work>
  void submit_for(Work work, Done<T> done) {
    auto value = std::make_shared<std::optional<T>>();
    Unit unit;
    unit.run = [value, work = std::move(work)](Session& s, CommitNotice& notice) {
      value->emplace(work(s, notice));
    };
    if (done) {
      auto shared = std::make_shared<Done<T>>(std::move(done));
      unit.committed = [value, shared] { (*shared)(std::move(**value)); };
      unit.failed = [shared](const WriteFailure& failure) { (*shared)(failure); };
    }
    submit(std::move(unit));
  }

  void loop() {
    pthread_setname_np(pthread_self(), "writer");
    std::vector<Unit> batch;
    while (take(batch)) {
      run_batch(batch);
      batch.clear();
      checkpoint();
      rounds.fetch_add(1, std::memory_order_relaxed);
    }
  }

  bool take(std::vector<Unit>& batch) {
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

  void run_batch(std::vector<Unit>& batch) {
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
  void begin() {
    for (;;) {
      try {
        session.exec("BEGIN IMMEDIATE");
        return;
      } catch (const SQLite::Exception& error) {
        if (error.getErrorCode() != SQLITE_BUSY) throw;
        trouble("another process holds the database's write lock");
        rounds.fetch_add(1, std::memory_order_relaxed);
        const std::lock_guard lock(mutex);
        if (stopping) throw;
      }
    }
  }

  // A failing unit takes back its own work only.
  std::optional<WriteFailure> run_unit(Unit& unit, CommitNotice& notice) {
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
      return WriteFailure{WriteFailure::Kind::kFailed, what};
    }
    session.query("RELEASE unit").run();
    notice.pending_events.insert(notice.pending_events.end(), own.pending_events.begin(),
                                 own.pending_events.end());
    notice.lookups_changed |= own.lookups_changed;
    append(notice.changed, own.changed);
    return std::nullopt;
  }

  void give_up(std::vector<Unit>& batch, const std::string& what) {
    if (sqlite3_get_autocommit(session.database().getHandle()) == 0) {
      try {
        session.exec("ROLLBACK");
      } catch (const std::exception&) {
        // Some errors roll back by themselves.
      }
    }
    trouble(what);
    for (Unit& unit : batch) {
      if (unit.failed) unit.failed({WriteFailure::Kind::kFailed, what});
    }
  }

  void trouble(const std::string& what) {
    if (!is_troubled && hooks.troubled) hooks.troubled(what);
    is_troubled = true;
  }

  void checkpoint() {
    if (wal_pages < kCheckpointPages) return;
    int left = 0;
    int done = 0;
    sqlite3_wal_checkpoint_v2(session.database().getHandle(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                              &left, &done);
    wal_pages = 0;
  }

  DecisionContext context_now() {
    const std::lock_guard lock(mutex);
    return context;
  }

  WriterOptions options;
  WriterHooks hooks;
  Session session;
  int wal_pages = 0;
  bool is_troubled = false;

  mutable std::mutex mutex;
  std::condition_variable wake;
  std::deque<Unit> queue;
  bool stopping = false;
  DecisionContext context;
  std::atomic<std::uint64_t> rounds{0};
  std::thread thread;
};

Writer::Writer(WriterOptions options, WriterHooks hooks)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(hooks))) {}

Writer::~Writer() { stop(); }

void Writer::adopt(const core::DecisionPolicy& policy, const core::Schedule& schedule,
                   core::Time now) {
  Session& session = impl_->session;
  SQLite::Transaction transaction(session.database(), SQLite::TransactionBehavior::IMMEDIATE);
  impl_->context.policy = policy;
  impl_->context.schedule = schedule;
  impl_->context.configuration_id = adopt_policy(session, policy, now);
  transaction.commit();
}

std::string Writer::keep(const std::string& key, const std::string& first) {
  impl_->session
      .query("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING")
      .with(key, first)
      .run();
  Query query = impl_->session.query("SELECT value FROM meta WHERE key = ?");
  query.with(key).next();
  return query.row().text();
}

void Writer::set_schedule(const core::Schedule& schedule) {
  const std::lock_guard lock(impl_->mutex);
  impl_->context.schedule = schedule;
}

void Writer::start() {
  impl_->thread = std::thread([this] { impl_->loop(); });
}

void Writer::stop() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    impl_->wake.notify_all();
  }
  if (impl_->thread.joinable()) impl_->thread.join();
}

void Writer::accept_event(NewEvent event, Done<Accepted> done) {
  impl_->submit_for<Accepted>(
      [event = std::move(event)](Session& session, CommitNotice& notice) {
        const Accepted accepted = insert_event(session, event);
        if (needs_reconciling(event.event)) notice.pending_events.push_back(accepted.event);
        return accepted;
      },
      std::move(done));
}

void Writer::answer_confirm(NewEvent question, Done<core::ConfirmAnswer> done) {
  impl_->submit_for<core::ConfirmAnswer>(
      [question = std::move(question)](Session& session, CommitNotice&) {
        return storage::answer_confirm(session, question);
      },
      std::move(done));
}

void Writer::reject_delivery(RejectedDelivery delivery) {
  Unit unit;
  unit.run = [delivery = std::move(delivery)](Session& session, CommitNotice&) {
    insert_rejected(session, delivery);
  };
  impl_->submit(std::move(unit));
}

void Writer::begin_events(std::vector<core::EventId> events, core::Time now,
                          Done<SettledReport> done) {
  impl_->submit_for<SettledReport>(
      [this, events = std::move(events), now](Session& session, CommitNotice& notice) {
        SettledReport settled =
            storage::begin_events(session, impl_->context_now(), events, now);
        append(notice.changed, settled.changed);
        notice.lookups_changed = true;
        return settled;
      },
      std::move(done));
}

void Writer::settle(LookupReport report, Done<SettledReport> done) {
  impl_->submit_for<SettledReport>(
      [this, report = std::move(report)](Session& session, CommitNotice& notice) {
        SettledReport settled = settle_report(session, impl_->context_now(), report);
        append(notice.changed, settled.changed);
        notice.lookups_changed = true;
        return settled;
      },
      std::move(done));
}

void Writer::register_order(OrderRequest request, Done<OrderOutcome> done) {
  impl_->submit_for<OrderOutcome>(
      [this, request = std::move(request)](Session& session, CommitNotice& notice) {
        std::optional<Settled> settled;
        const OrderOutcome outcome =
            storage::register_order(session, impl_->context_now(), request, settled);
        if (settled) notice.changed.push_back(*settled);
        notice.lookups_changed = true;
        return outcome;
      },
      std::move(done));
}

void Writer::withdraw_order(core::PaymentId payment_id, core::Time now,
                            Done<OrderOutcome> done) {
  impl_->submit_for<OrderOutcome>(
      [this, payment_id = std::move(payment_id), now](Session& session, CommitNotice& notice) {
        std::optional<Settled> settled;
        const OrderOutcome outcome =
            storage::withdraw_order(session, impl_->context_now(), payment_id, now, settled);
        if (settled) notice.changed.push_back(*settled);
        notice.lookups_changed = true;
        return outcome;
      },
      std::move(done));
}

std::size_t Writer::queued() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->queue.size();
}

std::uint64_t Writer::rounds() const { return impl_->rounds.load(std::memory_order_relaxed); }

}  // namespace reconciled::storage
