// One API of PortOne's, called over the loop: the calls, and what each tells of PortOne as a whole.
//
// Belongs to the loop's thread. Used by V1Client, V2Client and the login.
#pragma once

#include <memory>

#include "daemon/core/words/states.h"
#include "daemon/http/client.h"
#include "daemon/portone/access_watch.h"
#include "daemon/portone/fault.h"
#include "daemon/http/in_flight_limit.h"
#include "daemon/portone/task.h"
#include "daemon/runtime/clock.h"

namespace reconciled::portone {

// What PortOne is told is given up, and told again, sooner than a question: somebody waits for it.
inline constexpr std::chrono::milliseconds kTellingPatience{10'000};

class Calls {
 public:
  Calls(core::Api api, http::ClientOptions options, http::ClientLoop& loop, AccessWatch& watch,
        http::InFlightLimit& limit, const Clock& clock);

  // The response, whatever its status; a fault where none came, whose reason begins with `what`.
  Task<Asked<http::ClientResponse>> send(http::ClientRequest request, std::string what = {});
  // What an answer that is none says: why, and about PortOne as a whole.
  [[nodiscard]] LookupFault refused(const core::AnswerError& error,
                                    const http::ClientResponse& response);
  // A usable answer came.
  void answered() { watch_.answered(api_); }
  [[nodiscard]] bool is_aborted() const { return loop_.is_aborted(); }
  [[nodiscard]] core::Time now() const { return clock_.now(); }

 private:
  const core::Api api_;
  const std::shared_ptr<const http::Upstream> upstream_;
  http::ClientLoop& loop_;
  AccessWatch& watch_;
  http::InFlightLimit& limit_;
  const Clock& clock_;
};

}  // namespace reconciled::portone
