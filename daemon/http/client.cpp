#include "daemon/http/client.h"

#include <curl/curl.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <list>
#include <map>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "daemon/core/words/check.h"
#include "daemon/http/client_call.h"

namespace reconciled::http {
namespace {

using Steady = ClientCall::Steady;
using std::chrono::milliseconds;

constexpr milliseconds kLongestPoll{1'000};
// How often calls are looked at whether they have been silent for too long.
constexpr milliseconds kLook{50};
// Calls that ended are kept for the next ones, so many at most.
constexpr std::size_t kMaxIdle = 128;

struct EndMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

// A CA file that cannot be read would otherwise be noticed with the first call.
void check_ca_file(const std::string& path) {
  if (path.empty()) return;
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  SSL_CTX_free);
  if (!context || SSL_CTX_load_verify_locations(context.get(), path.c_str(), nullptr) != 1) {
    throw std::runtime_error("CA file " + path + " cannot be read");
  }
}

CURLM* make_multi() {
  static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);
  CURLM* const multi = kReady == CURLE_OK ? curl_multi_init() : nullptr;
  if (multi == nullptr) throw std::runtime_error("curl cannot be set up");
  // As many as the server allows: each call beyond curl's own limit would open a connection.
  curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, 1'024L);
  return multi;
}

}  // namespace

std::string_view to_word(ClientFault fault) {
  switch (fault) {
    case ClientFault::kConnect:
      return "connect";
    case ClientFault::kTls:
      return "tls";
    case ClientFault::kTimeout:
      return "timeout";
    case ClientFault::kBroken:
      return "broken";
    case ClientFault::kTooLarge:
      return "too_large";
  }
  return "broken";
}

std::string client_library() { return curl_version(); }

Upstream::Upstream(ClientOptions options)
    : options_(std::move(options)), origin_(parse_base_url(options_.base_url)) {
  if (origin_.tls) check_ca_file(options_.ca_file);
}

struct ClientLoop::Impl {
  using Calls = std::list<std::unique_ptr<ClientCall>>;
  struct Ended {
    Done done;
    ClientResult result;
  };

  void end(Calls::iterator call, ClientResult result);
  void end_all(const ClientError& error);
  void end_silent(Steady::time_point now);
  [[nodiscard]] std::unique_ptr<ClientCall> idle_call();
  void note_silence(ClientCall& call, Steady::time_point now);
  [[nodiscard]] bool is_in_doubt(const Upstream& upstream) const;
  // Whether there was anything.
  [[nodiscard]] bool do_posted();
  void take_ended();
  [[nodiscard]] bool tell_ended();

  std::unique_ptr<CURLM, EndMulti> multi{make_multi()};  // keeps connections between calls
  Calls calls;  // in flight; before `multi` goes they are taken out of it
  std::vector<std::unique_ptr<ClientCall>> idle;
  std::vector<Ended> ended;  // to be told
  Steady::time_point look_at{};
  // By base_url: a connection to it may hang that others of its calls are on.
  std::map<std::string, Steady::time_point> in_doubt_until;
  std::atomic<bool> aborted{false};
  std::mutex mutex;
  std::vector<std::function<void()>> posted;  // guarded by mutex
};

void ClientLoop::Impl::end(Calls::iterator call, ClientResult result) {
  curl_multi_remove_handle(multi.get(), (*call)->easy());
  ended.push_back({(*call)->release(), std::move(result)});
  if (idle.size() < kMaxIdle) idle.push_back(std::move(*call));
  calls.erase(call);
}

void ClientLoop::Impl::end_all(const ClientError& error) {
  while (!calls.empty()) end(calls.begin(), error);
}

void ClientLoop::Impl::end_silent(Steady::time_point now) {
  if (now < look_at) return;
  look_at = now + kLook;
  for (auto call = calls.begin(); call != calls.end();) {
    const auto current = call++;
    if (now - (*current)->quiet_since(now) >= (*current)->options().read_timeout) {
      note_silence(**current, now);
      end(current, ClientError{ClientFault::kTimeout, "no byte in time"});
    }
  }
}

// Over HTTP/2 a connection outlives its calls, and one that hangs would take every later call along:
// none is put on it any more until those that are on it have ended.
void ClientLoop::Impl::note_silence(ClientCall& call, Steady::time_point now) {
  if (!call.is_silent()) return;
  call.give_up_connection();
  in_doubt_until[call.options().base_url] = now + call.options().total_deadline;
}

