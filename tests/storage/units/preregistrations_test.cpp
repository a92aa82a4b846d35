// What PortOne is to be told of orders, and how it took it (interface §6, `preregister`).
#include "tests/storage/store_fixture.h"

using namespace reconciled::test;
using reconciled::storage::Preregistration;

namespace {

using Telling = reconciled::storage::PreregistrationReport::Outcome;
using Due = std::vector<Preregistration>;

Due due(Store& store, int now, Api api = Api::kV1) {
  return store.reader().due_preregistrations(api, at(now), 100);
}

// "v1 done; v2 pending unreachable"
std::string states(Store& store) {
  std::string all;
  for (const auto& one : store.reader().preregistrations(kPayment)) {
    all += (all.empty() ? "" : "; ") + std::string(to_word(one.api)) + " " +
           std::string(to_word(one.state)) + (one.detail.empty() ? "" : " " + one.detail);
  }
  return all;
}

std::vector<std::string> timeline(Store& store) {
  return Stranger(store.path()).rows("SELECT summary FROM timeline WHERE kind = 'preregistration'");
}

// Tells both APIs what is due.
void all_take(Store& store, int now) {
  for (const Api api : {Api::kV1, Api::kV2}) {
    for (const Preregistration& one : due(store, now, api)) {
      CHECK(store.portone_takes(one, Telling::kTaken, now));
    }
  }
}

// Whether a commit until now told so: others hear of it after who waits for it.
template <class Tells>
bool has_heard(Store& store, Tells tells) {
  (void)store.wait<bool>([&](auto done) { store.writer().call_behind(done); });
  const std::vector<CommitNotice> all = store.notices();
  return std::any_of(all.begin(), all.end(), tells);
}

}  // namespace

TEST_CASE("preregistration: what is asked for is due at once, for each API that is configured") {
  for (const bool v2 : {true, false}) {
    CAPTURE(v2);
    DecisionPolicy policy = both_apis();
    if (!v2) policy.v2_store_id.reset();
    Store store(policy);
    CHECK(store.preregister(kAmount, 1) == OrderOutcome::kCreated);
    CHECK(states(store) == (v2 ? "v1 pending; v2 pending" : "v1 pending"));
    const Due of_v1 = due(store, 1);
    REQUIRE(of_v1.size() == 1);
    CHECK(of_v1[0].api == Api::kV1);
    CHECK(of_v1[0].payment_id == kPayment);
    CHECK(of_v1[0].money == Money{kAmount, kKrw});
    CHECK(due(store, 1, Api::kV2).size() == (v2 ? 1 : 0));
    CHECK(has_heard(store, [](const CommitNotice& one) { return one.preregistrations_changed; }));
  }
}

TEST_CASE("preregistration: nothing is told of an order that asks for nothing") {
  Store store;
  (void)store.order(kAmount);
  (void)store.order(1);
  CHECK(states(store).empty());
  CHECK(due(store, 100).empty());
  CHECK_FALSE(store.reader().next_preregistration(Api::kV1));
}

