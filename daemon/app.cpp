#include "daemon/app.h"

#include <openssl/rand.h>

#include <array>
#include <atomic>
#include <stdexcept>

#include "daemon/admin/admin_listener.h"
#include "daemon/alert/alerter.h"
#include "daemon/books/backfill.h"
#include "daemon/books/reporter.h"
#include "daemon/core/config/config_changes.h"
#include "daemon/dashboard/dashboard.h"
#include "daemon/http/edge.h"
#include "daemon/listening.h"
#include "daemon/notify/notifier.h"
#include "daemon/portone/rest_client.h"
#include "daemon/preregister/preregistrar.h"
#include "daemon/reconcile/reconciler.h"
#include "daemon/reconcile/sweeper.h"
#include "daemon/redirect/redirect_listener.h"
#include "daemon/runtime/health.h"
#include "daemon/runtime/log.h"
#include "daemon/runtime/log_watch.h"
#include "daemon/runtime/self_check.h"
#include "daemon/runtime/time_zone.h"
#include "daemon/upkeep/file_watch.h"
#include "daemon/upkeep/retention.h"
#include "daemon/views/view_json.h"
#include "daemon/webhook/webhook_listener.h"
#include "storage/store.h"

namespace reconciled {
namespace {

using namespace std::chrono_literals;

constexpr int kLoops = 2;
constexpr int kReaders = 2;
constexpr auto kStopGrace = 1s;
constexpr auto kStallPatience = 15s;
// A long poll is held for 60 s at most; the edge must not cut it short.
constexpr auto kAdminHold = 75s;

storage::Askable askable_of(const core::Config& config) {
  return {config.v1.has_value(), config.v2.has_value()};
}

core::DecisionPolicy policy_of(const core::Config& config) {
  core::DecisionPolicy policy;
  policy.wait_for_webhook = config.reconcile.missing_webhook == core::MissingWebhook::kWait;
  policy.accept_unregistered =
      config.reconcile.unregistered_orders == core::UnregisteredOrders::kAccept;
  policy.channel = config.channel;
  policy.v1_configured = config.v1.has_value();
  if (config.v2) policy.v2_store_id = config.v2->store_id;
  return policy;
}

core::BookPolicy book_policy_of(const core::Config& config) {
  const core::DecisionPolicy policy = policy_of(config);
  return {policy.channel, policy.v2_store_id, policy.accept_unregistered};
}

// The right to write it, before anything else.
storage::Store owned(const std::string& location) {
  storage::Store store(location);
  store.own();
  return store;
}

std::string random_key() {
  std::array<unsigned char, 32> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw std::runtime_error("no randomness to be had");
  }
  return core::to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

struct App::Parts {
  Parts(core::Config loaded, storage::WriterOptions writer_options, const alert::Timing& timing)
      : config(std::move(loaded)),
        running_config(config),
        store(owned(config.database_path)),
        applied(store.migrate()),
        metrics(RECONCILED_VERSION),
        warnings(clock, metrics),
        writer(store, completed(std::move(writer_options)), hooks()),
        readers(store, kReaders,
                [this](const std::exception& error) {
                  log_error("reading failed", {{"error", error.what()}});
                  writer.reading_failed(error);
                }),
        portone(config, clock, metrics, warnings),
        reconciler(store, askable_of(config), clock, writer, portone, metrics),
        preregistrar(store, askable_of(config), clock, writer, portone),
        sweeper(config.reconcile.sweep_every, askable_of(config), clock, store, writer, portone,
                warnings),
        backfill({askable_of(config), clock, store, writer, portone, timers}),
        reporter({askable_of(config), book_policy_of(config), config.timezone, clock, store, writer,
                  readers, portone}),
        notifier({config, clock, store, writer, metrics, warnings}),
        retention({config.retention_days, clock, writer, warnings,
                   [this] { return portone.clock_set_since_agreed(); }}),
        file_watch({clock, store, writer, warnings}),
        alerter({config, clock, store, writer, warnings, [this] { return faults(); }}, timing),
        webhook({config, clock, writer, metrics, warnings, timers}),
        redirect({config, clock, writer, readers, reconciler, metrics}, prepare_database()),
        dashboard({config, clock, writer, readers, reconciler, notifier, reporter, metrics, warnings,
                   timers},
                  {writer.keep(dashboard::Dashboard::kKeyName, random_key()),
                   writer.keep(dashboard::Dashboard::kHoursName, "")}),
        admin({config, clock, clock.now(), writer, readers, reconciler, notifier, metrics, warnings,
               timers},
              {[this] { return faults(); }, [this] { return unreadiness(); }}),
        edge(kLoops) {}

  [[nodiscard]] storage::WriterOptions completed(storage::WriterOptions options) const {
    options.now = [this] { return clock.now(); };
    options.notification_body = notification_body;
    options.has_backend = !config.notify_url.empty();
    return options;
  }

