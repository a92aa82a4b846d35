// A message on its way to the shop's backend: signed by Standard Webhooks (standardwebhooks.com),
// posted, and what its answer means.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "daemon/http/client.h"
#include "daemon/core/words/time.h"
#include "storage/notification_records.h"

namespace reconciled::notify {

// What an answer says of the message.
struct Verdict {
  enum class Kind {
    kTaken,  // 2xx
    kRefused,
    kGone,  // 410: nobody wants messages here any more
    kBusy   // 429, 502, 503, 504, silence: it is too much, or the shop is away
  } kind = Kind::kRefused;
  std::string outcome;                                    // one line, for people
  std::optional<std::chrono::milliseconds> retry_after{};  // an hour at most
};
[[nodiscard]] Verdict judge(const http::ClientResult& result);

// Where messages go, and how they are signed. Any thread.
class BackendClient {
 public:
  // `secret`: whsec_…, base64. `instance`: what tells this database's messages from another's. Throws
  // std::invalid_argument for a URL or a secret that is none.
  BackendClient(const std::string& url, const std::string& secret, std::string instance);

  [[nodiscard]] const std::shared_ptr<const http::Upstream>& upstream() const { return upstream_; }
  // The same message has the same `webhook-id`, however often it is sent; `now` is the machine's time.
  [[nodiscard]] http::ClientRequest request(const storage::DueNotification& message,
                                            core::Time now) const;

 private:
  std::shared_ptr<const http::Upstream> upstream_;
  std::string target_;
  std::string key_;
  std::string instance_;
};

}  // namespace reconciled::notify
