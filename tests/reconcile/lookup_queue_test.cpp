#include "daemon/reconcile/lookup_queue.h"

#include <doctest/doctest.h>

using namespace reconciled;
using storage::Question;
using storage::QuestionKind;
using Turn = LookupQueue::Turn;

namespace {

constexpr storage::Cover kFirst{{1}, 1};
constexpr storage::Cover kSecond{{2}, 1};

std::size_t one(QuestionKind) { return 1; }
std::size_t three(QuestionKind) { return 3; }

Question order(const std::string& id) {
  return {QuestionKind::kV1Order, id, core::PaymentId::trusted(id), {}};
}
Question attempt(const std::string& id, std::optional<std::string> payment = std::nullopt) {
  Question question{QuestionKind::kV1Attempt, id, std::nullopt, {}};
  if (payment) question.payment_id = core::PaymentId::trusted(*payment);
  return question;
}

// Of V1, whichever turn it is.
std::vector<LookupQueue::Job> take(LookupQueue& queue, const LookupQueue::BatchSize& batch_size) {
  auto jobs = queue.take(core::Api::kV1, Turn::kFirst, batch_size);
  return jobs.empty() ? queue.take(core::Api::kV1, Turn::kLater, batch_size) : jobs;
}

}  // namespace

TEST_CASE("lookup queue: a question stands in it once, with all events that wait for it") {
  LookupQueue queue;
  queue.want(order("ord-1"), kSecond);
  queue.want(order("ord-1"), kFirst);
  queue.want(order("ord-1"), std::nullopt);
  CHECK(queue.waiting() == 1);
  const auto jobs = take(queue, three);
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].events == std::vector<storage::Cover>{kFirst, kSecond});
  CHECK(queue.waiting() == 0);
  CHECK(queue.pending() == 1);
  queue.finish(order("ord-1"), true);
  CHECK(queue.pending() == 0);
  CHECK(queue.size() == 0);
}

TEST_CASE("lookup queue: a batch holds one kind, up to its size, in order") {
  LookupQueue queue;
  queue.want(attempt("imp_1", "ord-1"), std::nullopt);
  queue.want(order("ord-2"), std::nullopt);
  for (const char* id : {"3", "4", "5"}) {
    queue.want(attempt(std::string("imp_") + id, std::string("ord-") + id), std::nullopt);
  }
  const auto jobs = take(queue, three);
  REQUIRE(jobs.size() == 3);
  CHECK(jobs[0].question.id == "imp_1");
  CHECK(jobs[1].question.id == "imp_3");
  CHECK(jobs[2].question.id == "imp_4");
  CHECK(take(queue, three).at(0).question.id == "ord-2");
}

TEST_CASE("lookup queue: one look-up is in flight per payment") {
  LookupQueue queue;
  queue.want(attempt("imp_1", "ord-1"), std::nullopt);
  queue.want(order("ord-1"), std::nullopt);
  queue.want(attempt("imp_2", "ord-1"), std::nullopt);
  CHECK(take(queue, three).size() == 1);
  CHECK(take(queue, one).empty());
  CHECK(queue.waiting() == 2);
  queue.finish(attempt("imp_1", "ord-1"), true);
  CHECK(take(queue, one).at(0).question.id == "ord-1");
  CHECK(take(queue, one).empty());
  queue.finish(order("ord-1"), true);
  CHECK(take(queue, one).at(0).question.id == "imp_2");
}

TEST_CASE("lookup queue: so many look-ups at most are in flight") {
  LookupQueue queue;
  for (std::size_t i = 0; i < LookupQueue::kMaxInFlight + 10; ++i) {
    queue.want(order(std::to_string(i)), std::nullopt);
  }
  const auto jobs =
      take(queue, [](QuestionKind) { return 2 * LookupQueue::kMaxInFlight; });
  CHECK(jobs.size() == LookupQueue::kMaxInFlight);
  queue.finish(jobs[0].question, true);
  queue.finish(jobs[1].question, false);
  CHECK(take(queue, three).size() == 2);
}

TEST_CASE("lookup queue: what is wanted while it is in flight is asked again after it") {
  LookupQueue queue;
  queue.want(order("ord-1"), kFirst);
  (void)take(queue, one);
  queue.want(order("ord-1"), kSecond);
  CHECK(queue.waiting() == 0);
  queue.finish(order("ord-1"), true);
  const auto jobs = take(queue, one);
  REQUIRE(jobs.size() == 1);
  // Both: the answer in between may have begun before the second arrived.
  CHECK(jobs[0].events == std::vector<storage::Cover>{kFirst, kSecond});
  queue.finish(order("ord-1"), true);
  CHECK(queue.size() == 0);
}

