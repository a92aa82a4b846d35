#include "daemon/admin/admin_listener.h"

#include <algorithm>

#include "daemon/admin/admin_answers.h"
#include "daemon/core/messages/media_type.h"
#include "daemon/core/messages/signature.h"

namespace reconciled {
namespace {

constexpr std::chrono::seconds kWriteDeadline{10};

// The host of a Host header without its port and brackets; as it is where that is not its form.
std::string_view host_name(std::string_view host) {
  const auto is_port = [](std::string_view text) {
    return text.empty() || (text.front() == ':' &&
                            text.find_first_not_of("0123456789", 1) == std::string_view::npos);
  };
  const bool is_bracketed = host.starts_with('[');
  const auto end = is_bracketed ? host.find(']') : std::min(host.rfind(':'), host.size());
  if (end == std::string_view::npos || !is_port(host.substr(end + (is_bracketed ? 1 : 0)))) {
    return host;
  }
  return is_bracketed ? host.substr(1, end - 1) : host.substr(0, end);
}

bool is_write(const http::Request& request) {
  return request.method != "GET" && request.method != "HEAD";
}

}  // namespace

AdminListener::AdminListener(const Uses& uses, Health health)
    : uses_(uses),
      health_(std::move(health)),
      waiters_(uses.lookups, uses.timers),
      token_(uses.config.admin.token) {}

void AdminListener::add_routes(http::Router& router) {
  router.guard([this](const http::Request& request) { return guard(request); });
  router.on_error([](int status, const http::Request&) {
    return status == 405
               ? admin::error(405, "method_not_allowed", "that method is not for this path")
               : admin::not_found("no such path");
  });
  add_reads(router);
  add_writes(router);
  add_notification_writes(router);
}

void AdminListener::add_reads(http::Router& router) {
  const auto get = [&router](const char* pattern, http::Handler handler) {
    router.on("GET", pattern, std::move(handler));
  };
  using Request = http::Request;
  get("/healthz", [this](const Request&) { return health(false); });
  get("/readyz", [this](const Request&) { return health(true); });
  get("/metrics", [this](const Request&) { return metrics(); });
  router.on("GET", http::Router::literal("/openapi.json"), [](const Request&) {
    return admin::json(200, std::string(admin::openapi_files().front().text));
  });
  get("/stats", [this](const Request& r) { return stats(r); });
  get("/changes", [this](const Request& r) { return changes(r); });
  get("/payments", [this](const Request& r) { return list_payments(r); });
  get("/payments/([^/]+)", [this](const Request& r) { return show_payment(r); });
  get("/orders/([^/]+)", [this](const Request& r) { return show_order(r); });
  get("/events", [this](const Request& r) { return list_events(r); });
  get("/events/([0-9]+)", [this](const Request& r) { return show_event(r); });
  get("/rejected", [this](const Request& r) { return list_rejected(r); });
  get("/findings", [this](const Request& r) { return list_findings(r); });
  get("/notifications", [this](const Request& r) { return list_notifications(r); });
}

void AdminListener::reload(const core::Config& config) {
  const std::lock_guard lock(mutex_);
  token_ = config.admin.token;
}

void AdminListener::add_writes(http::Router& router) {
  router.on("POST", "/payments/([^/]+)/lookup",
            [this](const http::Request& request) { return look_up(request); });
  router.on("POST", "/events/([0-9]+)/replay",
            [this](const http::Request& request) { return replay(request); });
  router.on("PUT", "/orders/([^/]+)",
            [this](const http::Request& request) { return put_order(request); });
  router.on("DELETE", "/orders/([^/]+)",
            [this](const http::Request& request) { return delete_order(request); });
  router.on("POST", "/findings/([0-9]+)/resolve",
            [this](const http::Request& request) { return resolve(request); });
}

std::optional<http::Response> AdminListener::guard(const http::Request& request) const {
  if (!is_our_host(request)) {
    return admin::error(403, "wrong_host", "this Host is not served here");
  }
  if (pages_.owns && pages_.owns(request.path())) return pages_.guard(request);
  const bool is_probe = request.path() == "/healthz" || request.path() == "/readyz";
  const std::string token = [this] {
    const std::lock_guard lock(mutex_);
    return token_;
  }();
  if (!token.empty() && !is_probe) {
    const std::string expected = "Bearer " + token;
    const bool is_told =
        core::constant_time_equal(request.header("authorization").value_or(""), expected);
    if (!is_told && !(pages_.is_signed_in && pages_.is_signed_in(request))) {
      return admin::error(401, "unauthorized", "send Authorization: Bearer with the admin token");
    }
  }
  // A page elsewhere can make a browser send forms, never JSON, without asking us first.
  if (is_write(request)) {
    const std::string_view type = request.header("content-type").value_or("");
    if (core::media_type_of(type) != core::MediaType::kJson) {
      return admin::error(415, "unsupported_media_type", "send Content-Type: application/json");
    }
  }
  return std::nullopt;
}

// Keeps web pages elsewhere from reaching us through a name that they let point here (DNS
// rebinding): only names of this machine's loopback and the configured address are ours.
bool AdminListener::is_our_host(const http::Request& request) const {
  const auto host = request.header("host");
  const core::ListenAddress& listen = uses_.config.admin.listen;
  if (!host) return true;  // HTTP/1.0; no browser speaks it
  const std::string_view name = host_name(*host);
  if (core::equal_ignoring_case(name, "localhost") || name == "127.0.0.1" || name == "::1") return true;
  if (listen.kind == core::ListenAddress::Kind::kUnix) return name.empty();
  if (listen.host == "0.0.0.0" || listen.host == "::") {
    return std::all_of(name.begin(), name.end(),
                       [](char c) {
                         return (c >= '0' && c <= '9') || c == '.' || c == ':' ||
                                (c >= 'a' && c <= 'f');
                       }) &&
           name.find_first_of(".:") != std::string_view::npos;
  }
  return core::equal_ignoring_case(name, listen.host);
}

http::Answer AdminListener::reading(Read read) {
  return reading_or(std::move(read), [] { return std::nullopt; });
}

http::Answer AdminListener::reading_or(Read read, Otherwise otherwise) {
  return {admin::unavailable(), [this, read = std::move(read), otherwise = std::move(otherwise)](
                                    const http::Completion& complete) {
            uses_.readers.run(
                [read, complete](storage::Reader& reader) { complete(read(reader)); },
                [otherwise, complete] { complete(otherwise()); });
          }};
}

// The edge holds long polls for a minute; nobody waits for a write that long (interface §6).
void AdminListener::limit_write(const http::Completion& complete) {
  uses_.timers.after(kWriteDeadline, [complete] { complete(std::nullopt); });
}

void AdminListener::read_into(Read read, const http::Completion& complete) {
  uses_.readers.run(
      [read = std::move(read), complete](storage::Reader& reader) { complete(read(reader)); },
      [complete] { complete(std::nullopt); });
}

}  // namespace reconciled
