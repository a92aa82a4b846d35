#include "tests/e2e/storm.h"

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <random>
#include <sstream>
#include <unordered_map>

#include "tests/e2e/rig.h"
#include "tests/support/raw_socket.h"

namespace reconciled::e2e {
namespace {

using namespace std::chrono_literals;

// One in so many webhooks has been sent before.
constexpr int kRepeatEvery = 8;

// A sender's way to the daemon; no answer is one with status 0.
class Line {
 public:
  Line(const Endpoint& target, bool is_kept) : target_(target), is_kept_(is_kept) {}

  Answer send(const Call& call) {
    try {
      if (!is_kept_) return ask(target_, call);
      if (!socket_) {
        const auto port = std::stoul(target_.address.substr(target_.address.rfind(':') + 1));
        socket_.emplace(test::RawSocket::tcp(static_cast<std::uint16_t>(port)));
      }
      socket_->send(bytes_of(target_, call, true));
      Answer answer = parse_answer(socket_->read_response(false, kPatience));
      if (answer.status != 200) socket_.reset();  // the edge closes after a refusal of its own
      return answer;
    } catch (const std::exception&) {
      socket_.reset();  // the daemon is gone: nothing was acknowledged
      return {};
    }
  }

 private:
  const Endpoint& target_;
  bool is_kept_;
  std::optional<test::RawSocket> socket_;
};

}  // namespace

Call storm_call(const std::string& id, std::size_t padding_bytes) {
  if (padding_bytes == 0) {
    return v2_webhook("Transaction.Paid", id, "tx-" + id, {.id = "msg_" + id});
  }
  return signed_call(
      {{"type", "Transaction.Paid"},
       {"timestamp", "2026-01-02T03:04:05.678Z"},
       {"padding", std::string(padding_bytes, 'x')},
       {"data",
        {{"storeId", SandboxProcess::kStoreId}, {"paymentId", id}, {"transactionId", "tx-" + id}}}},
      {.id = "msg_" + id});
}

Storm::Storm(const Endpoint& target, StormOptions options)
    : target_(target), options_(std::move(options)) {
  for (int sender = 0; sender < options_.senders; ++sender) {
    threads_.emplace_back([this, sender] { send(sender); });
  }
}

Storm::~Storm() { stop(); }

Acknowledged Storm::stop() {
  stopping_ = true;
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  return acknowledged_;
}

void Storm::wait_for(std::size_t acknowledged) {
  wait_until("webhooks were acknowledged", [&] { return answers().acknowledged >= acknowledged; });
}

void Storm::wait_for_refused(std::size_t count) {
  wait_until("webhooks were refused", [&] { return answers().unavailable >= count; });
}

Answers Storm::answers() const {
  const std::lock_guard lock(mutex_);
  return answers_;
}

std::set<std::string> Storm::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

void Storm::send(int sender) {
  Line line(target_, sender % 2 == 0);
  std::mt19937 random(static_cast<std::uint32_t>(sender));
  std::vector<std::string> sent = options_.again;
  for (int number = 1; !stopping_; ++number) {
    std::string id = options_.name + "-" + std::to_string(sender) + "-" + std::to_string(number);
    if (number % kRepeatEvery == 0) {
      id = sent[random() % sent.size()];
    } else {
      sent.push_back(id);
    }
    const Answer answer = line.send(storm_call(id, options_.padding_bytes));
    note(id, answer);
    if (answer.status != 200) std::this_thread::sleep_for(1ms);
  }
}

void Storm::note(const std::string& id, const Answer& answer) {
  const std::uint64_t stamp = options_.stamp ? options_.stamp() : 0;
  const std::lock_guard lock(mutex_);
  if (answer.status == 200) {
    ++answers_.acknowledged;
    acknowledged_.emplace(id, stamp);
    refused_.erase(id);
  } else if (answer.status == 503 && !answer.header("Retry-After").empty()) {
    ++answers_.unavailable;
    refused_.insert(id);
  } else if (answer.status != 0) {
    ++answers_.other;
  } else {
    ++answers_.none;
  }
}

Stored compare(const std::string& rows, const Acknowledged& acknowledged) {
  std::unordered_map<std::string, int> counts;
  std::istringstream lines(rows);
  Stored stored;
  for (std::string id; std::getline(lines, id);) stored.doubled += ++counts[id] == 2;
  for (const auto& [id, stamp] : acknowledged) stored.lost += counts.count(id) == 0;
  return stored;
}

void check_stored(const DaemonProcess& daemon, const Acknowledged& acknowledged) {
  const Stored stored = compare(daemon.sqlite("SELECT payment_id FROM event"), acknowledged);
  CHECK(stored.lost == 0);
  CHECK(stored.doubled == 0);
  CHECK(daemon.sqlite("PRAGMA integrity_check; PRAGMA foreign_key_check") == "ok\n");
}

}  // namespace reconciled::e2e
