#include "daemon/core/words/ids.h"

#include <doctest/doctest.h>

#include <string>

using namespace reconciled::core;

TEST_CASE("ids: any printable UTF-8 up to the limit is an id") {
  CHECK(is_valid_id_text("imp_301847265910"));
  CHECK(is_valid_id_text("a/b?c#d%41 e"));
  CHECK(is_valid_id_text("주문-1"));
  CHECK(is_valid_id_text(std::string(kMaxIdBytes, 'a')));
  CHECK(PaymentId::make("ord-1")->str() == "ord-1");
}

TEST_CASE("ids: empty, long, undecodable and control text is no id") {
  CHECK_FALSE(is_valid_id_text(""));
  CHECK_FALSE(is_valid_id_text(std::string(kMaxIdBytes + 1, 'a')));
  CHECK_FALSE(is_valid_id_text("a\xFF"));
  CHECK_FALSE(is_valid_id_text("a\nb"));
  CHECK_FALSE(is_valid_id_text(std::string_view("a\0b", 3)));
  CHECK_FALSE(is_valid_id_text("a\x7F"));
  CHECK_FALSE(is_valid_id_text("a\xC2\x85"));  // C1: next line
  CHECK(is_valid_id_text("a\xC2\xA0"));        // the first character behind C1
  CHECK_FALSE(AttemptId::make("\x1b[2J").has_value());
}
