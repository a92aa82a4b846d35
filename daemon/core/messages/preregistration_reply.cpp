#include <nlohmann/json.hpp>

#include "daemon/core/messages/answer_parts.h"
#include "daemon/core/messages/portone_answer.h"
#include "daemon/core/messages/stored_text.h"
#include "daemon/core/words/json.h"
#include "daemon/core/words/text.h"

namespace reconciled::core {
namespace {

using nlohmann::json;

struct Opened {
  json document;
  bool is_repaired = false;
};

Outcome<Opened, AnswerError> open(std::string_view body) {
  Opened opened;
  auto parsed = parse_json_tolerantly(body, opened.is_repaired);
  if (!parsed || !parsed.value().is_object()) {
    return AnswerError{AnswerFault::kMalformed, "no JSON object"};
  }
  opened.document = std::move(parsed.value());
  return opened;
}

PreregistrationReply refused(std::string reason, const json& error) {
  const std::string message = clean_member(error, "message", kMaxReasonBytes);
  if (!message.empty()) reason += ": " + message;
  return {false, std::move(reason)};
}

// PortOne's own "no"; what a proxy says, and what may pass, is a fault.
Outcome<PreregistrationReply, AnswerError> refused_by_status(int status, std::string_view body) {
  AnswerError error = fault_of_status(status, body);
  const bool is_final =
      error.fault == AnswerFault::kRefused || error.fault == AnswerFault::kNotFound;
  if (!is_final || error.is_foreign) return error;
  const auto opened = open(body);
  return refused(std::move(error.detail), opened ? opened.value().document : json::object());
}

}  // namespace

Outcome<PreregistrationReply, AnswerError> read_v1_prepared(int status, std::string_view body,
                                                            const PaymentId& payment_id,
                                                            const Money& money) {
  if (status != 200) return refused_by_status(status, body);
  const auto opened = open(body);
  if (!opened) return opened.error();
  const json& envelope = opened.value().document;
  const auto code = integer_member(envelope, "code");
  if (!code) return AnswerError{AnswerFault::kMalformed, "no envelope with a code"};
  if (*code != 0) return refused("code " + std::to_string(*code), envelope);
  const json* const response = member(envelope, "response");
  if (response == nullptr) return AnswerError{AnswerFault::kMalformed, "response is missing"};
  // PortOne's schema requires neither (dossier §3.1).
  RequiredMembers said{*response, opened.value().is_repaired};
  const bool names_another =
      member(*response, "merchant_uid") != nullptr && said.text("merchant_uid") != payment_id.str();
  const bool has_another_amount = member(*response, "amount") != nullptr &&
                                  said.major_amount("amount", money.currency) != money.minor;
  if (!said.ok()) return said.error();
  if (names_another || has_another_amount) {
    return AnswerError{AnswerFault::kMalformed, "the answer names another order or amount", true};
  }
  return PreregistrationReply{true, {}};
}

Outcome<PreregistrationReply, AnswerError> read_v2_preregistered(int status,
                                                                 std::string_view body) {
  if (status != 200) return refused_by_status(status, body);
  const auto opened = open(body);  // an object without members
  if (!opened) return opened.error();
  return PreregistrationReply{true, {}};
}

}  // namespace reconciled::core
