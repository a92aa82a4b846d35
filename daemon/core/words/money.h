// Money as an integer in ISO 4217 minor units plus its currency, and the one exact way from
// PortOne V1's decimal major units (dossier §7.8: 10.5 USD is `10.5` in V1 and `1050` in V2).
//
// Pure. Amounts never pass through a floating-point number.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reconciled::core {

// An ISO 4217 code: exactly three capital letters.
class Currency {
 public:
  [[nodiscard]] static std::optional<Currency> make(std::string_view code);
  [[nodiscard]] const std::string& code() const { return code_; }
  // Whether ISO 4217 lists it (of 1 January 2026; funds, metals and test codes are none to pay in).
  [[nodiscard]] bool is_listed() const;
  // Digits after the point: 0 for KRW and JPY, 3 for KWD, 2 for most and for unknown codes.
  [[nodiscard]] int minor_digits() const;
  friend auto operator<=>(const Currency&, const Currency&) = default;

 private:
  explicit Currency(std::string_view code) : code_(code) {}
  std::string code_;
};

struct Money {
  std::int64_t minor = 0;  // ISO 4217 minor units
  Currency currency;
  friend bool operator==(const Money&, const Money&) = default;
};

// The minor units that a JSON number's text in major units stands for ("64900", "10.5", "1e3"),
// or nothing where it is no number, negative, finer than the currency allows, or out of range.
[[nodiscard]] std::optional<std::int64_t> minor_from_major(std::string_view decimal,
                                                           const Currency& currency);

// "64900", "10.50": minor units (>= 0) as the decimal that `minor_from_major` reads.
[[nodiscard]] std::string major_from_minor(std::int64_t minor, const Currency& currency);

// "64,900", "10.50": minor units (>= 0) for people, without the currency.
[[nodiscard]] std::string readable_number(std::int64_t minor, const Currency& currency);
// "64,900 KRW", "10.50 USD".
[[nodiscard]] std::string readable_amount(std::int64_t minor, const Currency& currency);

}  // namespace reconciled::core
