#include "daemon/http/exchange.h"

#include <doctest/doctest.h>

using reconciled::http::Request;

TEST_CASE("request: path and query are the target cut at the first question mark") {
  Request request;
  request.target = "/a%2Fb?x=1?y";
  CHECK(request.path() == "/a%2Fb");
  CHECK(request.query() == "x=1?y");
  request.target = "/a";
  CHECK(request.path() == "/a");
  CHECK(request.query().empty());
  request.target = "/a?";
  CHECK(request.path() == "/a");
  CHECK(request.query().empty());
}

TEST_CASE("request: headers are found in any case, the first one counts") {
  Request request;
  request.headers = {{"Webhook-Id", "a"}, {"webhook-id", "b"}, {"X", ""}};
  CHECK(request.header("WEBHOOK-ID") == "a");
  CHECK(request.header("x") == "");
  CHECK_FALSE(request.header("webhook-i"));
  CHECK(request.count_headers("webhook-id") == 2);
  CHECK(request.count_headers("y") == 0);
}