  // Before the first thread writes. Gives the key of page tokens.
  std::string prepare_database() {
    const core::Time now = clock.now();
    writer.adopt(policy_of(config), config.reconcile.lookup_schedule, now);
    set_time_zone(config.timezone);
    writer.put(storage::kUtcOffsetKey, std::to_string(local_time(now).utc_offset.count()));
    writer.keep(storage::kFirstStartKey, std::to_string(core::to_ms(now)));
    notifier.prepare();
    alerter.prepare();
    backfill.prepare();
    return writer.keep("page_token_key", random_key());
  }

  storage::WriterHooks hooks() {
    return {.committed = [this](const storage::CommitNotice& notice) { committed(notice); },
            .batch =
                [this](std::size_t units) {
                  metrics.commit_batch(units);
                  if (write_trouble.exchange(false)) warnings.lower(WarningKind::kDatabase, "");
                },
            .troubled =
                [this](const std::string& what) {
                  write_trouble = true;
                  warnings.raise(WarningKind::kDatabase, "",
                                 "The database cannot be written (" + what +
                                     "): webhooks are answered 503 until it can.");
                  log_error("the database cannot be written", {{"error", what}});
                },
            .damaged =
                [this](const std::string& what) {
                  warnings.raise(WarningKind::kFileDamaged, upkeep::FileWatch::kMet, what);
                },
            .undecided =
                [](core::EventId event, const std::string& what) {
                  log_error("deciding on an event failed",
                            {{"event", event.value}, {"error", what}});
                }};
  }

  void committed(const storage::CommitNotice& notice) {
    for (const storage::Settled& settled : notice.changed) log_settled(settled);
    reconciler.committed(notice);
    notifier.committed(notice);
    preregistrar.committed(notice);
    admin.committed(notice);
  }

  static void log_settled(const storage::Settled& settled) {
    if (settled.from != settled.to) {
      log_info("payment changed",
               {{"payment_id", settled.payment_id.str()},
                {"from", core::to_word(settled.from)},
                {"to", core::to_word(settled.to)},
                {"authority", settled.authority ? core::to_word(*settled.authority) : "-"},
                {"deliverable", settled.deliverable}});
    }
    for (const core::FindingKind kind : settled.opened) {
      log_warn("finding opened",
               {{"payment_id", settled.payment_id.str()}, {"kind", core::to_word(kind)}});
    }
  }

  void listen(const std::string& name, const core::ListenerConfig& listener,
              const http::Router& router, const http::Limits& limits,
              const std::vector<InheritedSocket>& inherited) {
    http::ListenerOptions options = options_of(name, listener, config, inherited);
    options.limits = limits;
    options.limits.max_connections = most_connections;
    if (&router == &webhook_router) {
      options.on_refused = [this](const http::EdgeRefusal& refusal) {
        webhook.note_refusal(refusal);
      };
    }
    for (const auto& [method, pattern] : router.routes()) {
      log_debug("route", {{"listener", name}, {"method", method}, {"path", pattern}});
    }
    const std::size_t index = edge.listen(options, router);
    log_info("listening",
             {{"listener", name}, {"address", edge.address(index)}, {"tls", !listener.tls_cert.empty()}});
  }

  std::vector<std::string> faults() { return health.faults(kStallPatience); }

  std::vector<std::string> unreadiness() const {
    std::vector<std::string> reasons;
    if (write_trouble) reasons.emplace_back("the database cannot be written");
    if (!running) reasons.emplace_back("starting or stopping");
    return reasons;
  }

