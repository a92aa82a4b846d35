#include "daemon/core/messages/media_type.h"

#include <doctest/doctest.h>

using namespace reconciled::core;

TEST_CASE("media type: compared in any case and without parameters") {
  for (const char* as_json :
       {"application/json", "Application/JSON", " application/json ; charset=x",
        "application/problem+json", "APPLICATION/X+JSON;a=b", "application/json;"}) {
    CAPTURE(as_json);
    CHECK(media_type_of(as_json) == MediaType::kJson);
  }
  for (const char* as_form :
       {"application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded; charset=EUC-KR"}) {
    CAPTURE(as_form);
    CHECK(media_type_of(as_form) == MediaType::kForm);
  }
  for (const char* none : {"", " ", "\t", ";", "; charset=utf-8"}) {
    CAPTURE(none);
    CHECK(media_type_of(none) == MediaType::kUnsaid);
  }
  for (const char* other : {"text/plain", "application/jsonp", "json", "multipart/form-data",
                            "application/x-www-form-urlencoded2", "image/png"}) {
    CAPTURE(other);
    CHECK(media_type_of(other) == MediaType::kOther);
  }
}
