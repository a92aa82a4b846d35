// The admin endpoint's queries.
#include <nlohmann/json.hpp>

#include "daemon/admin_answers.h"
#include "daemon/admin_listener.h"
#include "daemon/admin_query.h"
#include "daemon/log.h"
#include "daemon/sweeper.h"
#include "daemon/view_json.h"

namespace reconciled {
namespace {

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
  return reading([this](storage::Reader& reader) {
    const storage::Stats stats = reader.stats();
    Seconds oldest{0};
    if (stats.inbox_oldest) oldest = services_.clock.now() - *stats.inbox_oldest;
    services_.metrics.set_log_dropped(log_dropped());
    services_.metrics.set_inbox(static_cast<std::uint64_t>(stats.inbox_depth), oldest);
    for (const core::Api api : {core::Api::kV1, core::Api::kV2}) {
      const core::Time last = last_sweep(reader, api).value_or(services_.started_at);
      services_.metrics.set_sweep_age(api, services_.clock.now() - last);
    }
    for (int i = 0; i <= static_cast<int>(core::Result::kFailed); ++i) {
      services_.metrics.set_payments(static_cast<core::Result>(i), 0);
    }
    for (const auto& [result, count] : stats.payments_by_result) {
      services_.metrics.set_payments(result, static_cast<std::uint64_t>(count));
    }
    for (int i = 0; i <= static_cast<int>(core::FindingKind::kPoisoned); ++i) {
      services_.metrics.set_open_findings(static_cast<core::FindingKind>(i), 0);
    }
    for (const auto& [kind, count] : stats.open_findings) {
      services_.metrics.set_open_findings(kind, static_cast<std::uint64_t>(count));
    }
    return http::Response{.status = 200,
                          .content_type = "text/plain; version=0.0.4; charset=utf-8",
                          .body = services_.metrics.render()};
  });
}

http::Answer AdminListener::stats() {
  return reading([this](storage::Reader& reader) {
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
    if (stats.inbox_oldest) lag_ms = (services_.clock.now() - *stats.inbox_oldest).count();
    return admin::json(
        200, dump_json({{"payments", std::move(payments)},
                        {"open_findings", std::move(findings)},
                        {"inbox", {{"depth", stats.inbox_depth}, {"oldest_ms", lag_ms}}},
                        {"lookups",
                         {{"planned", stats.lookups_planned},
                          {"failing", stats.lookups_failing},
                          {"waiting", services_.reconciler.waiting_lookups()}}},
                        {"write_queue", services_.writer.queued()}}));
  });
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
  const auto wait = read_wait(request.query());
  if (!wait.ok()) return admin::bad_request(wait.error());

  const Read show = [id = id.value()](storage::Reader& reader) {
    const auto detail = reader.payment(id, true);
    if (!detail) return admin::not_found("no such payment");
    return admin::json(200, dump_json(to_json(*detail, true)));
  };
  if (!wait.value()) return reading(show);

  const auto is_decided = [id = id.value()](storage::Reader& reader) {
    const auto detail = reader.payment(id, false);
    return detail && core::is_decided(detail->payment.result);
  };
  return {admin::unavailable(), [this, show, is_decided, id = id.value(),
                                 wait = *wait.value()](const http::Completion& complete) {
            const auto finish = [this, show, complete] { read_into(show, complete); };
            const bool taken = services_.readers.run([=, this](storage::Reader& reader) {
              if (is_decided(reader)) {
                complete(show(reader));
                return;
              }
              waiters_.wait(id, wait, finish);
              // It may have been decided between the reading and the waiting.
              if (is_decided(reader)) complete(show(reader));
            });
            if (!taken) complete(std::nullopt);
          }};
}

http::Answer AdminListener::show_order(const http::Request& request) {
  const auto id = read_payment_id(request.captures.at(0));
  if (!id.ok()) return admin::bad_request(id.error());
  return reading([id = id.value()](storage::Reader& reader) {
    const auto order = reader.order(id);
    if (!order) return admin::not_found("no such order");
    return admin::json(200, dump_json(to_json(id, *order)));
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
  const auto list = read_list_query(request.query());
  if (!list.ok()) return admin::bad_request(list.error());
  const auto open = core::form_value(core::parse_form(request.query()), "open");
  return reading([list = list.value(), open_only = open == "true"](storage::Reader& reader) {
    return list_response("findings", reader.findings(open_only, list.limit, list.cursor));
  });
}

http::Answer AdminListener::list_notifications(const http::Request& request) {
  const auto list = read_list_query(request.query());
  if (!list.ok()) return admin::bad_request(list.error());
  const auto state = core::form_value(core::parse_form(request.query()), "state").value_or("");
  return reading([list = list.value(), state](storage::Reader& reader) {
    return list_response("notifications",
                         reader.notifications(state, list.limit, list.cursor));
  });
}

}  // namespace reconciled
