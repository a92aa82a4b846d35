#include "daemon/commands/known_webhooks.h"

#include <doctest/doctest.h>

using namespace reconciled;
using namespace std::chrono_literals;
using commands::KnownWebhooks;
using core::RecordedWebhook;

namespace {

constexpr auto kKeep = 1h;
const KnownWebhooks::Steady::time_point kStart{};

RecordedWebhook webhook(const std::string& id, const std::string& about, bool is_made = false,
                        core::Api api = core::Api::kV2) {
  RecordedWebhook made{.api = api, .id = id};
  made.about = about;
  made.is_made = is_made;
  return made;
}

}  // namespace

TEST_CASE("known webhooks: each is due once, as long as it is listed") {
  KnownWebhooks known(kKeep);
  auto now = kStart;
  REQUIRE(known.is_due(webhook("1", "paid"), now));
  known.add(webhook("1", "paid"), now);
  for (int looks = 0; looks < 200; ++looks) {
    now += 50min;
    CHECK_FALSE(known.is_due(webhook("1", "paid"), now));
    known.forget(now);
  }
  // Sent anew by hand, it has another id.
  CHECK(known.is_due(webhook("2", "paid"), now));
}

TEST_CASE("known webhooks: a made one waits for the recorded one, and one of them is enough") {
  KnownWebhooks known(kKeep);
  const RecordedWebhook made = webhook("made", "paid", true);
  const RecordedWebhook recorded = webhook("1", "paid");
  CHECK_FALSE(known.is_due(made, kStart));
  CHECK_FALSE(known.is_due(made, kStart + KnownWebhooks::kGrace - 1ms));
  SUBCASE("the record has it in time") {
    CHECK(known.is_due(recorded, kStart + 2s));
    known.add(recorded, kStart + 2s);
    CHECK_FALSE(known.is_due(made, kStart + 1min));
  }
  SUBCASE("the record has it too late") {
    const auto late = kStart + KnownWebhooks::kGrace;
    REQUIRE(known.is_due(made, late));
    known.add(made, late);
    CHECK_FALSE(known.is_due(made, late));
    CHECK_FALSE(known.is_due(recorded, late + 1min));
    CHECK(known.is_due(webhook("2", "cancelled"), late + 1min));
  }
}

TEST_CASE("known webhooks: V1's are never recorded and do not wait") {
  KnownWebhooks known(kKeep);
  const RecordedWebhook made = webhook("made", "paid", true, core::Api::kV1);
  REQUIRE(known.is_due(made, kStart));
  known.add(made, kStart);
  CHECK_FALSE(known.is_due(made, kStart + 1s));
}

TEST_CASE("known webhooks: there is an end to what is kept") {
  KnownWebhooks known(kKeep);
  const std::size_t many = KnownWebhooks::kMost;
  for (std::size_t i = 0; i < many; ++i) {
    known.add(webhook(std::to_string(i), std::to_string(i)),
              kStart + std::chrono::seconds(i / 100));
  }
  const auto now = kStart + std::chrono::seconds(many / 100);
  known.forget(now);
  CHECK_FALSE(known.is_due(webhook(std::to_string(many - 1), "x"), now));
  CHECK(known.is_due(webhook("0", "0"), now));
}