bool ClientLoop::Impl::is_in_doubt(const Upstream& upstream) const {
  const auto found = in_doubt_until.find(upstream.options().base_url);
  return found != in_doubt_until.end() && Steady::now() < found->second;
}

std::unique_ptr<ClientCall> ClientLoop::Impl::idle_call() {
  if (idle.empty()) return std::make_unique<ClientCall>();
  std::unique_ptr<ClientCall> call = std::move(idle.back());
  idle.pop_back();
  return call;
}

bool ClientLoop::Impl::do_posted() {
  std::vector<std::function<void()>> works;
  {
    const std::lock_guard lock(mutex);
    works.swap(posted);
  }
  for (const auto& work : works) work();
  return !works.empty();
}

void ClientLoop::Impl::take_ended() {
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    ClientCall& which = ClientCall::of(message->easy_handle);
    const CURLcode code = message->data.result;
    if (code == CURLE_OPERATION_TIMEDOUT) note_silence(which, Steady::now());
    const auto call = std::find_if(calls.begin(), calls.end(),
                                   [&](const auto& known) { return known.get() == &which; });
    core::check(call != calls.end(), "curl ends a call that is in flight");
    end(call, which.result(code));
  }
}

// Whether there was anybody to tell.
bool ClientLoop::Impl::tell_ended() {
  std::vector<Ended> now;
  now.swap(ended);
  for (Ended& one : now) one.done(std::move(one.result));
  return !now.empty();
}

ClientLoop::ClientLoop() : impl_(std::make_unique<Impl>()) {
  // OpenSSL writes without MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
}

ClientLoop::~ClientLoop() {
  for (const auto& call : impl_->calls) {
    curl_multi_remove_handle(impl_->multi.get(), call->easy());
  }
}

void ClientLoop::send(std::shared_ptr<const Upstream> upstream, ClientRequest request, Done done) {
  Impl& impl = *impl_;
  if (!ClientCall::is_sendable(request)) {
    impl.ended.push_back({std::move(done), ClientError{ClientFault::kBroken, "unsendable request"}});
    return;
  }
  std::unique_ptr<ClientCall> call = impl.idle_call();
  const bool is_in_doubt = impl.is_in_doubt(*upstream);
  call->prepare(std::move(upstream), std::move(request), std::move(done), is_in_doubt);
  core::check(curl_multi_add_handle(impl.multi.get(), call->easy()) == CURLM_OK,
              "curl takes a call");
  impl.calls.push_back(std::move(call));
}

void ClientLoop::run_once(milliseconds at_most) {
  Impl& impl = *impl_;
  const bool had_work = impl.do_posted();
  if (impl.aborted) {
    impl.end_all({ClientFault::kBroken, "aborted"});
  } else {
    int running = 0;
    if (curl_multi_perform(impl.multi.get(), &running) != CURLM_OK) {
      impl.end_all({ClientFault::kBroken, "curl gave up"});
    }
    impl.take_ended();
    impl.end_silent(Steady::now());
  }
  // Whoever posted something may have more to do now.
  if (impl.tell_ended() || had_work) return;
  milliseconds wait = std::min(at_most, kLongestPoll);
  if (!impl.calls.empty()) wait = std::min(wait, kLook);
  curl_multi_poll(impl.multi.get(), nullptr, 0, static_cast<int>(wait.count()), nullptr);
}

void ClientLoop::post(std::function<void()> work) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->posted.push_back(std::move(work));
  }
  curl_multi_wakeup(impl_->multi.get());
}

void ClientLoop::abort() {
  impl_->aborted = true;
  curl_multi_wakeup(impl_->multi.get());
}

bool ClientLoop::is_aborted() const { return impl_->aborted; }

Client::Client(ClientOptions options)
    : upstream_(std::make_shared<Upstream>(std::move(options))),
      loop_(std::make_unique<ClientLoop>()) {}

ClientResult Client::send(const ClientRequest& request) {
  std::optional<ClientResult> result;
  loop_->send(upstream_, request, [&result](ClientResult got) { result = std::move(got); });
  while (!result) loop_->run_once(kLongestPoll);
  return std::move(*result);
}

}  // namespace reconciled::http
