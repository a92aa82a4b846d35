// The admin endpoint's queries.
#include <nlohmann/json.hpp>

#include "daemon/admin/admin_answers.h"
#include "daemon/admin/admin_listener.h"
#include "daemon/admin/admin_query.h"
#include "daemon/views/view_json.h"
#include "daemon/runtime/log.h"

namespace reconciled {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::ordered_json;

template <class T>
http::Response list_response(const char* name, const storage::Page<T>& page) {
  Json items = Json::array();
  for (const T& item : page.items) items.push_back(to_json(item));
  Json body{{name, std::move(items)}};
  body["next_cursor"] = page.next_cursor ? Json(std::to_string(*page.next_cursor)) : Json(nullptr);
  return admin::json(200, dump_json(body));
}

}  // namespace

http::Answer AdminListener::health(bool with_readiness) const {
  std::vector<std::string> reasons = health_.faults();
  if (with_readiness) {
    for (std::string& reason : health_.unreadiness()) reasons.push_back(std::move(reason));
  }
  const bool ok = reasons.empty();
  return admin::json(ok ? 200 : 503,
                     dump_json({{"status", ok ? "ok" : "failing"}, {"reasons", reasons}}));
}

http::Answer AdminListener::metrics() {
  const auto render = [this] {
    return http::Response{.status = 200,
                          .content_type = "text/plain; version=0.0.4; charset=utf-8",
                          .body = uses_.metrics.render()};
  };
  const auto read = [this, render](storage::Reader& reader) {
    const storage::Stats stats = reader.stats();
    Seconds oldest{0};
    if (stats.inbox_oldest) oldest = uses_.clock.now() - *stats.inbox_oldest;
    uses_.metrics.set_log_dropped(log_dropped());
    uses_.metrics.set_inbox(static_cast<std::uint64_t>(stats.inbox_depth), oldest);
    for (const core::Api api : {core::Api::kV1, core::Api::kV2}) {
      // Of lists that nobody walks none is old.
      const bool is_swept = uses_.config.reconcile.sweep_every > 0ms &&
                            (api == core::Api::kV1 ? uses_.config.v1.has_value() : uses_.config.v2.has_value());
      const core::Time last = reader.last_sweep(api).value_or(uses_.started_at);
      uses_.metrics.set_sweep_age(api, is_swept ? uses_.clock.now() - last : 0s);
    }
    for (int i = 0; i <= static_cast<int>(core::Result::kFailed); ++i) {
      uses_.metrics.set_payments(static_cast<core::Result>(i), 0);
    }
    for (const auto& [result, count] : stats.payments_by_result) {
      uses_.metrics.set_payments(result, static_cast<std::uint64_t>(count));
    }
    for (int i = 0; i <= static_cast<int>(core::FindingKind::kPoisoned); ++i) {
      uses_.metrics.set_open_findings(static_cast<core::FindingKind>(i), 0);
    }
    for (const auto& [kind, count] : stats.open_findings) {
      uses_.metrics.set_open_findings(kind, static_cast<std::uint64_t>(count));
    }
    return render();
  };
  return reading_or(read, render);
}

// What is known without the database: what is wrong with it, above all.
Json AdminListener::stats_of_memory() const {
  Json warnings = Json::array();
  for (const Warning& warning : uses_.warnings.standing()) {
    const std::string detail =
        warning.about.empty() ? warning.detail : warning.about + ": " + warning.detail;
    warnings.push_back({{"kind", to_word(warning.kind)},
                        {"since", core::to_rfc3339(warning.since)},
                        {"detail", detail}});
  }
  return {{"warnings", std::move(warnings)},
          {"lookups", {{"waiting", uses_.lookups.waiting_lookups()}}},
          {"write_queue", uses_.writer.queued()}};
}