  SystemClock clock;
  core::Config config;          // of the start; any thread
  core::Config running_config;  // with what was taken over since; the thread of `main`
  storage::Store store;
  std::vector<std::string> applied;
  std::atomic<bool> write_trouble{false};
  std::atomic<bool> running{false};
  const std::size_t most_connections = connections_of_one(http::Limits{}.max_connections);
  Health health;
  std::array<std::atomic<std::uint64_t>, kLoops> loop_ticks{};
  Metrics metrics;
  Warnings warnings;
  LogWatch log_watch{warnings};
  SelfCheck self_check{config, clock, readers, warnings};
  storage::Writer writer;
  Timers timers;
  ReaderPool readers;
  portone::RestClient portone;
  Reconciler reconciler;
  Preregistrar preregistrar;
  Sweeper sweeper;
  books::Backfill backfill;
  books::Reporter reporter;
  notify::Notifier notifier;
  upkeep::Retention retention;
  upkeep::FileWatch file_watch;
  alert::Alerter alerter;
  WebhookListener webhook;
  RedirectListener redirect;
  dashboard::Dashboard dashboard;
  AdminListener admin;
  http::Router webhook_router;
  http::Router redirect_router;
  http::Router admin_router;
  http::Edge edge;
};

App::App(core::Config config, const std::vector<InheritedSocket>& inherited,
         storage::WriterOptions writer, const alert::Timing& timing)
    : parts_(std::make_unique<Parts>(std::move(config), std::move(writer), timing)) {
  Parts& parts = *parts_;
  for (const std::string& name : parts.applied) log_info("migrated", {{"migration", name}});
  parts.webhook.add_routes(parts.webhook_router);
  parts.redirect.add_routes(parts.redirect_router);
  parts.admin.serve_pages(
      {dashboard::Dashboard::owns,
       [&parts](const http::Request& request) { return parts.dashboard.guard(request); },
       [&parts](const http::Request& request) { return parts.dashboard.is_signed_in(request); }});
  parts.admin.add_routes(parts.admin_router);
  parts.dashboard.add_routes(parts.admin_router);
  parts.backfill.add_routes(parts.admin_router);
  parts.reporter.add_routes(parts.admin_router);
  parts.retention.add_routes(parts.admin_router);

  tell_unused(inherited);
  http::Limits webhook_limits;
  webhook_limits.max_body_bytes = parts.config.webhook.max_body_bytes;
  http::Limits admin_limits;
  admin_limits.hold_deadline = kAdminHold;
  parts.listen("webhook", parts.config.webhook, parts.webhook_router, webhook_limits, inherited);
  parts.listen("redirect", parts.config.redirect, parts.redirect_router, {}, inherited);
  parts.listen("admin", parts.config.admin, parts.admin_router, admin_limits, inherited);

  parts.health.watch("writer", [&parts] { return parts.writer.rounds(); });
  parts.health.watch("reconciler", [&parts] { return parts.reconciler.rounds(); });
  if (parts.notifier.is_on()) {
    parts.health.watch("notifier", [&parts] { return parts.notifier.rounds(); });
  }
  parts.health.watch("alerter", [&parts] { return parts.alerter.rounds(); });
  parts.edge.on_tick([&parts](int loop) {
    parts.loop_ticks[static_cast<std::size_t>(loop)].fetch_add(1, std::memory_order_relaxed);
  });
  for (int i = 0; i < kLoops; ++i) {
    parts.health.watch("edge-" + std::to_string(i), [&parts, i] {
      return parts.loop_ticks[static_cast<std::size_t>(i)].load(std::memory_order_relaxed);
    });
  }
}

App::~App() { stop(); }

void App::start() {
  parts_->writer.start();
  parts_->portone.start();
  parts_->reconciler.start();
  parts_->preregistrar.start();
  parts_->sweeper.start();
  parts_->backfill.start();
  parts_->reporter.start();
  parts_->notifier.start();
  parts_->retention.start();
  parts_->file_watch.start();
  parts_->alerter.start();
  parts_->edge.start();
  parts_->running = true;
}

void App::stop() {
  if (!parts_->running.exchange(false)) return;
  // From the outside in: nobody new, then those in flight get their answers, then the workers.
  parts_->admin.stop_waiting();
  parts_->writer.stop_waiting();
  parts_->edge.stop(kStopGrace);
  parts_->timers.stop();
  parts_->readers.stop();
  parts_->dashboard.keep_hours();
  parts_->sweeper.stop_soon();
  parts_->backfill.stop_soon();
  parts_->reporter.stop_soon();
  parts_->notifier.stop();
  parts_->file_watch.stop();
  parts_->retention.stop();
  parts_->alerter.stop();
  parts_->reconciler.stop();
  parts_->preregistrar.stop();
  parts_->portone.stop();
  parts_->sweeper.stop();
  parts_->backfill.stop();
  parts_->reporter.stop();
  parts_->writer.stop();
}

std::vector<std::string> App::reload(const core::Config& fresh) {
  const std::vector<core::ConfigChange> changes = core::compare(parts_->running_config, fresh);
  // What needs a restart stays as it was in every part.
  const core::Config& config = parts_->running_config =
      core::take_over(parts_->running_config, fresh);
  set_log_level(config.log_level);
  parts_->webhook.reload(config);
  parts_->admin.reload(config);
  parts_->dashboard.reload(config);
  parts_->portone.reload(config);
  parts_->notifier.reload(config);
  parts_->alerter.reload(config);
  parts_->edge.set_trusted_proxies(config.trusted_proxies);
  parts_->writer.set_schedule(config.reconcile.lookup_schedule);

  std::vector<std::string> waiting;
  for (const core::ConfigChange& change : changes) {
    if (change.is_taken_over) {
      log_info("changed key taken over", {{"key", change.key}});
    } else {
      log_warn("changed key needs a restart", {{"key", change.key}});
      waiting.push_back(change.key);
    }
  }
  log_info("configuration reread",
           {{"taken_over", changes.size() - waiting.size()}, {"needs_restart", waiting.size()}});
  return waiting;
}

void App::watch() {
  parts_->log_watch.look(parts_->clock.now(), log_dropped(), flush_log(0ms));
  parts_->self_check.look();
  parts_->dashboard.watch();
}

std::vector<std::string> App::faults() { return parts_->faults(); }

}  // namespace reconciled
