#include "daemon/core/decision/trials.h"

#include <doctest/doctest.h>

using namespace reconciled::core;

TEST_CASE("trials: what was tried before and not taken back is a suspect") {
  CHECK_FALSE(is_suspect(0));
  CHECK(is_suspect(1));
  CHECK(is_suspect(2));
}

TEST_CASE("trials: an event is tried three times and no more") {
  CHECK(may_be_tried_again(0));
  CHECK(may_be_tried_again(2));
  CHECK_FALSE(may_be_tried_again(3));
  CHECK_FALSE(may_be_tried_again(4));
}

TEST_CASE("trials: what failed twice or was put aside keeps its payment to itself") {
  CHECK_FALSE(is_on_trial(0, false, true));
  CHECK_FALSE(is_on_trial(1, false, true));
  CHECK(is_on_trial(2, false, true));
  CHECK_FALSE(is_on_trial(2, false, false));  // it is decided
  CHECK(is_on_trial(0, true, false));
  CHECK(is_on_trial(3, true, true));
}
