#include "tests/sandbox/sender.h"

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <unordered_map>
#include <utility>

#include "daemon/core/messages/signature.h"
#include "tests/sandbox/post.h"
#include "tests/sandbox/store.h"

namespace reconciled::sandbox {

bool is_webhook_secret(const std::string& secret) {
  const std::optional<std::string> key = core::decode_webhook_secret(secret);
  return key && !key->empty();
}

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
constexpr std::size_t kWorkers = 8;
constexpr std::size_t kKeptDeliveries = 10'000;
constexpr std::chrono::milliseconds kReorderWindow{500};

struct Job {
  Message message;
  int execution = 1;
};

std::vector<std::string> decode(const std::vector<std::string>& secrets) {
  std::vector<std::string> keys;
  for (const std::string& secret : secrets) {
    if (!is_webhook_secret(secret)) throw std::invalid_argument("a webhook secret is no base64");
    keys.push_back(*core::decode_webhook_secret(secret));
  }
  return keys;
}

}  // namespace

struct Sender::Impl {
  struct Worker {
    std::deque<Job> queue;
    std::condition_variable wake;
    Poster poster;
    std::atomic<bool> ended{false};
    std::thread thread;
  };

  explicit Impl(const Options& given)
      : options(given), keys(decode(given.webhook_secrets)), targets(given.webhook_urls) {}

  const Options options;
  const std::vector<std::string> keys;

  mutable std::mutex mutex;  // guards all below; never held while sending
  std::vector<std::string> targets;
  WebhookFault fault;
  std::deque<Delivery> deliveries;
  std::unordered_map<std::string, std::vector<SentMessage>> sent;  // by payment
  std::multimap<SteadyTime, std::vector<Job>> later;
  std::vector<Job> held;  // gathered for reordering
  std::size_t pending = 0;
  std::uint64_t generation = 0;  // grows with reset: older jobs are dropped
  bool stopping = false;
  std::condition_variable schedule_changed;
  std::array<Worker, kWorkers> workers;
  std::thread scheduler;

  Delivery deliver(Poster& poster, const Message& message, int execution, bool sign) const;
  [[nodiscard]] static Delivery describe(const Message& message, int execution);
  [[nodiscard]] bool touches(const Message& message) const {
    const std::string& wanted = fault.payment;
    return wanted.empty() || wanted == message.payment_id || wanted == message.attempt_id;
  }
  // The mode for a new message, counted off.
  WebhookMode take_mode_locked(const Message& message) {
    if (!touches(message) || (fault.count && *fault.count <= 0)) return WebhookMode::kNormal;
    if (fault.count) --*fault.count;
    return fault.mode;
  }
  // The message as the fault relabels and signs it, at each try.
  [[nodiscard]] Message changed_locked(Message message) const {
    if (!touches(message)) return message;
    if (!fault.secrets.empty()) message.secrets = fault.secrets;
    if (!fault.content_type.empty()) message.content_type = fault.content_type;
    return message;
  }
  void record_locked(const Message& message, const Delivery& delivery);
  void queue_locked(Job job);
  void accept_locked(const Message& message, std::chrono::milliseconds delay, WebhookMode mode);
  void after_delivery_locked(Job job, const Delivery& delivery);
  void run_worker(Worker& worker);
  void run_scheduler();
};

Delivery Sender::Impl::deliver(Poster& poster, const Message& message, int execution,
                               bool sign) const {
  std::vector<std::pair<std::string, std::string>> headers{
      {"User-Agent", "portone-webhook/1.0 (portone-sandbox)"}, {"Accept", "*/*"}};
  const PortoneTime at = now();
  if (message.version == Api::kV2 && sign) {
    // The header's time is that of this try, so that a late retry still verifies.
    const std::string timestamp = std::to_string(to_seconds(at + message.timestamp_shift));
    std::string signatures;
    for (const std::string& key : message.secrets.empty() ? keys : decode(message.secrets)) {
      if (!signatures.empty()) signatures += ' ';
      signatures += core::sign_webhook(key, message.id, timestamp, message.body);
    }
    headers.emplace_back("webhook-id", message.id);
    headers.emplace_back("webhook-timestamp", timestamp);
    headers.emplace_back("webhook-signature", signatures);
  }
  const Posted posted = poster.post(message.url, message.body, message.content_type, headers);
  Delivery delivery = describe(message, execution);
  delivery.response_status = posted.status;
  delivery.response_body = posted.body;
  delivery.error = posted.error;
  delivery.at = at;
  delivery.answered_at = now();
  return delivery;
}