http::Answer AdminListener::stats(const http::Request& request) {
  if (const auto fault = refuse_parameters(request.query())) return admin::bad_request(*fault);
  const auto read = [this](storage::Reader& reader) {
    const storage::Stats stats = reader.stats();
    Json payments = Json::object();
    for (int i = 0; i <= static_cast<int>(core::Result::kFailed); ++i) {
      payments[std::string(core::to_word(static_cast<core::Result>(i)))] = 0;
    }
    for (const auto& [result, count] : stats.payments_by_result) {
      payments[std::string(core::to_word(result))] = count;
    }
    Json findings = Json::object();
    for (const auto& [kind, count] : stats.open_findings) {
      findings[std::string(core::to_word(kind))] = count;
    }
    std::int64_t lag_ms = 0;
    if (stats.inbox_oldest) lag_ms = (uses_.clock.now() - *stats.inbox_oldest).count();
    Json apis = Json::object();
    const auto add_api = [&](core::Api api, const std::optional<core::Time>& last_webhook) {
      const auto swept = reader.last_sweep(api);
      apis[std::string(core::to_word(api))] = {
          {"last_webhook_at", last_webhook ? Json(core::to_rfc3339(*last_webhook)) : Json(nullptr)},
          {"last_sweep_at", swept ? Json(core::to_rfc3339(*swept)) : Json(nullptr)}};
    };
    if (uses_.config.v1) add_api(core::Api::kV1, stats.last_webhook_v1);
    if (uses_.config.v2) add_api(core::Api::kV2, stats.last_webhook_v2);
    Json all = stats_of_memory();
    all["apis"] = std::move(apis);
    all["payments"] = std::move(payments);
    all["open_findings"] = std::move(findings);
    all["inbox"] = {{"depth", stats.inbox_depth}, {"oldest_ms", lag_ms}};
    all["lookups"]["planned"] = stats.lookups_planned;
    all["lookups"]["failing"] = stats.lookups_failing;
    const storage::NotificationOutlook outlook = reader.notification_outlook();
    all["notifications"] = {{"waiting", outlook.waiting},
                            {"parked", outlook.parked},
                            {"failing_since", outlook.failing_since
                                                  ? Json(core::to_rfc3339(*outlook.failing_since))
                                                  : Json(nullptr)},
                            {"paused", uses_.notifications.is_paused()}};
    all["changes_cursor"] = to_text(stats.newest_change);
    return admin::json(200, dump_json(all));
  };
  return reading_or(read, [this] { return admin::json(200, dump_json(stats_of_memory())); });
}

http::Answer AdminListener::list_payments(const http::Request& request) {
  const auto filter = read_payment_filter(request.query());
  if (!filter.ok()) return admin::bad_request(filter.error());
  return reading([filter = filter.value()](storage::Reader& reader) {
    return list_response("payments", reader.payments(filter));
  });
}

http::Answer AdminListener::show_payment(const http::Request& request) {
  const auto id = read_payment_id(request.captures.at(0));
  if (!id.ok()) return admin::bad_request(id.error());
  const auto query = read_payment_query(request.query());
  if (!query.ok()) return admin::bad_request(query.error());
  const PaymentQuery& asked = query.value();

  const Read show = [id = id.value(), timeline = asked.timeline](storage::Reader& reader) {
    const auto detail = reader.payment(id, timeline);
    if (!detail) return admin::not_found("no such payment");
    return admin::json(200, dump_json(to_json(*detail, timeline)));
  };
  if (asked.wait == 0s) return reading(show);

  const PaymentWaiters::Wish wish{id.value(), asked.version, asked.wait};
  return {admin::unavailable(), [this, show, wish](const http::Completion& complete) {
            const auto finish = [this, show, complete] { read_into(show, complete); };
            uses_.readers.run([=, this](storage::Reader& reader) {
              const auto stands = [&]() -> std::optional<PaymentWaiters::State> {
                const auto detail = reader.payment(wish.payment_id, false);
                if (!detail) return std::nullopt;
                return PaymentWaiters::State{detail->payment.result, detail->payment.version};
              };
              const auto before = stands();
              if (before && PaymentWaiters::is_fulfilled(wish, *before)) {
                complete(show(reader));
                return;
              }
              waiters_.wait(wish, before, finish);
              // It may have changed between the reading and the waiting.
              const auto now = stands();
              if (now && PaymentWaiters::is_fulfilled(wish, *now)) complete(show(reader));
            }, [complete] { complete(std::nullopt); });
          }};
}

