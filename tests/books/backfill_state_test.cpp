#include "daemon/books/backfill_state.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace reconciled;
using namespace reconciled::books;
using namespace std::chrono_literals;

TEST_CASE("backfill: what is kept comes back whole, and what is broken is none") {
  BackfillState state;
  state.phase = BackfillState::Phase::kRunning;
  state.from = "2026-11-01";
  state.to = "2026-11-03";
  state.notify = true;
  state.begin = core::from_ms(1'000'000);
  state.end = core::from_ms(2'000'000);
  state.walked_to = {core::from_ms(1'500'000), state.begin};
  state.listed = 7;
  state.found = 5;
  state.unreadable = 1;
  state.named = {"\"odd\" (주문)"};
  state.started_at = core::from_ms(3);
  state.ended_at = core::from_ms(4);
  const BackfillState back = backfill_from(to_text(state));
  CHECK(to_text(back) == to_text(state));
  CHECK(back.walked_to == state.walked_to);
  CHECK(back.ended_at == state.ended_at);
  CHECK(to_json(state).at("percent") == 25);
  for (const char* broken : {"", "{", "[]", "7", R"({"phase":"tomorrow"})"}) {
    CAPTURE(broken);
    CHECK(backfill_from(broken).phase == BackfillState::Phase::kNone);
  }
}
