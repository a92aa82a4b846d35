// The store's records as the JSON of interface §6 and §7: for the admin endpoint, `--json` and the
// messages to the shop's backend. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "storage/reader.h"

namespace reconciled {

[[nodiscard]] nlohmann::ordered_json to_json(const storage::PaymentView& payment);
// With attempts, findings and, where `with_timeline`, the timeline.
[[nodiscard]] nlohmann::ordered_json to_json(const storage::PaymentDetail& detail,
                                             bool with_timeline);
[[nodiscard]] nlohmann::ordered_json to_json(const storage::FindingView& finding);
[[nodiscard]] nlohmann::ordered_json to_json(const storage::EventView& event);
[[nodiscard]] nlohmann::ordered_json to_json(const storage::RejectedDelivery& delivery);
[[nodiscard]] nlohmann::ordered_json to_json(const storage::NotificationView& notification);
// The body of a message to the shop's backend (interface §7): the payment without its timeline, and
// without the name of whom an account belongs to. `finding`: the one that it is about, or null.
[[nodiscard]] std::string notification_body(core::NotificationType type, core::Time at,
                                            const storage::PaymentDetail& payment,
                                            const storage::FindingView* finding);
// With what PortOne was told of it, by API.
[[nodiscard]] nlohmann::ordered_json to_json(
    const core::PaymentId& payment_id, const core::ExpectedOrder& order,
    const std::vector<storage::PreregistrationView>& preregistrations);

// One line of JSON; text that is no UTF-8 is mended, never thrown on.
[[nodiscard]] std::string dump_json(const nlohmann::ordered_json& json);
// {"error":{"code":…,"message":…}}
[[nodiscard]] std::string error_json(std::string_view code, std::string_view message);

}  // namespace reconciled