http::Answer AdminListener::changes(const http::Request& request) {
  const auto query = read_changes_query(request.query());
  if (!query.ok()) return admin::bad_request(query.error());
  const ChangesQuery asked = query.value();
  using Changes = std::optional<storage::Reader::Changes>;
  const auto render = [](const Changes& page) {
    if (!page) {
      return admin::error(409, "cursor_unknown",
                          "this database has no such change: an older copy was put back. Begin anew "
                          "with cursor=0");
    }
    Json items = Json::array();
    for (const storage::PaymentDetail& detail : page->items) items.push_back(to_json(detail, false));
    return admin::json(
        200, dump_json({{"changes", std::move(items)}, {"next_cursor", to_text(page->next)}}));
  };
  const auto read = [asked](storage::Reader& reader) {
    return reader.changes(asked.limit, asked.cursor);
  };
  const auto has_news = [](const Changes& page) { return !page || !page->items.empty(); };
  const Read show = [=](storage::Reader& reader) { return render(read(reader)); };
  if (asked.wait == 0s) return reading(show);
  return {admin::unavailable(), [=, this](const http::Completion& complete) {
            const auto finish = [this, show, complete] { read_into(show, complete); };
            uses_.readers.run([=, this](storage::Reader& reader) {
              const Changes before = read(reader);
              if (has_news(before)) {
                complete(render(before));
                return;
              }
              waiters_.wait_for_any(asked.wait, finish);
              const Changes now = read(reader);
              if (has_news(now)) complete(render(now));
            }, [complete] { complete(std::nullopt); });
          }};
}

http::Answer AdminListener::show_order(const http::Request& request) {
  if (const auto fault = refuse_parameters(request.query())) return admin::bad_request(*fault);
  const auto id = read_payment_id(request.captures.at(0));
  if (!id.ok()) return admin::bad_request(id.error());
  return reading([id = id.value()](storage::Reader& reader) {
    const storage::Reader::Moment moment(reader);
    const auto order = reader.order(id);
    if (!order) return admin::not_found("no such order");
    return admin::json(200, dump_json(to_json(id, *order, reader.preregistrations(id))));
  });
}

http::Answer AdminListener::list_events(const http::Request& request) {
  const auto filter = read_event_filter(request.query());
  if (!filter.ok()) return admin::bad_request(filter.error());
  return reading([filter = filter.value()](storage::Reader& reader) {
    return list_response("events", reader.events(filter));
  });
}

http::Answer AdminListener::show_event(const http::Request& request) {
  if (const auto fault = refuse_parameters(request.query())) return admin::bad_request(*fault);
  return reading([id = read_event_id(request.captures.at(0))](storage::Reader& reader) {
    const auto event = reader.event(id);
    if (!event) return admin::not_found("no such event");
    return admin::json(200, dump_json(to_json(*event)));
  });
}

http::Answer AdminListener::list_rejected(const http::Request& request) {
  const auto list = read_list_query(request.query());
  if (!list.ok()) return admin::bad_request(list.error());
  return reading([limit = list.value().limit](storage::Reader& reader) {
    Json items = Json::array();
    for (const auto& delivery : reader.rejected(limit)) items.push_back(to_json(delivery));
    return admin::json(200, dump_json({{"rejected", std::move(items)}}));
  });
}

http::Answer AdminListener::list_findings(const http::Request& request) {
  const auto query = read_findings_query(request.query());
  if (!query.ok()) return admin::bad_request(query.error());
  return reading([query = query.value()](storage::Reader& reader) {
    return list_response("findings", reader.findings(query.open_only, query.list.limit,
                                                     query.list.cursor));
  });
}

http::Answer AdminListener::list_notifications(const http::Request& request) {
  const auto query = read_notifications_query(request.query());
  if (!query.ok()) return admin::bad_request(query.error());
  return reading([query = query.value()](storage::Reader& reader) {
    return list_response("notifications", reader.notifications(query.state, query.list.limit,
                                                               query.list.cursor));
  });
}

}  // namespace reconciled
