// The store's records as the JSON of interface §6, for the admin endpoint and `--json`.
//
// Pure. Texts of this folder only.
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
// With what PortOne was told of it, by API.
[[nodiscard]] nlohmann::ordered_json to_json(
    const core::PaymentId& payment_id, const core::ExpectedOrder& order,
    const std::vector<storage::PreregistrationView>& preregistrations);

// One line of JSON; text that is no UTF-8 is mended, never thrown on.
[[nodiscard]] std::string dump_json(const nlohmann::ordered_json& json);
// {"error":{"code":…,"message":…}}
[[nodiscard]] std::string error_json(std::string_view code, std::string_view message);

}  // namespace reconciled
