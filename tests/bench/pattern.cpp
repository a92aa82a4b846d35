#include "tests/bench/pattern.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include "tests/bench/messages.h"
#include "tests/e2e/rig.h"

namespace reconciled::bench {
namespace {

// How ids of the pattern begin, and how many digits their number has at the end.
constexpr std::string_view kPaymentMark = "00000000-0000-4000-a000-";
constexpr std::string_view kAttemptMark = "00000000-0000-4000-a001-";
constexpr std::string_view kOrderMark = "order-00000000";
constexpr std::string_view kImpMark = "imp_000000";
constexpr std::size_t kUuidDigits = 12;
constexpr std::size_t kOrderDigits = 8;
constexpr std::size_t kImpDigits = 6;

std::string padded(std::int64_t number, std::size_t digits) {
  const std::string text = std::to_string(number);
  return std::string(digits - text.size(), '0') + text;
}

std::string hex(std::uint64_t number) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(number));
  return text.data();
}

std::string uuid(std::uint64_t number) {
  const std::string a = hex(scatter(number));
  const std::string b = hex(scatter(~number));
  return a.substr(0, 8) + "-" + a.substr(8, 4) + "-4" + a.substr(13, 3) + "-a" + b.substr(1, 3) +
         "-" + b.substr(4);
}

// Different for each number, up to thousands of millions.
std::string imp_uid(std::uint64_t number) {
  constexpr std::uint64_t kAll = 1'000'000'000'000;
  constexpr std::uint64_t kStep = 6'180'339'887;  // no factor in common with kAll
  return "imp_" + padded(static_cast<std::int64_t>(kStep * (number + 1) % kAll), 12);
}

struct Mark {
  std::string_view begin;
  std::size_t digits;
  std::string (*name)(std::uint64_t number);
};
constexpr std::array<Mark, 4> kMarks{{
    {kPaymentMark, kUuidDigits, [](std::uint64_t number) { return uuid(2 * number); }},
    {kAttemptMark, kUuidDigits, [](std::uint64_t number) { return uuid(2 * number + 1); }},
    {kOrderMark, kOrderDigits,
     [](std::uint64_t number) { return "order-" + hex(scatter(number)); }},
    {kImpMark, kImpDigits, imp_uid},
}};

Ids marked_ids(const std::string& api, std::int64_t number) {
  if (api == "v1") {
    return {std::string(kOrderMark) + padded(number, kOrderDigits),
            std::string(kImpMark) + padded(number, kImpDigits)};
  }
  return {std::string(kPaymentMark) + padded(number, kUuidDigits),
          std::string(kAttemptMark) + padded(number, kUuidDigits)};
}

// What becomes of the number-th payment: a fifth of the buyers come back by a redirect, as from a
// telephone; of a hundred payments one has another amount, three are cancelled and two partly.
void live(e2e::Rig& rig, std::int64_t number) {
  const std::string api = number % 4 == 0 ? "v1" : "v2";
  const Ids ids = marked_ids(api, number);
  rig.daemon.register_order(ids.payment_id, number == 50 ? 9'000 : 10'000);
  const e2e::Json attempt = rig.portone.make({{"payment_id", ids.payment_id},
                                              {"attempt_id", ids.attempt_id},
                                              {"version", api},
                                              {"status", "paid"}});
  const bool comes_back = number % 5 == 1;
  if (comes_back) rig.come_back(attempt.at("redirect_query").get<std::string>());
  rig.daemon.wait_for(ids.payment_id, [&](const e2e::Json& payment) {
    return payment.at("result") == "paid" && payment.at("webhook_status") == "paid" &&
           payment.at("ui_state") == (comes_back ? "returned_success" : "none");
  });
  if (number % 20 != 5) return;
  const bool is_partial = number > 60;
  e2e::Json cancel{{"status", "cancelled"}, {"trigger", "CONSOLE"}, {"reason", "changed my mind"}};
  if (is_partial) cancel["cancel_amount"] = 3'000;
  rig.portone.move(attempt, cancel);
  rig.daemon.wait_for_result(ids.payment_id, is_partial ? "partially_cancelled" : "cancelled");
}

}  // namespace

void make_pattern(const std::string& path) {
  e2e::Rig rig({.log_level = "info"});
  for (std::int64_t number = 0; number < kPatternPayments; ++number) live(rig, number);
  rig.portone.settle();
  rig.daemon.wait_for_empty_inbox();
  if (rig.daemon.stop() != 0) throw std::runtime_error("the daemon did not end in order");
  std::filesystem::copy_file(rig.daemon.database_path(), path);
}

std::string renamed(std::string_view text, std::uint64_t copy) {
  std::string result(text);
  for (const Mark& mark : kMarks) {
    for (std::size_t at = 0; (at = result.find(mark.begin, at)) != std::string::npos;) {
      const std::size_t digits_at = at + mark.begin.size();
      std::uint64_t number = 0;
      const char* digits = result.data() + digits_at;
      if (std::from_chars(digits, digits + mark.digits, number).ptr != digits + mark.digits) {
        at = digits_at;
        continue;
      }
      const std::string name =
          mark.name(copy * static_cast<std::uint64_t>(kPatternPayments) + number);
      result.replace(at, mark.begin.size() + mark.digits, name);
      at += name.size();
    }
  }
  return result;
}

std::uint64_t scatter(std::uint64_t number) {  // splitmix64's end: one to one
  number += 0x9e37'79b9'7f4a'7c15U;
  number = (number ^ (number >> 30U)) * 0xbf58'476d'1ce4'e5b9U;
  number = (number ^ (number >> 27U)) * 0x94d0'49bb'1331'11ebU;
  return number ^ (number >> 31U);
}

}  // namespace reconciled::bench