Delivery Sender::Impl::describe(const Message& message, int execution) {
  Delivery delivery;
  delivery.webhook_id = message.id;
  delivery.url = message.url;
  delivery.payment_id = message.payment_id;
  delivery.attempt_id = message.attempt_id;
  delivery.what = message.what;
  delivery.body = message.body;
  delivery.execution = execution;
  delivery.at = now();
  return delivery;
}

void Sender::Impl::record_locked(const Message& message, const Delivery& delivery) {
  deliveries.push_back(delivery);
  if (deliveries.size() > kKeptDeliveries) deliveries.pop_front();
  std::vector<SentMessage>& messages = sent[message.payment_id];
  for (SentMessage& one : messages) {
    if (one.message.id != message.id) continue;
    ++one.executions;
    one.last = delivery;
    return;
  }
  messages.push_back(SentMessage{message, 1, delivery});
}

void Sender::Impl::queue_locked(Job job) {
  Worker& worker = workers[std::hash<std::string>{}(job.message.payment_id) % kWorkers];
  worker.queue.push_back(std::move(job));
  worker.wake.notify_one();
}

void Sender::Impl::accept_locked(const Message& message, std::chrono::milliseconds delay,
                                 WebhookMode mode) {
  const SteadyTime start = std::chrono::steady_clock::now() + delay;
  int copies = 1;
  switch (mode) {
    case WebhookMode::kNormal:
    case WebhookMode::kLost:
      break;
    case WebhookMode::kLate:
      delay += fault.delay;
      break;
    case WebhookMode::kDoubled:
      copies = fault.copies;
      break;
    case WebhookMode::kReordered: {
      ++pending;
      const bool first = held.empty();
      held.push_back(Job{message, 1});
      const auto window = fault.delay.count() > 0 ? fault.delay : kReorderWindow;
      // An empty batch is the sign to release what was gathered until then.
      if (first) later.emplace(start + window, std::vector<Job>{});
      schedule_changed.notify_one();
      return;
    }
  }
  for (int copy = 0; copy < copies; ++copy) {
    ++pending;
    if (delay.count() <= 0) {
      queue_locked(Job{message, 1});
    } else {
      later.emplace(std::chrono::steady_clock::now() + delay, std::vector<Job>{Job{message, 1}});
    }
  }
  schedule_changed.notify_one();
}

void Sender::Impl::after_delivery_locked(Job job, const Delivery& delivery) {
  const int retries =
      job.message.version == Api::kV1 ? options.v1_webhook_retries : options.v2_webhook_retries;
  if (delivery.succeeded() || job.execution > retries) {
    --pending;
    return;
  }
  auto wait = options.webhook_retry;
  for (int i = 1; i < job.execution; ++i) wait *= 4;
  ++job.execution;
  later.emplace(std::chrono::steady_clock::now() + wait, std::vector<Job>{std::move(job)});
  schedule_changed.notify_one();
}

void Sender::Impl::run_worker(Worker& worker) {
  std::unique_lock lock(mutex);
  for (;;) {
    worker.wake.wait(lock, [&] { return stopping || !worker.queue.empty(); });
    if (stopping) return;
    Job job = std::move(worker.queue.front());
    worker.queue.pop_front();
    const std::uint64_t started_in = generation;
    const Message message = changed_locked(job.message);
    lock.unlock();
    const Delivery delivery = deliver(worker.poster, message, job.execution, message.is_signed);
    lock.lock();
    if (started_in != generation) continue;  // a reset has forgotten this message
    record_locked(job.message, delivery);
    after_delivery_locked(std::move(job), delivery);
  }
}