TEST_CASE("lookup queue: an unusable answer leaves its events waiting for the next turn") {
  LookupQueue queue;
  queue.want(order("ord-1"), kFirst);
  (void)take(queue, one);
  queue.finish(order("ord-1"), false);
  CHECK(queue.waiting() == 0);
  CHECK(queue.size() == 1);
  queue.want(order("ord-1"), std::nullopt);
  CHECK(take(queue, one).at(0).events == std::vector<storage::Cover>{kFirst});
}

TEST_CASE("lookup queue: an unusable answer that nobody waits for is forgotten") {
  LookupQueue queue;
  queue.want(order("ord-1"), std::nullopt);
  (void)take(queue, one);
  queue.finish(order("ord-1"), false);
  CHECK(queue.size() == 0);
}

TEST_CASE("lookup queue: dropped events are not asked for any more") {
  LookupQueue queue;
  queue.want(order("ord-1"), kFirst);
  queue.want(order("ord-1"), kSecond);
  (void)take(queue, one);
  queue.drop(order("ord-1"), {kFirst.event});
  queue.drop(order("ord-9"), {kFirst.event});
  queue.finish(order("ord-1"), false);
  queue.want(order("ord-1"), std::nullopt);
  CHECK(take(queue, one).at(0).events == std::vector<storage::Cover>{kSecond});
}

TEST_CASE("lookup queue: what became known of a question's payment in flight locks nothing up") {
  LookupQueue queue;
  queue.want(attempt("imp_1"), std::nullopt);
  (void)take(queue, one);
  // Meanwhile a webhook names the payment, and that payment has a look-up of its own in flight.
  queue.want(order("ord-1"), std::nullopt);
  CHECK(take(queue, one).at(0).question.id == "ord-1");
  queue.want(attempt("imp_1", "ord-1"), std::nullopt);
  queue.finish(attempt("imp_1"), true);
  // It belongs to the payment now, which is still being asked about.
  CHECK(take(queue, one).empty());
  queue.finish(order("ord-1"), true);
  CHECK(take(queue, one).at(0).question.id == "imp_1");
  queue.finish(attempt("imp_1"), true);
  CHECK(queue.size() == 0);
  // And the attempt may be asked about by itself again.
  queue.want(attempt("imp_1"), std::nullopt);
  CHECK(take(queue, one).size() == 1);
}

TEST_CASE("lookup queue: only what redirects alone want is for a redirect; names are gathered") {
  LookupQueue queue;
  Question by_redirect = order("ord-1");
  by_redirect.for_redirect = true;
  by_redirect.named_attempts = {core::AttemptId::trusted("imp_1")};
  queue.want(by_redirect, kFirst);
  queue.want(by_redirect, kFirst);
  Question by_webhook = order("ord-1");
  by_webhook.named_attempts = {core::AttemptId::trusted("imp_2")};
  queue.want(by_webhook, kSecond);
  const auto jobs = take(queue, one);
  CHECK_FALSE(jobs.at(0).question.for_redirect);
  CHECK(jobs.at(0).question.named_attempts.size() == 2);
}

TEST_CASE("lookup queue: what is proven comes before all whose turn is later") {
  LookupQueue queue;
  for (const char* id : {"later-1", "later-2"}) queue.want(order(id), kFirst, Turn::kLater);
  queue.want(order("first"), kSecond, Turn::kFirst);
  CHECK(queue.waiting() == 3);
  CHECK(take(queue, one).at(0).question.id == "first");
  CHECK(take(queue, one).at(0).question.id == "later-1");
  CHECK(take(queue, one).at(0).question.id == "later-2");
}

TEST_CASE("lookup queue: a turn gets better and not worse") {
  LookupQueue queue;
  for (const char* id : {"later", "hastened"}) queue.want(order(id), kFirst, Turn::kLater);
  queue.want(order("hastened"), kSecond, Turn::kFirst);
  queue.want(order("hastened"), std::nullopt, Turn::kLater);
  CHECK(queue.waiting() == 2);
  const auto jobs = take(queue, one);
  CHECK(jobs.at(0).question.id == "hastened");
  CHECK(jobs.at(0).events == std::vector<storage::Cover>{kFirst, kSecond});

  // In flight: its next turn is the better one.
  queue.want(order("hastened"), kFirst, Turn::kLater);
  queue.finish(order("hastened"), true);
  CHECK(take(queue, one).at(0).question.id == "hastened");
}

