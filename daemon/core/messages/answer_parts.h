// What reading a V1 and a V2 answer has in common: HTTP status to fault, required members, and
// the redacted copy.
//
// Private to core: the readers of portone_answer.h use it, nobody else. Pure.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/messages/evidence.h"
#include "daemon/core/messages/portone_answer.h"
#include "daemon/core/words/ids.h"
#include "daemon/core/words/money.h"
#include "daemon/core/words/outcome.h"
#include "daemon/core/words/time.h"

namespace reconciled::core {

// When the question was asked, and whether the answer had to be repaired to be read.
struct Reading {
  Time asked_at{};
  bool is_repaired = false;
};

// The fault that a status other than success stands for. A 404 counts as PortOne's only with an
// empty body or an error of its form (V1 `code`, V2 `type`): a proxy's knows nothing of payments.
[[nodiscard]] AnswerError fault_of_status(int status, std::string_view body);

// The document of an answer, or why it is none. V1: what stands in `response` of the envelope
// `{code, message, response}`; a code other than 0 is a failure under HTTP 200 too (dossier §3.1).
// `is_repaired`: as parse_json_tolerantly says.
[[nodiscard]] Outcome<nlohmann::json, AnswerError> open_v1_answer(int status, std::string_view body,
                                                                  bool& is_repaired);
[[nodiscard]] Outcome<nlohmann::json, AnswerError> open_v2_answer(int status, std::string_view body,
                                                                  bool& is_repaired);

// V1's unix seconds. Unset times are 0; a missing or mistyped one is unset as well, nothing hangs on
// it. Some come as text (dossier §7.13).
[[nodiscard]] std::optional<PortoneTime> v1_time_member(const nlohmann::json& payment,
                                                        std::string_view key);

// Reads the members that an answer must have. The first one that is missing or mistyped is kept as
// the reason why the answer is unusable; what is read afterwards does not count.
class RequiredMembers {
 public:
  explicit RequiredMembers(const nlohmann::json& object, bool is_repaired = false)
      : object_(&object), is_repaired_(is_repaired) {}

  [[nodiscard]] bool ok() const { return reason_.empty(); }
  // kMalformed with the first reason.
  [[nodiscard]] AnswerError error() const;
  void refuse(std::string reason);

  [[nodiscard]] std::string text(std::string_view key);  // not empty, and nothing in it was broken
  [[nodiscard]] std::optional<Currency> currency();
  // V2: an integer in minor units.
  [[nodiscard]] std::int64_t minor_amount(const nlohmann::json& amounts, std::string_view key);
  // V1: a decimal in major units of `currency`, a number or its digits as text.
  [[nodiscard]] std::int64_t major_amount(std::string_view key,
                                          const std::optional<Currency>& currency);
  // Nobody is given back more than was paid.
  void at_most(std::int64_t cancelled, std::int64_t total);
  template <class Id>
  [[nodiscard]] std::optional<Id> id(std::string_view key) {
    auto made = Id::make(text(key));
    if (!made) refuse(std::string(key) + " is no usable id");
    return made;
  }

 private:
  const nlohmann::json* object_;
  bool is_repaired_;
  std::string reason_;
};

// A snapshot that says nothing yet but what it is about.
[[nodiscard]] Snapshot blank_snapshot(Api api, PaymentId payment_id, AttemptId attempt_id,
                                      Currency currency, Time asked_at);

// The member as clean text of at most `max_bytes`, empty where it is absent or no text.
[[nodiscard]] std::string clean_member(const nlohmann::json& object, std::string_view key,
                                       std::size_t max_bytes);

// A name for something that has none, made from its content: the same for the same content.
[[nodiscard]] std::string name_from_content(const nlohmann::json& content);

// The row's first member of `keys` that can be an id; what is unreadable is named by it.
[[nodiscard]] UnreadableRow unreadable_row(const nlohmann::json& row,
                                           std::initializer_list<std::string_view> keys,
                                           const Reading& reading, const AnswerError& error);

// The newest of the times that are set.
[[nodiscard]] std::optional<PortoneTime> newest(
    std::initializer_list<std::optional<PortoneTime>> times);

// The members of `object` that `keys` names and that are no containers; an empty object where it
// is none. What is not named cannot leak into the database.
[[nodiscard]] nlohmann::json keep_scalars(const nlohmann::json* object,
                                          std::initializer_list<std::string_view> keys);
// The same for each element of an array; an empty array where it is none.
[[nodiscard]] nlohmann::json keep_scalars_of_each(const nlohmann::json* array,
                                                  std::initializer_list<std::string_view> keys);

}  // namespace reconciled::core
