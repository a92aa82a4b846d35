// What the dashboard asks of the store: one payment's story as it came, and lists that stop where an
// index ends. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/records.h"

namespace reconciled::storage {

// An answer of PortOne's, as one payment's story tells it.
struct AnswerView {
  std::int64_t id = 0;
  core::Time asked_at{};
  core::AttemptId attempt_id;
  core::Api api;
  std::string status;  // PortOne's word
  core::Result result;
  core::Money total;
  std::int64_t cancelled_amount = 0;
  std::string failure_reason;
  std::int64_t repeats = 0;  // how often it came unchanged afterwards
};

// A change of the payment.
struct ChangeView {
  std::int64_t id = 0;
  core::Time at{};
  std::string cause;  // event, snapshot, order, timer or rebuild
  core::Result from;
  core::Result to;
  core::UiState from_ui;
  core::UiState to_ui;
  bool was_deliverable = false;
  bool is_deliverable = false;
  std::optional<core::Authority> authority;
  core::Result webhook_status;
};

// A version of what the shop registered.
struct OrderVersionView {
  core::Time at{};
  core::Money amount;
  bool is_withdrawn = false;
  std::string by;    // the person who corrected it; empty: the shop's backend
  std::string note;  // why
};

// One payment and the newest of all that happened to it; each list by its time.
struct Story {
  PaymentDetail detail;  // without the timeline
  std::vector<EventView> events;
  std::vector<AnswerView> answers;
  std::vector<ChangeView> changes;
  std::vector<OrderVersionView> orders;
  std::vector<NotificationView> notifications;
  bool is_cut = false;  // there is more than is told
};

// Payments of a result, or of any, the newest first.
struct PaymentListing {
  std::optional<core::Result> result;
  std::optional<core::Time> since;  // created at or after, as the order of creation has it
  std::optional<core::Time> until;  // created before
  std::int64_t limit = 50;
  std::optional<std::int64_t> cursor;
};

}  // namespace reconciled::storage
