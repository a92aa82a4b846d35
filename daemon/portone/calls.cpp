#include "daemon/portone/calls.h"

namespace reconciled::portone {
namespace {

// Suspends until the loop has the response.
struct Sending {
  http::ClientLoop& loop;
  std::shared_ptr<const http::Upstream> upstream;
  http::ClientRequest request;
  std::optional<http::ClientResult> result;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> sender) {
    loop.send(std::move(upstream), std::move(request), [this, sender](http::ClientResult got) {
      result = std::move(got);
      sender.resume();
    });
  }
  http::ClientResult await_resume() { return std::move(*result); }
};

}  // namespace

Calls::Calls(core::Api api, http::ClientOptions options, http::ClientLoop& loop,
             AccessWatch& watch, http::InFlightLimit& limit, const Clock& clock)
    : api_(api),
      upstream_(std::make_shared<http::Upstream>(std::move(options))),
      loop_(loop),
      watch_(watch),
      limit_(limit),
      clock_(clock) {}

Task<Asked<http::ClientResponse>> Calls::send(http::ClientRequest request, std::string what) {
  const auto begun = http::InFlightLimit::Steady::now();
  limit_.began(begun);
  Sending sending{loop_, upstream_, std::move(request), std::nullopt};
  http::ClientResult result = co_await sending;
  const auto ended = http::InFlightLimit::Steady::now();
  if (result.ok()) {
    const int status = result.value().status;
    limit_.ended(begun, ended, status != 429 && status != 503);
    watch_.told_time(api_, result.value().date, clock_.wall());
    co_return std::move(result.value());
  }
  LookupFault fault = fault_of(result.error());
  fault.detail = what + fault.detail;
  limit_.ended(begun, ended, false);
  if (!is_aborted()) watch_.unanswered(api_, fault.detail);
  co_return fault;
}

LookupFault Calls::refused(const core::AnswerError& error, const http::ClientResponse& response) {
  LookupFault fault = fault_of(error, response);
  watch_.note(api_, error, fault.detail);
  return fault;
}

}  // namespace reconciled::portone
