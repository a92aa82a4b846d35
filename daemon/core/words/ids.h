// The identifiers that PortOne, the shop and the database use, as types that cannot be swapped.
//
// Everything stands on this file; it depends on nothing. A text id holds any non-empty UTF-8
// without control characters (dossier §7.15: V2 ids may hold `/ ? # %` and Hangul); `make` is the
// one way from outside text to an id, so that an id that exists is always fit to be stored.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace reconciled::core {

// Longer ids are refused. PortOne's own limits are 40 (V1 merchant_uid) and 64 characters (V2).
inline constexpr std::size_t kMaxIdBytes = 256;

// Whether `text` may be an id: 1..kMaxIdBytes bytes of valid UTF-8, no control characters.
[[nodiscard]] bool is_valid_id_text(std::string_view text);

template <class Tag>
class TextId {
 public:
  // The id that `text` spells, or nothing where it cannot be one.
  [[nodiscard]] static std::optional<TextId> make(std::string_view text) {
    if (!is_valid_id_text(text)) return std::nullopt;
    return TextId{std::string(text)};
  }
  // For text that was checked before, such as a column of our own database.
  [[nodiscard]] static TextId trusted(std::string text) { return TextId{std::move(text)}; }

  [[nodiscard]] const std::string& str() const { return text_; }
  friend auto operator<=>(const TextId&, const TextId&) = default;

 private:
  explicit TextId(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// One order of the shop: V1 merchant_uid, V2 paymentId.
using PaymentId = TextId<struct PaymentIdTag>;
// One try to pay it: V1 imp_uid, V2 transactionId.
using AttemptId = TextId<struct AttemptIdTag>;

// A row's number in the database.
template <class Tag>
struct RowId {
  std::int64_t value = 0;
  friend auto operator<=>(const RowId&, const RowId&) = default;
};
using EventId = RowId<struct EventIdTag>;
using SnapshotId = RowId<struct SnapshotIdTag>;
using FindingId = RowId<struct FindingIdTag>;

}  // namespace reconciled::core

template <class Tag>
struct std::hash<reconciled::core::TextId<Tag>> {
  std::size_t operator()(const reconciled::core::TextId<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.str());
  }
};
