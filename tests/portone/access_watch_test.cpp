#include "daemon/portone/access_watch.h"

#include <doctest/doctest.h>

#include "daemon/runtime/metrics.h"

using namespace reconciled;
using namespace std::chrono_literals;
using core::Api;

namespace {

struct Watched {
  SystemClock clock;
  Metrics metrics{"x"};
  Warnings warnings{clock, metrics};
  portone::AccessWatch watch{warnings};

  [[nodiscard]] std::vector<std::string> standing() const {
    std::vector<std::string> words;
    for (const Warning& warning : warnings.standing()) {
      words.push_back(std::string(to_word(warning.kind)) + " " + warning.about);
    }
    return words;
  }
};
using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("access watch: how far our clock was set since it agreed with PortOne's") {
  Watched watched;
  const core::Time agreed = *core::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");
  const portone::AccessWatch::SteadyTime then{};
  CHECK_FALSE(watched.watch.set_since_agreed(agreed, then));
  // One that differs agrees with nothing.
  watched.watch.told_time(Api::kV1, "Sun, 06 Nov 1994 08:49:37 GMT", agreed + 2h, then);
  CHECK_FALSE(watched.watch.set_since_agreed(agreed, then));
  watched.watch.told_time(Api::kV1, "Sun, 06 Nov 1994 08:49:37 GMT", agreed + 10s, then);
  CHECK(*watched.watch.set_since_agreed(agreed + 10s + 3h, then + 3h) == 0s);
  CHECK(*watched.watch.set_since_agreed(agreed + 10s + 3h, then + 1h) == 2h);
  CHECK(*watched.watch.set_since_agreed(agreed, then + 1h) == -1h - 10s);
}

TEST_CASE("access watch: a clock more than a minute off PortOne's is told, and followed in lists") {
  Watched watched;
  const core::Time ours = core::from_ms(784111777000);  // 08:49:37
  watched.watch.told_time(Api::kV1, "Sun, 06 Nov 1994 08:50:37 GMT", ours);
  CHECK(watched.standing().empty());
  CHECK(watched.watch.ahead(Api::kV1) == 0ms);

  watched.watch.told_time(Api::kV1, "Sun, 06 Nov 1994 09:49:37 GMT", ours);
  CHECK(watched.standing() == Words{"clock v1"});
  CHECK(watched.warnings.standing()[0].detail.find("3600 s behind PortOne's") !=
        std::string::npos);
  CHECK(watched.watch.ahead(Api::kV1) == 1h);
  CHECK(watched.watch.ahead(Api::kV2) == 0ms);
  // A date that is none tells nothing.
  watched.watch.told_time(Api::kV1, "yesterday", ours);
  CHECK(watched.standing() == Words{"clock v1"});

  watched.watch.told_time(Api::kV1, "Sun, 06 Nov 1994 08:49:38 GMT", ours);
  CHECK(watched.standing().empty());
  watched.watch.told_time(Api::kV2, "Sun, 06 Nov 1994 08:40:00 GMT", ours);
  CHECK(watched.warnings.standing()[0].detail.find("577 s ahead of PortOne's") !=
        std::string::npos);
}

TEST_CASE("access watch: a wrong key is told at once, silence after three calls over ten seconds") {
  Watched watched;
  watched.watch.refused(Api::kV2, "status 401");
  CHECK(watched.standing() == Words{"portone_unauthorized v2"});
  watched.watch.answered(Api::kV2);
  CHECK(watched.standing().empty());

  const portone::AccessWatch::SteadyTime begin{};
  watched.watch.unanswered(Api::kV1, "no byte in time", begin + 1s);
  watched.watch.unanswered(Api::kV1, "no byte in time", begin + 5s);
  watched.watch.unanswered(Api::kV1, "no byte in time", begin + 9s);
  CHECK(watched.standing().empty());
  watched.watch.unanswered(Api::kV1, "no byte in time", begin + 12s);
  CHECK(watched.standing() == Words{"portone_unreachable v1"});
  watched.watch.answered(Api::kV2);  // another
  CHECK(watched.standing() == Words{"portone_unreachable v1"});
  watched.watch.answered(Api::kV1);
  CHECK(watched.standing().empty());
}