TEST_CASE("lookup queue: each turn is taken by itself") {
  LookupQueue queue;
  queue.want(order("later-1"), std::nullopt, Turn::kLater);
  queue.want(order("first-1"), std::nullopt);
  CHECK(queue.take(core::Api::kV1, Turn::kLater, one).at(0).question.id == "later-1");
  CHECK(queue.take(core::Api::kV1, Turn::kLater, one).empty());
  const auto jobs = queue.take(core::Api::kV1, Turn::kFirst, one);
  CHECK(jobs.at(0).question.id == "first-1");
  CHECK(jobs.at(0).turn == Turn::kFirst);
}

TEST_CASE("lookup queue: a whole batch or nothing, of what is asked in batches") {
  LookupQueue queue;
  const auto in_threes = [](QuestionKind kind) -> std::size_t {
    return kind == QuestionKind::kV1Attempt ? 3 : 1;
  };
  const auto take_full = [&] {
    return queue.take(core::Api::kV1, Turn::kFirst, in_threes, LookupQueue::Which::kFullBatches);
  };
  queue.want(attempt("imp_1"), std::nullopt);
  CHECK(take_full().empty());
  queue.want(order("ord-1"), std::nullopt);
  CHECK(take_full().at(0).question.id == "ord-1");
  queue.want(attempt("imp_2"), std::nullopt);
  queue.want(attempt("imp_3"), std::nullopt);
  CHECK(take_full().size() == 3);
}

TEST_CASE("lookup queue: what is given back stands in front, and is not taken with others again") {
  LookupQueue queue;
  for (const char* id : {"ord-1", "ord-2"}) queue.want(order(id), kFirst);
  CHECK(take(queue, one).at(0).question.id == "ord-1");
  queue.give_back(order("ord-1"));
  CHECK(queue.waiting() == 2);
  CHECK(queue.take(core::Api::kV1, Turn::kFirst, three, LookupQueue::Which::kNotLeftOut)
            .at(0)
            .question.id == "ord-2");
  const auto jobs = take(queue, one);
  CHECK(jobs.at(0).question.id == "ord-1");
  CHECK(jobs.at(0).events == std::vector<storage::Cover>{kFirst});
}

TEST_CASE("lookup queue: those whose turn is later leave room in flight") {
  LookupQueue queue;
  for (std::size_t i = 0; i < LookupQueue::kMaxInFlight; ++i) {
    queue.want(order("later-" + std::to_string(i)), std::nullopt, Turn::kLater);
  }
  for (std::size_t i = 0; i < LookupQueue::kMaxLaterInFlight; ++i)
    (void)take(queue, one);
  CHECK(take(queue, one).empty());
  queue.finish(order("later-0"), true);
  CHECK(take(queue, one).at(0).question.id ==
        "later-" + std::to_string(LookupQueue::kMaxLaterInFlight));
}

TEST_CASE("lookup queue: a copy that comes while its look-up is in flight is asked about again") {
  LookupQueue queue;
  queue.want(order("ord-1"), kFirst);
  CHECK(take(queue, one).at(0).events == std::vector<storage::Cover>{kFirst});
  queue.want(order("ord-1"), storage::Cover{kFirst.event, 2});
  queue.finish(order("ord-1"), true);
  CHECK(take(queue, one).at(0).events == std::vector<storage::Cover>{{kFirst.event, 2}});
  queue.finish(order("ord-1"), true);
  CHECK(queue.size() == 0);
}

TEST_CASE("lookup queue: each API has its own line, room and turns, for one payment too") {
  LookupQueue queue;
  const Question v2{QuestionKind::kV2Payment, "ord-1", core::PaymentId::trusted("ord-1"), {}};
  for (std::size_t i = 0; i <= LookupQueue::kMaxInFlight; ++i) {
    queue.want(order("ord-" + std::to_string(i)), std::nullopt);
  }
  queue.want(v2, kFirst);
  const auto all = [](QuestionKind) { return 2 * LookupQueue::kMaxInFlight; };
  // V1 hangs with all that it may have in flight, that payment too.
  CHECK(take(queue, all).size() == LookupQueue::kMaxInFlight);
  const auto jobs = queue.take(core::Api::kV2, Turn::kFirst, one);
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].question.kind == QuestionKind::kV2Payment);
  CHECK(queue.waiting() == 1);
  CHECK(queue.pending() == LookupQueue::kMaxInFlight + 2);
  queue.finish(v2, true);
  CHECK(queue.pending() == LookupQueue::kMaxInFlight + 1);
}
