#include "daemon/notify/backend_client.h"

#include <doctest/doctest.h>

#include <map>
#include <stdexcept>

#include "daemon/core/messages/signature.h"

using namespace reconciled;
using namespace reconciled::notify;
using namespace std::chrono_literals;

namespace {

constexpr const char* kUrl = "https://shop.example/hooks?of=orders";
constexpr const char* kSecret = "whsec_c2VjcmV0LW9mLXRoZS1zaG9wcy1iYWNrZW5k";
constexpr core::Time kNow{1'795'000'000'123ms};

Verdict answered(int status, const std::string& retry_after = "") {
  http::ClientResponse response;
  response.status = status;
  response.retry_after = retry_after;
  return judge(response);
}

storage::DueNotification message() {
  return {.id = 7,
          .payment = 3,
          .type = core::NotificationType::kPaid,
          .created_at = core::Time{1'794'999'000'456ms},
          .body = R"({"type":"payment.paid"})"};
}

std::map<std::string, std::string> headers_of(const http::ClientRequest& request) {
  return {request.headers.begin(), request.headers.end()};
}

}  // namespace

TEST_CASE("a message is taken by 2xx alone; 410 ends all; what is too much or silent is busy") {
  using Kind = Verdict::Kind;
  for (const int status : {200, 202, 204, 299}) CHECK(answered(status).kind == Kind::kTaken);
  for (const int status : {301, 307, 400, 401, 403, 404, 409, 422, 500, 501}) {
    CAPTURE(status);
    CHECK(answered(status).kind == Kind::kRefused);
    CHECK(answered(status).outcome.starts_with(std::to_string(status)));
  }
  CHECK(answered(410).kind == Kind::kGone);
  for (const int status : {429, 502, 503, 504}) CHECK(answered(status).kind == Kind::kBusy);
  const Verdict silent = judge(http::ClientError{http::ClientFault::kTimeout, "no answer"});
  CHECK(silent.kind == Kind::kBusy);
  CHECK(silent.outcome.find("no answer") != std::string::npos);
  // Its body was too long, or did not end.
  CHECK(judge(http::ClientError{http::ClientFault::kTooLarge, "", 200}).kind == Kind::kTaken);
  CHECK(judge(http::ClientError{http::ClientFault::kTimeout, "", 503}).kind == Kind::kBusy);
}

TEST_CASE("a pause that the backend asks for is seconds, an hour at most, and only where it is busy") {
  CHECK(answered(429, "30").retry_after == 30s);
  CHECK(answered(503, "0").retry_after == 0ms);
  CHECK(answered(503, "86400").retry_after == 1h);
  for (const char* odd : {"", "-1", "soon", "1.5", "99999999999999999999",
                          "Thu, 26 Nov 2026 10:00:00 GMT"}) {
    CAPTURE(odd);
    CHECK_FALSE(answered(429, odd).retry_after.has_value());
  }
  CHECK_FALSE(answered(500, "30").retry_after.has_value());
}

TEST_CASE("a message is signed as Standard Webhooks says, and keeps its id whenever it is sent") {
  const BackendClient client(kUrl, kSecret, "abc123");
  const http::ClientRequest request = client.request(message(), kNow);
  const auto headers = headers_of(request);
  CHECK(request.method == "POST");
  CHECK(request.target == "/hooks?of=orders");
  CHECK(request.content_type == "application/json");
  CHECK(headers.at("webhook-id") == "msg_abc123_7_1794999000456");
  CHECK(headers.at("webhook-timestamp") == "1795000000");
  const std::string key = core::decode_webhook_secret(kSecret).value();
  CHECK(headers.at("webhook-signature") ==
        core::sign_webhook(key, headers.at("webhook-id"), "1795000000", message().body));

  const auto later = headers_of(client.request(message(), kNow + 24h));
  CHECK(later.at("webhook-id") == headers.at("webhook-id"));
  CHECK(later.at("webhook-signature") != headers.at("webhook-signature"));
}

TEST_CASE("a URL or a secret that is none is refused by name; a URL without a path is its root") {
  CHECK_THROWS_AS(BackendClient("shop.example/hooks", kSecret, "a"), std::invalid_argument);
  CHECK_THROWS_AS(BackendClient(kUrl, "whsec_%%%", "a"), std::invalid_argument);
  const auto target_of = [](const std::string& url) {
    return BackendClient(url, kSecret, "a").request(message(), kNow).target;
  };
  CHECK(target_of("http://127.0.0.1:3000") == "/");
  CHECK(target_of("http://127.0.0.1:3000?x=1") == "/?x=1");
}