void Sender::Impl::run_scheduler() {
  std::unique_lock lock(mutex);
  while (!stopping) {
    if (later.empty()) {
      schedule_changed.wait(lock);
      continue;
    }
    const SteadyTime next = later.begin()->first;
    if (std::chrono::steady_clock::now() < next) {
      schedule_changed.wait_until(lock, next);
      continue;
    }
    std::vector<Job> batch = std::move(later.begin()->second);
    later.erase(later.begin());
    if (batch.empty()) {
      batch.assign(std::make_move_iterator(held.rbegin()), std::make_move_iterator(held.rend()));
      held.clear();
    }
    for (Job& job : batch) queue_locked(std::move(job));
  }
}

Sender::Sender(const Options& options) : impl_(std::make_unique<Impl>(options)) {
  for (Impl::Worker& worker : impl_->workers) {
    worker.thread = std::thread([this, &worker] {
      impl_->run_worker(worker);
      worker.ended = true;
    });
  }
  impl_->scheduler = std::thread([this] { impl_->run_scheduler(); });
}

Sender::~Sender() { stop(); }

void Sender::stop() {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->stopping) return;
    impl_->stopping = true;
  }
  impl_->schedule_changed.notify_all();
  impl_->scheduler.join();
  for (Impl::Worker& worker : impl_->workers) worker.wake.notify_all();
  for (Impl::Worker& worker : impl_->workers) {
    // Again and again: an abort between a call's start and its connect would be lost.
    while (!worker.ended) {
      worker.poster.abort();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    worker.thread.join();
  }
}

std::vector<Message> Sender::address(const Message& message, const std::string& id) const {
  std::vector<Message> messages;
  for (const std::string& url : targets()) {
    Message copy = message;
    copy.url = url;
    copy.id = !id.empty() ? id : "msg_" + new_uuid(messages.size());
    messages.push_back(std::move(copy));
  }
  return messages;
}

void Sender::send(const std::vector<Message>& messages, std::chrono::milliseconds delay,
                  std::optional<WebhookMode> wanted) {
  for (const Message& message : messages) {
    const std::lock_guard lock(impl_->mutex);
    const WebhookMode mode = wanted ? *wanted : impl_->take_mode_locked(message);
    if (mode != WebhookMode::kLost) {
      impl_->accept_locked(message, delay, mode);
      continue;
    }
    Delivery lost = Impl::describe(message, 1);
    lost.error = "lost";
    impl_->record_locked(message, lost);
  }
}

Delivery Sender::send_now(const Message& message, bool sign) {
  Poster poster;
  Delivery delivery = impl_->deliver(poster, message, 1, sign);
  const std::lock_guard lock(impl_->mutex);
  impl_->record_locked(message, delivery);
  return delivery;
}

void Sender::set_targets(std::vector<std::string> urls) {
  const std::lock_guard lock(impl_->mutex);
  impl_->targets = std::move(urls);
}

std::vector<std::string> Sender::targets() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->targets;
}

void Sender::set_fault(const WebhookFault& fault) {
  const std::lock_guard lock(impl_->mutex);
  impl_->fault = fault;
}

WebhookFault Sender::fault() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->fault;
}

std::vector<Delivery> Sender::deliveries(const std::string& payment_id) const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<Delivery> result;
  for (const Delivery& delivery : impl_->deliveries) {
    if (payment_id.empty() || delivery.payment_id == payment_id) result.push_back(delivery);
  }
  return result;
}

std::vector<SentMessage> Sender::messages_of(const std::string& payment_id) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->sent.find(payment_id);
  return found == impl_->sent.end() ? std::vector<SentMessage>{} : found->second;
}

std::size_t Sender::pending() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->pending;
}

void Sender::reset() {
  const std::lock_guard lock(impl_->mutex);
  ++impl_->generation;
  impl_->deliveries.clear();
  impl_->sent.clear();
  impl_->later.clear();
  impl_->held.clear();
  for (Impl::Worker& worker : impl_->workers) worker.queue.clear();
  impl_->pending = 0;
  impl_->fault = WebhookFault{};
}

}  // namespace reconciled::sandbox
