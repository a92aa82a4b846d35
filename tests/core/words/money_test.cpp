#include "daemon/core/words/money.h"

#include <doctest/doctest.h>

#include <string>

using namespace reconciled::core;

namespace {

std::optional<std::int64_t> minor(std::string_view text, std::string_view code) {
  const auto currency = Currency::make(code);
  REQUIRE(currency.has_value());
  return minor_from_major(text, *currency);
}

}  // namespace

TEST_CASE("currency: three capital letters and nothing else") {
  CHECK(Currency::make("KRW").has_value());
  for (const char* code : {"", "KR", "KRWW", "krw", "KR1", "K W", "원"}) {
    CHECK_MESSAGE(!Currency::make(code).has_value(), code);
  }
}

TEST_CASE("currency: the digits of its minor unit follow ISO 4217") {
  const auto digits = [](const char* code) { return Currency::make(code)->minor_digits(); };
  CHECK(digits("KRW") == 0);
  CHECK(digits("JPY") == 0);
  CHECK(digits("VND") == 0);
  CHECK(digits("USD") == 2);
  CHECK(digits("CNY") == 2);
  CHECK(digits("TWD") == 2);
  CHECK(digits("XYZ") == 2);
  CHECK(digits("KWD") == 3);
  CHECK(digits("TND") == 3);
  CHECK(digits("CLF") == 4);
}

TEST_CASE("money: major units become minor units exactly") {
  CHECK(minor("64900", "KRW") == 64900);
  CHECK(minor("64900.00", "KRW") == 64900);
  CHECK(minor("10.5", "USD") == 1050);
  CHECK(minor("10.10", "USD") == 1010);
  CHECK(minor("1.005", "KWD") == 1005);
  CHECK(minor("0", "USD") == 0);
  CHECK(minor("0.00", "KRW") == 0);
  CHECK(minor("0e99999999999999999999", "KRW") == 0);
  CHECK(minor("1e3", "KRW") == 1000);
  CHECK(minor("1.5E+2", "KRW") == 150);
  CHECK(minor("1050e-2", "USD") == 1050);
  CHECK(minor("1050e-4", "USD") == std::nullopt);
  CHECK(minor("64900000e-3", "KRW") == 64900);
  CHECK(minor("9223372036854775807", "KRW") == INT64_MAX);
  CHECK(minor("92233720368547758.07", "USD") == INT64_MAX);
}

TEST_CASE("money: minor units become the decimal that is read as the same minor units") {
  const auto major = [](std::int64_t amount, const char* code) {
    return major_from_minor(amount, *Currency::make(code));
  };
  CHECK(major(64900, "KRW") == "64900");
  CHECK(major(1050, "USD") == "10.50");
  CHECK(major(1000, "USD") == "10.00");
  CHECK(major(5, "USD") == "0.05");
  CHECK(major(0, "USD") == "0.00");
  CHECK(major(1, "KWD") == "0.001");
  CHECK(major(INT64_MAX, "USD") == "92233720368547758.07");
  for (const char* code : {"KRW", "USD", "KWD", "CLF"}) {
    for (const std::int64_t amount : {std::int64_t{0}, std::int64_t{7}, std::int64_t{123456}, INT64_MAX}) {
      CHECK(minor(major(amount, code), code) == amount);
    }
  }
}

TEST_CASE("money: what would have to be rounded or does not fit is refused") {
  CHECK(minor("10.5", "KRW") == std::nullopt);
  CHECK(minor("10.001", "USD") == std::nullopt);
  CHECK(minor("1e-400", "USD") == std::nullopt);
  CHECK(minor("9223372036854775808", "KRW") == std::nullopt);
  CHECK(minor("92233720368547758.08", "USD") == std::nullopt);
  CHECK(minor("1e19", "KRW") == std::nullopt);
  CHECK(minor("1e99999999999999999999", "KRW") == std::nullopt);
  CHECK(minor("1" + std::string(100000, '0'), "KRW") == std::nullopt);
  CHECK(minor("0." + std::string(100000, '0') + "1", "KRW") == std::nullopt);
}

TEST_CASE("money: a sign, blanks and other spellings are no amount") {
  for (const char* text : {"", "-1", "-0", "+1", " 1", "1 ", ".5", "5.", "1e", "1e+", "0x10",
                           "1,000", "NaN", "Infinity", "01", "1.2.3", "1e2e3", "--1"}) {
    CHECK_MESSAGE(minor(text, "USD") == std::nullopt, text);
  }
}

TEST_CASE("money: minor units for people, with and without the currency") {
  const auto number = [](std::int64_t amount, const char* code) {
    return readable_number(amount, *Currency::make(code));
  };
  CHECK(number(64'900, "KRW") == "64,900");
  CHECK(number(1'050, "USD") == "10.50");
  CHECK(number(5, "KWD") == "0.005");
  CHECK(readable_amount(64'900, *Currency::make("KRW")) == "64,900 KRW");
}