TEST_CASE(
    "preregistration: done and refused are final, and told again only where that is asked for") {
  Store store;
  (void)store.preregister(kAmount, 1);
  CHECK(store.portone_takes(due(store, 1)[0], Telling::kTaken, 2));
  CHECK(store.portone_takes(due(store, 1, Api::kV2)[0], Telling::kRefused, 2, "ALREADY_PAID"));
  CHECK(states(store) == "v1 done; v2 refused ALREADY_PAID");
  CHECK(due(store, 1'000).empty());
  CHECK(has_heard(store, [](const CommitNotice& one) {
    return one.told == std::vector<PaymentId>{kPayment};
  }));
  CHECK(timeline(store) ==
        std::vector<std::string>{"pre-registered with PortOne V1, 64900 KRW",
                                 "refused to be pre-registered by PortOne V2, 64900 KRW: "
                                 "ALREADY_PAID"});
  // The same order without the wish asks for nothing; with it what was refused is told again.
  CHECK(store.order(kAmount, 3) == OrderOutcome::kUnchanged);
  CHECK(states(store) == "v1 done; v2 refused ALREADY_PAID");
  CHECK(store.preregister(kAmount, 4) == OrderOutcome::kUnchanged);
  CHECK(states(store) == "v1 done; v2 pending");
  CHECK(due(store, 4).empty());
  CHECK(due(store, 4, Api::kV2).size() == 1);
}

TEST_CASE(
    "preregistration: PortOne is told again as long as it gives no answer, then not for ever") {
  Store store;
  (void)store.preregister(kAmount, 1);
  const Preregistration order = due(store, 1)[0];
  CHECK(store.portone_takes(order, Telling::kUnanswered, 10, "unreachable"));
  CHECK(due(store, 10).empty());
  CHECK(store.reader().next_preregistration(Api::kV1) == at(11));
  CHECK(store.portone_takes(order, Telling::kUnanswered, 11, "unreachable"));
  CHECK(store.reader().next_preregistration(Api::kV1) == at(13));
  CHECK(timeline(store)[0] == "to be pre-registered with PortOne V2, 64900 KRW");
  CHECK(timeline(store)[1] ==
        "to be pre-registered with PortOne V1, 64900 KRW (2 times in vain): unreachable");
  CHECK(store.portone_takes(due(store, 13, Api::kV2)[0], Telling::kUnanswered, 12, "unreachable"));
  CHECK(store.portone_takes(due(store, 13, Api::kV2)[0], Telling::kTaken, 13));
  CHECK(timeline(store)[1] == "pre-registered with PortOne V2, 64900 KRW");
  // Over a restart.
  store.open(both_apis());
  store.writer().start();
  CHECK(due(store, 13).size() == 1);
  // Asked for again: somebody waits.
  (void)store.preregister(kAmount, 12);
  CHECK(due(store, 12).size() == 1);
  const int last = 30 * 24 * 3'600 + 12;
  CHECK(store.portone_takes(order, Telling::kUnanswered, last, "unreachable"));
  CHECK(states(store) == "v1 dropped unreachable; v2 done");
  CHECK(due(store, last + 100).empty());
}

TEST_CASE("preregistration: what is tried again goes behind what nobody was told of yet") {
  Store store;
  const auto other = PaymentId::trusted("other");
  (void)store.preregister(kAmount, 1);
  CHECK(store.portone_takes(due(store, 1)[0], Telling::kUnanswered, 1));
  (void)store.preregister(kAmount, 5, other);
  const Due both = due(store, 6);
  REQUIRE(both.size() == 2);
  CHECK(both[0].payment_id == other);
  CHECK(store.reader().due_preregistrations(Api::kV1, at(6), 1).size() == 1);
}

TEST_CASE(
    "preregistration: another amount is told anew, though nobody says so, and the old one is not") {
  Store store;
  (void)store.preregister(kAmount, 1);
  const Preregistration old = due(store, 1)[0];
  CHECK(store.order(100, 2) == OrderOutcome::kUpdated);
  CHECK(states(store) == "v1 pending; v2 pending");
  const Due now = due(store, 2);
  REQUIRE(now.size() == 1);
  CHECK(now[0].money == Money{100, kKrw});
  // What comes of the old one tells nothing any more.
  CHECK_FALSE(store.portone_takes(old, Telling::kTaken, 3));
  CHECK(states(store) == "v1 pending; v2 pending");
  all_take(store, 3);
  CHECK(states(store) == "v1 done; v2 done");
  CHECK(timeline(store)[0] ==
        "not pre-registered with PortOne V1, 64900 KRW: another amount was registered");
  // What PortOne took would stand.
  CHECK(store.order(200, 4) == OrderOutcome::kUpdated);
  CHECK(states(store) == "v1 pending; v2 pending");
}

TEST_CASE("preregistration: another name is the same money, and nothing is told") {
  Store store;
  (void)store.preregister(kAmount, 1);
  all_take(store, 2);
  CHECK(store.order(kAmount, 3, "socks") == OrderOutcome::kUpdated);
  CHECK(states(store) == "v1 done; v2 done");
  CHECK(store.preregister(kAmount, 4, kPayment, "shoes") == OrderOutcome::kUpdated);
  CHECK(states(store) == "v1 done; v2 done");
  CHECK(due(store, 5).empty());
}

TEST_CASE("preregistration: a withdrawn order is told no more, and told anew where it comes back") {
  Store store;
  (void)store.preregister(kAmount, 1);
  const Preregistration order = due(store, 1)[0];
  CHECK(store.withdraw(2) == OrderOutcome::kUpdated);
  CHECK(due(store, 100).empty());
  CHECK_FALSE(store.portone_takes(order, Telling::kUnanswered, 3));
  CHECK(due(store, 100).empty());
  CHECK(timeline(store)[0] ==
        "not pre-registered with PortOne V1, 64900 KRW: the order was withdrawn");
  CHECK(store.order(kAmount, 4) == OrderOutcome::kCreated);
  CHECK(due(store, 4).size() == 1);
}

TEST_CASE("preregistration: a change that is refused tells nothing") {
  Store store;
  (void)store.preregister(kAmount, 1);
  all_take(store, 2);
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 3);
  CHECK(store.preregister(1, 4) == OrderOutcome::kConflict);
  CHECK(states(store) == "v1 done; v2 done");
}

TEST_CASE("preregistration: where our clock was set, what is planned keeps its distance") {
  Store store;
  (void)store.preregister(kAmount, 1);
  CHECK(store.portone_takes(due(store, 1)[0], Telling::kUnanswered, 10));
  CHECK(store.wait<bool>([&](auto done) { store.writer().shift_plans(-1h, at(10), done); }).ok());
  CHECK(store.reader().next_preregistration(Api::kV1) == at(11) - 1h);
}

TEST_CASE(
    "preregistration: the file refuses a state that nobody knows, and one that waits for nothing") {
  Store store;
  (void)store.preregister(kAmount, 1);
  Stranger stranger(store.path());
  CHECK_FALSE(stranger.run("UPDATE preregistration SET state = 'perhaps'").empty());
  CHECK_FALSE(stranger.run("UPDATE preregistration SET state = 'done'").empty());
  CHECK_FALSE(stranger.run("UPDATE preregistration SET next_at_ms = NULL").empty());
}
