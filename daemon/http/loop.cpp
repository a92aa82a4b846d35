#include "daemon/http/loop.h"

#include <pthread.h>

#include <exception>

#include "daemon/http/connection.h"
#include "daemon/http/listening_socket.h"

namespace reconciled::http {

void Mailbox::put(Ending ending) {
  const std::lock_guard lock(mutex_);
  if (io_ == nullptr) return;
  endings_.push_back(std::move(ending));
  if (endings_.size() == 1) asio::post(*io_, [this] { deliver(); });
}

void Mailbox::close() {
  const std::lock_guard lock(mutex_);
  io_ = nullptr;
  endings_.clear();
}

void Mailbox::deliver() {
  {
    const std::lock_guard lock(mutex_);
    delivering_.swap(endings_);
  }
  for (auto& ending : delivering_) {
    if (const auto connection = ending.connection.lock()) {
      connection->end_exchange(ending.exchange, std::move(ending.instead));
    }
  }
  delivering_.clear();
}

Loop::Loop(int index, std::function<void(int)> tick)
    : index_(index),
      tick_(std::move(tick)),
      io_(ASIO_CONCURRENCY_HINT_UNSAFE_IO),  // descriptors are touched by the loop's thread alone
      work_(io_.get_executor()),
      sweep_timer_(io_),
      mailbox_(std::make_shared<Mailbox>(io_)) {}

Loop::~Loop() { mailbox_->close(); }

void Loop::start() {
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), ("edge-" + std::to_string(index_)).c_str());
}

void Loop::run() {
  arm_sweep();
  for (;;) {
    try {
      io_.run();
      return;
    } catch (const std::exception&) {
      // One connection's trouble (out of memory, say) must not take the others down; the
      // connection itself ends at its deadline.
      counters.refused.fetch_add(1, std::memory_order_relaxed);
    }
  }
}

void Loop::begin_stop(Clock::time_point deadline) {
  asio::post(io_, [this, deadline] {
    stopping_ = true;
    stop_deadline_ = deadline;
    for (auto i = connections_.size(); i-- > 0;) {
      const auto connection = connections_[i];
      connection->begin_stop();
    }
    end_if_empty();
  });
}

void Loop::join() {
  if (thread_.joinable()) thread_.join();
  mailbox_->close();
}

void Loop::adopt(int fd, Listener& listener, std::string peer_ip, bool full) {
  auto take = [this, owned = Descriptor(fd), &listener, ip = std::move(peer_ip), full]() mutable {
    auto connection = std::make_shared<Connection>(*this, listener, owned.release(), std::move(ip));
    connection->slot = connections_.size();
    connections_.push_back(connection);
    counters.connections.fetch_add(1, std::memory_order_relaxed);
    if (full) {
      connection->refuse_as_full();
    } else {
      connection->start();
    }
    if (stopping_) connection->begin_stop();
  };
  asio::post(io_, std::move(take));
}

void Loop::forget(Connection& connection) {
  const auto slot = connection.slot;
  const auto keep_until_end = std::move(connections_[slot]);
  if (slot + 1 != connections_.size()) {
    connections_[slot] = std::move(connections_.back());
    connections_[slot]->slot = slot;
  }
  connections_.pop_back();
  counters.connections.fetch_sub(1, std::memory_order_relaxed);
  end_if_empty();
}

void Loop::arm_sweep() {
  sweep_timer_.expires_after(kSweep);
  sweep_timer_.async_wait([this](const std::error_code& error) {
    if (error) return;
    arm_sweep();
    sweep();
  });
}

void Loop::sweep() {
  const auto now = Clock::now();
  if (tick_ && now >= next_tick_) {
    next_tick_ = now + std::chrono::seconds(1);
    tick_(index_);
  }
  const bool out_of_grace = stopping_ && now >= stop_deadline_;
  for (auto i = connections_.size(); i-- > 0;) {
    if (i >= connections_.size()) continue;
    const auto connection = connections_[i];
    if (out_of_grace) {
      connection->close();
    } else {
      connection->check_deadline(now);
    }
  }
  if (stopping_) end_if_empty();
}

void Loop::end_if_empty() {
  if (stopping_ && connections_.empty()) {
    sweep_timer_.cancel();
    io_.stop();
  }
}

}  // namespace reconciled::http
