#include "daemon/http/connection.h"

#include "daemon/http/held_exchange.h"
#include "daemon/http/refusal.h"

namespace reconciled::http {
namespace {

constexpr std::chrono::milliseconds kLingerDeadline{1'000};
constexpr std::chrono::milliseconds kStopPatience{500};  // with a request that has begun
constexpr std::size_t kMaxDiscardedBytes = 1024 * 1024;
constexpr std::size_t kBufferKeptIdle = 4096;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

Connection::Connection(Loop& loop, Listener& listener, int fd, std::string peer_ip)
    : loop_(loop),
      listener_(listener),
      descriptor_(loop.io(), fd),
      transport_(fd, listener.tls.get()),
      peer_ip_(std::move(peer_ip)),
      unfinished_(listener) {}

Connection::~Connection() { listener_.connections.fetch_sub(1, std::memory_order_relaxed); }

void Connection::enter(State state, std::chrono::milliseconds limit) {
  state_ = state;
  deadline_ = Clock::now() + limit;
}

void Connection::start() {
  enter(transport_.encrypted() ? State::kHandshake : State::kHead,
        listener_.options.limits.head_deadline);
  on_ready();
}

void Connection::refuse_as_full() {
  if (transport_.encrypted()) {
    loop_.counters.refused.fetch_add(1, std::memory_order_relaxed);
    close();  // a handshake is more than an unwanted guest gets
    return;
  }
  refuse(503, "too many connections");
  advance();
}

void Connection::wait(Transport::Outcome what) {
  using Wait = asio::posix::descriptor_base;
  const auto type = what == Transport::Outcome::kWantWrite ? Wait::wait_write : Wait::wait_read;
  descriptor_.async_wait(
      type, [self = shared_from_this(), number = ++wait_number_](const std::error_code& error) {
        if (!error && number == self->wait_number_) self->on_ready();
      });
}

void Connection::on_ready() {
  switch (state_) {
    case State::kHandshake:
      shake_hands();
      break;
    case State::kHead:
    case State::kBody:
      read_more();
      break;
    case State::kWriting:
      advance();
      break;
    case State::kLingering:
      discard();
      break;
    case State::kHeld:
    case State::kClosed:
      break;
  }
}

void Connection::shake_hands() {
  const auto outcome = transport_.handshake();
  if (outcome == Transport::Outcome::kWantRead || outcome == Transport::Outcome::kWantWrite) {
    wait(outcome);
  } else if (outcome == Transport::Outcome::kDone) {
    state_ = State::kHead;  // under the same deadline
    read_more();
  } else {
    loop_.counters.refused.fetch_add(1, std::memory_order_relaxed);
    close();
  }
}

void Connection::read_more() {
  auto& scratch = loop_.scratch();
  std::size_t got = 0;
  const auto outcome = transport_.read(scratch.data(), scratch.size(), got);
  switch (outcome) {
    case Transport::Outcome::kWantRead:
    case Transport::Outcome::kWantWrite:
      wait(outcome);
      return;
    case Transport::Outcome::kEnd:
    case Transport::Outcome::kBroken:
      close();
      return;
    case Transport::Outcome::kDone:
      break;
  }
  if (idle_) {
    idle_ = false;
    deadline_ = Clock::now() + listener_.options.limits.head_deadline;
  }
  in_.append(scratch.data(), got);
  unfinished_.set(in_.size() + head_.request.body.size());
  if (unfinished_.is_too_much()) refuse(503, "too many requests under way");
  advance();
}

void Connection::advance() {
  auto step = Step::kAgain;
  while (step == Step::kAgain) {
    switch (state_) {
      case State::kHead:
        step = take_head();
        break;
      case State::kBody:
        step = take_body();
        break;
      case State::kWriting:
        step = flush();
        break;
      case State::kHandshake:
      case State::kHeld:
      case State::kLingering:
      case State::kClosed:
        step = Step::kWait;
        break;
    }
  }
}

Connection::Step Connection::take_head() {
  const auto& limits = listener_.options.limits;
  auto progress = parse_request_head(
      in_, {limits.max_request_line_bytes, limits.max_head_bytes, limits.max_headers});
  if (progress.head) head_ = *std::move(progress.head);
  switch (progress.state) {
    case HeadProgress::State::kIncomplete:
      if (has_answered_ && is_line_ends(in_)) {  // part of no request: as idle as before
        in_.clear();
        idle_ = true;
        enter(State::kHead, limits.idle_deadline);
      }
      wait(Transport::Outcome::kWantRead);
      return Step::kWait;
    case HeadProgress::State::kRefused:
      refuse(progress.refusal->status, progress.refusal->reason);
      return Step::kAgain;
    case HeadProgress::State::kComplete:
      break;
  }
  in_.erase(0, head_.bytes);
  return begin_body();
}

Connection::Step Connection::begin_body() {
  const auto& limits = listener_.options.limits;
  const auto& method = head_.request.method;
  const bool sends_body = method == "POST" || method == "PUT" || method == "PATCH";
  if (sends_body && !head_.has_length && !head_.chunked) {
    refuse(411, "a Content-Length is required");
    return Step::kAgain;
  }
  if (head_.content_length > limits.max_body_bytes) {
    refuse(413, "request body too large");
    return Step::kAgain;
  }
  chunks_.reset();
  if (head_.chunked) chunks_.emplace(limits.max_body_bytes);
  enter(State::kBody, limits.body_deadline);
  if (head_.expects_continue && in_.empty() && (head_.chunked || head_.content_length > 0) &&
      !send_continue()) {
    close();
  }
  return Step::kAgain;
}

// A few bytes on a connection that has nothing else to send: if they do not fit, it is broken.
bool Connection::send_continue() {
  std::size_t sent = 0;
  return transport_.write(kContinue, sent) == Transport::Outcome::kDone && sent == kContinue.size();
}

Connection::Step Connection::take_body() {
  auto& body = head_.request.body;
  if (chunks_) {
    std::string_view rest = in_;
    const auto state = chunks_->feed(rest, body);
    in_.erase(0, in_.size() - rest.size());
    switch (state) {
      case ChunkedBody::State::kIncomplete:
        wait(Transport::Outcome::kWantRead);
        return Step::kWait;
      case ChunkedBody::State::kMalformed:
        refuse(400, "malformed chunked body");
        return Step::kAgain;
      case ChunkedBody::State::kTooLarge:
        refuse(413, "request body too large");
        return Step::kAgain;
      case ChunkedBody::State::kComplete:
        break;
    }
  } else {
    if (in_.size() < head_.content_length) {
      wait(Transport::Outcome::kWantRead);
      return Step::kWait;
    }
    body.assign(in_, 0, head_.content_length);
    in_.erase(0, head_.content_length);
  }
  hand_over();
  return Step::kAgain;
}

void Connection::hand_over() {
  loop_.counters.requests.fetch_add(1, std::memory_order_relaxed);
  auto& request = head_.request;
  request.peer_ip = peer_ip_;
  request.secure = transport_.encrypted();
  listener_.proxies()->resolve(request);

  auto dispatched = listener_.router->dispatch(request, head_.keep_alive && !loop_.stopping());
  if (!dispatched.work) {
    answer(std::move(dispatched.prepared));
    return;
  }
  out_ = std::move(dispatched.prepared.bytes);
  close_after_answer_ = !dispatched.prepared.keep_alive;
  hold(dispatched.work);
}

void Connection::hold(const std::function<void(Completion)>& work) {
  enter(State::kHeld, listener_.options.limits.hold_deadline);
  auto held = std::make_shared<Held>(loop_.mailbox(), weak_from_this(), ++exchange_);
  try {
    work([held = std::move(held)](std::optional<Response> instead) {
      held->end(std::move(instead));
    });
  } catch (const std::exception&) {
    // Its completion was dropped or will come: the exchange ends either way.
    loop_.counters.refused.fetch_add(1, std::memory_order_relaxed);
  }
}

void Connection::end_exchange(std::uint64_t exchange, std::optional<Response> instead) {
  if (state_ != State::kHeld || exchange != exchange_) return;
  if (instead) {
    answer(listener_.router->render(head_.request, *instead, !close_after_answer_));
  } else {
    answer({std::move(out_), !close_after_answer_});
  }
  advance();
}

void Connection::answer(Router::Rendered rendered) {
  if (loop_.stopping() && rendered.keep_alive) {
    announce_close(rendered.bytes);
    rendered.keep_alive = false;
  }
  out_ = std::move(rendered.bytes);
  written_ = 0;
  close_after_answer_ = !rendered.keep_alive;
  enter(State::kWriting, listener_.options.limits.write_deadline);
}

Connection::Step Connection::flush() {
  while (written_ < out_.size()) {
    std::size_t sent = 0;
    const auto outcome = transport_.write(std::string_view(out_).substr(written_), sent);
    switch (outcome) {
      case Transport::Outcome::kDone:
        written_ += sent;
        break;
      case Transport::Outcome::kWantRead:
      case Transport::Outcome::kWantWrite:
        wait(outcome);
        return Step::kWait;
      case Transport::Outcome::kEnd:
      case Transport::Outcome::kBroken:
        close();
        return Step::kWait;
    }
  }
  return after_answer();
}

Connection::Step Connection::after_answer() {
  has_answered_ = true;
  out_ = {};
  head_ = {};
  unfinished_.set(in_.size());
  if (close_after_answer_ || loop_.stopping()) {
    // Closing over unread bytes would reset the connection and could take the answer with it.
    if (refused_ || !in_.empty()) {
      linger();
    } else {
      transport_.shut_write();
      close();
    }
    return Step::kWait;
  }
  idle_ = in_.empty();
  const auto& limits = listener_.options.limits;
  enter(State::kHead, idle_ ? limits.idle_deadline : limits.head_deadline);
  if (!idle_) return Step::kAgain;
  if (in_.capacity() > kBufferKeptIdle) in_ = {};
  wait(Transport::Outcome::kWantRead);
  return Step::kWait;
}

void Connection::refuse(int status, std::string_view reason) {
  loop_.counters.refused.fetch_add(1, std::memory_order_relaxed);
  ++wait_number_;  // whatever it waited for is no longer of interest
  refused_ = true;
  listener_.tell_refused(status, reason, head_.request, peer_ip_);
  answer({refusal_text(status, reason, head_.request.method == "HEAD"), false});
  in_ = {};
}

void Connection::linger() {
  transport_.shut_write();
  in_ = {};
  enter(State::kLingering, kLingerDeadline);
  discard();
}

void Connection::discard() {
  auto& scratch = loop_.scratch();
  for (;;) {
    std::size_t got = 0;
    const auto outcome = transport_.drain(scratch.data(), scratch.size(), got);
    if (outcome == Transport::Outcome::kWantRead) return wait(outcome);
    discarded_ += got;
    if (outcome != Transport::Outcome::kDone || discarded_ > kMaxDiscardedBytes) return close();
  }
}

void Connection::check_deadline(Clock::time_point now) {
  if (now < deadline_) {
    // Idle for longer than a sweep: give back what an active connection keeps.
    if (state_ == State::kHead && idle_ && in_.capacity() > sizeof(std::string)) in_ = {};
    return;
  }
  switch (state_) {
    case State::kHead:
      if (idle_) {
        close();
        return;
      }
      if (in_.empty()) break;
      refuse(408, "request head too slow");
      advance();
      return;
    case State::kBody:
      refuse(408, "request body too slow");
      advance();
      return;
    case State::kHeld:
      ++exchange_;  // a completion that comes now is too late
      refuse(503, "not answered in time");
      advance();
      return;
    case State::kHandshake:
    case State::kWriting:
      break;
    case State::kLingering:
    case State::kClosed:
      close();
      return;
  }
  loop_.counters.refused.fetch_add(1, std::memory_order_relaxed);
  close();
}

void Connection::begin_stop() {
  const auto is_asking = [this] { return state_ <= State::kBody; };
  if (is_asking()) on_ready();  // a request that has arrived and was not read yet is one
  if (!is_asking()) return;
  if (has_answered_ && state_ == State::kHead && in_.empty()) return close();
  // Who has just come or begun may end, but not make everybody wait for it.
  deadline_ = std::min(deadline_, Clock::now() + kStopPatience);
}

void Connection::close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  ++wait_number_;
  descriptor_.close();
  loop_.forget(*this);
}

}  // namespace reconciled::http
