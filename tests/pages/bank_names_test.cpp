#include "daemon/pages/bank_names.h"

#include <doctest/doctest.h>

#include <string>

using namespace reconciled;

namespace {

std::string korean(std::string_view bank) { return std::string(bank_name(bank, Language::kKorean)); }
std::string english(std::string_view bank) {
  return std::string(bank_name(bank, Language::kEnglish));
}

}  // namespace

TEST_CASE("banks: V2's words, V1's codes and names are one bank") {
  for (const char* name : {"SHINHAN", "088", "88", "신한", "신한은행"}) {
    CAPTURE(std::string(name));
    CHECK(korean(name) == "신한은행");
    CHECK(english(name) == "Shinhan Bank");
  }
  for (const char* name : {"KOOKMIN", "004", "국민", "국민은행", "KB국민은행"}) {
    CAPTURE(std::string(name));
    CHECK(korean(name) == "국민은행");
    CHECK(english(name) == "KB Kookmin Bank");
  }
  CHECK(korean("DAEGU") == "아이엠뱅크");
  CHECK(korean("대구은행") == "아이엠뱅크");
  CHECK(korean("농협") == "NH농협은행");
  CHECK(korean("POST") == "우체국");
  CHECK(korean("071") == "우체국");
  CHECK(english("K_BANK") == "K bank");
}

TEST_CASE("banks: one that nobody knows is shown as it is") {
  for (const char* name : {"", "FUTURE_BANK", "달나라은행", "999", "8", "은행", "shinhan", "신", "<b>"}) {
    CAPTURE(std::string(name));
    CHECK(korean(name) == name);
    CHECK(english(name) == name);
  }
}
