#include "daemon/webhook/webhook_listener.h"

#include <atomic>
#include <chrono>
#include <nlohmann/json.hpp>

#include "daemon/core/messages/stored_headers.h"
#include "daemon/core/words/text.h"
#include "daemon/runtime/log.h"

namespace reconciled {
namespace {

using namespace std::chrono_literals;

// PortOne waits 5 s at the least (dossier §5); the interface promises 2 s.
constexpr auto kConfirmDeadline = 1900ms;
constexpr std::size_t kMaxKeptText = 200;
// Of one second; more of them are a flood, which is counted in the metrics alone and keeps the
// writer from nothing.
constexpr int kMostNoted = 500;

http::Response line(int status, std::string text) {
  http::Response response{.status = status, .body = std::move(text) + "\n"};
  if (status == 503) response.headers.emplace_back("Retry-After", "5");
  return response;
}

std::string header_text(const http::Request& request, std::string_view name) {
  return core::clean_text(request.header(name).value_or(""), kMaxKeptText);
}

bool carries_signature(const http::Request& request) {
  return request.header("webhook-signature") || request.header("webhook-id") ||
         request.header("webhook-timestamp");
}

http::Response confirm_response(const core::ConfirmAnswer& answer, std::optional<core::Api> api) {
  if (answer.approved) {
    return {.status = 200, .content_type = "application/json", .body = "{}\n"};
  }
  const char* key = api == core::Api::kV2 ? "errorMessage" : "reason";
  return {.status = 409,
          .content_type = "application/json",
          .body = nlohmann::json{{key, answer.reason}}.dump() + "\n"};
}

}  // namespace

WebhookListener::WebhookListener(const Uses& uses)
    : uses_(uses), watch_(uses.warnings, uses.timers) {
  reload(uses.config);
}

void WebhookListener::add_routes(http::Router& router) {
  // Told apart by content, whichever of the two a message arrives at.
  const core::WebhookConfig& config = uses_.config.webhook;
  router.on("POST", http::Router::literal(config.confirm_path),
            [this](const http::Request& request) { return receive(request, true); });
  router.on("POST", http::Router::literal(config.path),
            [this](const http::Request& request) { return receive(request, false); });
  // A wrong path in PortOne's console looks like silence here, unless somebody tells.
  router.on_error([this](int status, const http::Request& request) {
    const char* const reason = status == 405 ? "method not allowed" : "not found";
    note(request, {status, EventOutcome::kMalformed, reason, reason, std::nullopt});
    return line(status, reason);
  });
}

void WebhookListener::reload(const core::Config& config) {
  auto fresh = std::make_shared<Trust>();
  if (config.v2) fresh->verifier.emplace(config.v2->webhook_secrets);
  fresh->takes_v1 = config.v1.has_value();
  fresh->source_ips = core::AddressRanges(config.webhook.source_ips);
  fresh->enforces_source = config.webhook.source_ip_policy == core::SourceIpPolicy::kEnforce;
  if (config.v1) watch_.configured(core::Api::kV1);
  if (config.v2) watch_.configured(core::Api::kV2);
  const std::lock_guard lock(mutex_);
  trust_ = std::move(fresh);
}

std::shared_ptr<const WebhookListener::Trust> WebhookListener::trust() const {
  const std::lock_guard lock(mutex_);
  return trust_;
}

http::Answer WebhookListener::receive(const http::Request& request, bool may_charge) {
  const std::shared_ptr<const Trust> trust = this->trust();
  const bool known_source = trust->source_ips.contain(request.client_ip);
  if (trust->enforces_source && !known_source) {
    return refuse(request, {403, EventOutcome::kRefusedSource, "source address not allowed",
                            "this address may not deliver webhooks", std::nullopt});
  }
  Verified verified = verify(request, *trust);
  if (!verified.ok()) return refuse(request, verified.error());
  storage::NewEvent event{.event = std::move(verified.value()),
                          .received_at = uses_.clock.now(),
                          .remote_ip = request.client_ip,
                          .known_source = known_source,
                          .headers_json = core::stored_headers(request.headers)};
  // A plain 200 at the confirm path charges the buyer: what is not understood there is refused, and
  // what says nothing that a webhook says.
  const bool is_strange_question =
      may_charge && (event.event.kind == core::EventKind::kUnknown || event.event.type.empty());
  if (event.event.source == core::EventSource::kConfirm || is_strange_question) {
    return confirm(std::move(event));
  }
  return store(std::move(event));
}

WebhookListener::Verified WebhookListener::verify(const http::Request& request,
                                                  const Trust& trust) {
  const bool has_signature = carries_signature(request);
  auto message = core::classify_webhook(request.header("content-type").value_or(""), request.body,
                                        has_signature, request.header("webhook-id").value_or(""));
  if (!message.ok()) {
    const bool unsupported = message.error().fault == core::WebhookFault::kUnsupportedType;
    return Refusal{unsupported ? 415 : 400, EventOutcome::kMalformed, message.error().detail,
                   unsupported ? "send JSON or a form" : "this is no message of PortOne",
                   std::nullopt};
  }
  core::Event& event = message.value().event;
  if (message.value().needs_signature) {
    if (auto refusal = check_signature(request, trust)) {
      refusal->api = event.api;
      return *refusal;
    }
    event.signed_by_portone = true;
  } else if (event.api == core::Api::kV1 && !trust.takes_v1) {
    watch_.not_configured(core::Api::kV1, std::chrono::steady_clock::now());
    return Refusal{503, EventOutcome::kNotConfigured, "V1 is not configured",
                   "PortOne V1 is not configured here", event.api};
  }
  return std::move(event);
}

std::optional<WebhookListener::Refusal> WebhookListener::check_signature(
    const http::Request& request, const Trust& trust) {
  if (!trust.verifier) {
    watch_.not_configured(core::Api::kV2, std::chrono::steady_clock::now());
    return Refusal{503, EventOutcome::kNotConfigured, "V2 is not configured",
                   "PortOne V2 is not configured here", core::Api::kV2};
  }
  const auto refused = [this](core::SignatureVerdict verdict, std::string reason) {
    watch_.signature_refused(verdict, std::chrono::steady_clock::now());
    return Refusal{401, EventOutcome::kBadSignature, std::move(reason),
                   "the signature is not valid", std::nullopt};
  };
  for (const char* name : {"webhook-id", "webhook-timestamp", "webhook-signature"}) {
    if (request.count_headers(name) > 1) {
      return refused(core::SignatureVerdict::kMalformedHeaders,
                     std::string("repeated header ") + name);
    }
  }
  const core::SignatureHeaders headers{request.header("webhook-id"),
                                       request.header("webhook-timestamp"),
                                       request.header("webhook-signature")};
  const core::SignatureVerdict verdict =
      trust.verifier->verify(headers, request.body, uses_.clock.wall());
  if (verdict != core::SignatureVerdict::kValid) {
    return refused(verdict, std::string(core::to_word(verdict)));
  }
  watch_.signature_good();
  return std::nullopt;
}

http::Answer WebhookListener::refuse(const http::Request& request, const Refusal& refusal) {
  note(request, refusal);
  return line(refusal.status, refusal.text);
}

void WebhookListener::note_refusal(const http::EdgeRefusal& refusal) {
  // No word on the delivery: we were full or slow, and it comes again.
  if (refusal.status == 503) return;
  note(refusal.request,
       {refusal.status, EventOutcome::kMalformed, std::string(refusal.reason), {}, std::nullopt});
}

void WebhookListener::note(const http::Request& request, const Refusal& refusal) {
  uses_.metrics.event(core::EventSource::kWebhook, refusal.api, refusal.outcome);
  log_debug(
      "delivery refused",
      {{"status", refusal.status}, {"reason", refusal.reason}, {"remote_ip", request.client_ip}});
  const core::Time now = uses_.clock.now();
  if (!may_note(now)) return;
  uses_.writer.reject_delivery({.at = now,
                                    .remote_ip = request.client_ip,
                                    .path = core::clean_text(request.path(), kMaxKeptText),
                                    .status = refusal.status,
                                    .reason = refusal.reason,
                                    .webhook_id = header_text(request, "webhook-id"),
                                    .content_type = header_text(request, "content-type"),
                                    .body_bytes = static_cast<std::int64_t>(request.body.size()),
                                    .body_sha256 = core::to_hex(core::sha256(request.body))});
}

bool WebhookListener::may_note(core::Time now) {
  const std::lock_guard lock(mutex_);
  if (now < noted_since_ || now >= noted_since_ + 1s) {
    noted_since_ = now;
    noted_ = 0;
  }
  return ++noted_ <= kMostNoted;
}

http::Answer WebhookListener::store(storage::NewEvent event) {
  // 2xx leaves only after the commit: the edge holds it until `done` is called (promise 1).
  return {
      line(200, "ok"), [this, event = std::move(event)](const http::Completion& complete) mutable {
        const std::optional<core::Api> api = event.event.api;
        const core::Time began = event.received_at;
        uses_.writer.accept_event(std::move(event), [this, complete, api,
                                                         began](const auto& outcome) {
          if (!outcome.ok()) {
            uses_.metrics.event(core::EventSource::kWebhook, api, EventOutcome::kUnavailable);
            complete(line(503, "cannot be stored right now"));
            return;
          }
          if (outcome.value().is_one_too_many) {
            uses_.metrics.event(core::EventSource::kWebhook, api, EventOutcome::kUnavailable);
            complete(line(429, "too many different messages name this payment"));
            return;
          }
          uses_.metrics.event(
              core::EventSource::kWebhook, api,
              outcome.value().is_copy ? EventOutcome::kCopy : EventOutcome::kStored);
          uses_.metrics.ack_seconds(Seconds(uses_.clock.now() - began));
          complete(std::nullopt);
        });
      }};
}

http::Answer WebhookListener::confirm(storage::NewEvent question) {
  const std::optional<core::Api> api = question.event.api;
  return {confirm_response(core::cannot_tell(), api),
          [this, api, question = std::move(question)](const http::Completion& complete) mutable {
            // A question that gets no answer in time is refused, never left to PortOne's own
            // time-out; and what PortOne was told is what is kept.
            auto is_answered = std::make_shared<std::atomic<bool>>(false);
            uses_.timers.after(kConfirmDeadline, [complete, is_answered] {
              if (!is_answered->exchange(true)) complete(std::nullopt);
            });
            uses_.writer.answer_confirm(
                std::move(question), [is_answered] { return is_answered->load(); },
                [this, complete, api, is_answered](const auto& outcome) {
                  uses_.metrics.event(
                      core::EventSource::kConfirm, api,
                      outcome.ok() ? EventOutcome::kStored : EventOutcome::kUnavailable);
                  const bool is_late = is_answered->exchange(true);
                  if (is_late) {
                    keep_refusal(outcome);
                  } else if (outcome.ok()) {
                    complete(confirm_response(outcome.value().answer, api));
                  } else {
                    complete(std::nullopt);
                  }
                });
          }};
}

// What was approved on disk was refused meanwhile. (An earlier copy's approval was PortOne's.)
void WebhookListener::keep_refusal(
    const core::Outcome<storage::Confirmed, storage::WriteFailure>& outcome) {
  if (!outcome.ok() || !outcome.value().answer.approved || outcome.value().is_copy) return;
  uses_.writer.take_back_confirm(outcome.value().event);
}

}  // namespace reconciled
