#include "daemon/core/words/money.h"

#include <algorithm>
#include <array>
#include <limits>

#include "daemon/core/words/text.h"

namespace reconciled::core {
namespace {

struct Exception {
  std::string_view code;
  int digits;
};

// ISO 4217's currencies whose minor unit is not a hundredth.
constexpr std::array<Exception, 26> kExceptions{{
    {"BHD", 3}, {"BIF", 0}, {"CLF", 4}, {"CLP", 0}, {"DJF", 0}, {"GNF", 0}, {"IQD", 3},
    {"ISK", 0}, {"JOD", 3}, {"JPY", 0}, {"KMF", 0}, {"KRW", 0}, {"KWD", 3}, {"LYD", 3},
    {"OMR", 3}, {"PYG", 0}, {"RWF", 0}, {"TND", 3}, {"UGX", 0}, {"UYI", 0}, {"UYW", 4},
    {"VND", 0}, {"VUV", 0}, {"XAF", 0}, {"XOF", 0}, {"XPF", 0},
}};

// In alphabetical order.
constexpr std::array<std::string_view, 158> kListed{{
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BHD",
    "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF",
    "CLF", "CLP", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP",
    "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD",
    "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY",
    "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD",
    "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK",
    "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK",
    "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG",
    "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS",
    "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYI", "UYU", "UYW",
    "UZS", "VED", "VES", "VND", "VUV", "WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR",
    "ZMW", "ZWG"}};

// Cuts the leading digits off `text` and gives them.
std::string_view take_digits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto count = static_cast<std::size_t>(end - text.begin());
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

// A number that is `digits` times ten to the power of `exponent`.
struct Decimal {
  std::string digits;
  std::int64_t exponent = 0;
};

// Far beyond any amount, and so small that sums with a text's length cannot overflow.
constexpr std::int64_t kHugeExponent = 1'000'000'000'000;

std::optional<std::int64_t> read_exponent(std::string_view& rest) {
  rest.remove_prefix(1);
  const bool negative = !rest.empty() && rest.front() == '-';
  if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) rest.remove_prefix(1);
  const std::string_view digits = take_digits(rest);
  if (digits.empty()) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : digits) value = std::min(value * 10 + (c - '0'), kHugeExponent);
  return negative ? -value : value;
}

// RFC 8259's `number` without a sign, as a Decimal.
std::optional<Decimal> read_decimal(std::string_view rest) {
  const std::string_view whole = take_digits(rest);
  if (whole.empty() || (whole.size() > 1 && whole.front() == '0')) return std::nullopt;
  Decimal decimal{std::string(whole), 0};
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    const std::string_view fraction = take_digits(rest);
    if (fraction.empty()) return std::nullopt;
    decimal.digits += fraction;
    decimal.exponent = -static_cast<std::int64_t>(fraction.size());
  }
  if (!rest.empty() && (rest.front() == 'e' || rest.front() == 'E')) {
    const auto exponent = read_exponent(rest);
    if (!exponent) return std::nullopt;
    decimal.exponent += *exponent;
  }
  if (!rest.empty()) return std::nullopt;
  return decimal;
}

void strip_zeros(Decimal& decimal) {
  const std::size_t last = decimal.digits.find_last_not_of('0');
  if (last == std::string::npos) {
    decimal = Decimal{};
    return;
  }
  decimal.exponent += static_cast<std::int64_t>(decimal.digits.size() - last - 1);
  decimal.digits.resize(last + 1);
  decimal.digits.erase(0, decimal.digits.find_first_not_of('0'));
}

}  // namespace

std::optional<Currency> Currency::make(std::string_view code) {
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (code.size() != 3 || !std::all_of(code.begin(), code.end(), is_capital)) return std::nullopt;
  return Currency{code};
}

bool Currency::is_listed() const {
  return std::binary_search(kListed.begin(), kListed.end(), std::string_view(code_));
}

int Currency::minor_digits() const {
  const auto* const found = std::find_if(kExceptions.begin(), kExceptions.end(),
                                         [this](const Exception& e) { return e.code == code_; });
  return found == kExceptions.end() ? 2 : found->digits;
}

std::optional<std::int64_t> minor_from_major(std::string_view text, const Currency& currency) {
  auto decimal = read_decimal(text);
  if (!decimal) return std::nullopt;
  strip_zeros(*decimal);
  if (decimal->digits.empty()) return 0;
  const std::int64_t shift = decimal->exponent + currency.minor_digits();
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  // Below zero the text is finer than the currency: rounding would invent or lose money.
  if (shift < 0 || shift > std::numeric_limits<std::int64_t>::digits10) return std::nullopt;
  decimal->digits.append(static_cast<std::size_t>(shift), '0');
  std::int64_t minor = 0;
  for (const char c : decimal->digits) {
    const std::int64_t digit = c - '0';
    if (minor > (kMost - digit) / 10) return std::nullopt;
    minor = minor * 10 + digit;
  }
  return minor;
}

std::string major_from_minor(std::int64_t minor, const Currency& currency) {
  std::string digits = std::to_string(minor);
  const auto fraction = static_cast<std::size_t>(currency.minor_digits());
  if (fraction == 0) return digits;
  if (digits.size() <= fraction) digits.insert(0, fraction + 1 - digits.size(), '0');
  return digits.insert(digits.size() - fraction, 1, '.');
}

std::string readable_number(std::int64_t minor, const Currency& currency) {
  std::string text = major_from_minor(minor, currency);
  for (std::size_t i = std::min(text.find('.'), text.size()); i > 3; i -= 3) {
    text.insert(i - 3, 1, ',');
  }
  return text;
}

std::string readable_amount(std::int64_t minor, const Currency& currency) {
  return readable_number(minor, currency) + " " + currency.code();
}

}  // namespace reconciled::core
