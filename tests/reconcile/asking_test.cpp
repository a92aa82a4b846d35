#include "daemon/reconcile/asking.h"

#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "tests/reconcile/portone_by_hand.h"
#include "tests/storage/store_fixture.h"

using namespace reconciled::test;
using reconciled::Asking;
using reconciled::LookupQueue;
using Ended = LookupReport::Outcome;

namespace {

Question order(const std::string& id) {
  return {QuestionKind::kV1Order, id, PaymentId::trusted(id), {}};
}
Question attempt(const std::string& id, const std::string& payment) {
  return {QuestionKind::kV1Attempt, id, PaymentId::trusted(payment), {}};
}

struct Desk {
  explicit Desk(int limit, Asking::Answered answered,
                std::chrono::milliseconds list_patience = Asking::kListPatience)
      : portone(limit), asking(portone, store.writer(), clock, std::move(answered), list_patience) {}

  Store store;
  reconciled::SystemClock clock;
  PortoneByHand portone;
  Asking asking;
};

}  // namespace

TEST_CASE("asking: as many dialogues are under way as PortOne takes, and the next follows each") {
  std::vector<LookupReport> answered;
  Desk desk(2, [&](LookupReport report) { answered.push_back(std::move(report)); });
  for (const char* id : {"o1", "o2", "o3"}) desk.asking.want(order(id), reconciled::storage::Cover{{7}, 1});
  CHECK(desk.portone.in_flight() == 2);
  CHECK(desk.asking.waiting() == 1);
  PortoneByHand::answer(desk.portone.next().value(), Ended::kNotFound);
  CHECK(desk.portone.in_flight() == 2);
  REQUIRE(answered.size() == 1);
  CHECK(answered[0].question.id == "o1");
  CHECK(answered[0].events.size() == 1);
  CHECK(answered[0].number > 0);
  CHECK(answered[0].answered_at != reconciled::core::Time{});
}

TEST_CASE("asking: one dialogue is kept free of what has time, and one for it") {
  Desk desk(3, [](const LookupReport&) {});
  using Turn = LookupQueue::Turn;
  for (const char* id : {"l1", "l2", "l3"}) desk.asking.want(order(id), std::nullopt, Turn::kLater);
  CHECK(desk.portone.in_flight() == 2);
  desk.asking.want(order("f1"));
  CHECK(desk.portone.in_flight() == 3);
  desk.asking.want(order("f2"));
  // The first that ends was a later one: of the others another goes on.
  for (int i = 0; i < 2; ++i) {
    const auto asked = desk.portone.next().value();
    PortoneByHand::answer(asked, Ended::kNotFound);
    desk.asking.finish(asked.questions.front(), true);
  }
  std::set<std::string> left;
  while (const auto asked = desk.portone.next()) left.insert(asked->questions.front().id);
  CHECK(left == std::set<std::string>{"f1", "f2", "l3"});
}

TEST_CASE("asking: beyond some dialogues a batch waits until it is full") {
  Desk desk(64, [](const LookupReport&) {});
  for (int i = 0; i < 10; ++i) {
    const std::string number = std::to_string(i);
    desk.asking.want(attempt("imp_" + number, "o" + number));
  }
  // Eight single ones, and two that wait for a third.
  CHECK(desk.portone.in_flight() == 8);
  desk.asking.want(attempt("imp_last", "o_last"));
  CHECK(desk.portone.in_flight() == 9);
  for (int i = 0; i < 8; ++i) (void)desk.portone.next();
  CHECK(desk.portone.next()->questions.size() == 3);
}

TEST_CASE("asking: what is proven does not wait for batches of what has time") {
  Desk desk(64, [](const LookupReport&) {});
  for (int i = 0; i < 100; ++i) {
    const std::string number = std::to_string(i);
    desk.asking.want(attempt("imp_" + number, "o" + number), std::nullopt,
                     LookupQueue::Turn::kLater);
  }
  const std::size_t later = desk.portone.in_flight();
  CHECK(later > 8);
  desk.asking.want(attempt("imp_proven", "o_proven"));
  CHECK(desk.portone.in_flight() == later + 1);
}

TEST_CASE("asking: under a backlog of V2 the list answers for what it shows, the rest is asked alone") {
  constexpr int kBacklog = 300;
  std::map<std::string, LookupReport> answered;
  Desk desk(1, [&](LookupReport report) {
    const std::string id = report.question.id;
    answered.emplace(id, std::move(report));
  });
  const auto payment = [](int i) {
    const std::string id = "ord-" + std::to_string(i);
    return Question{QuestionKind::kV2Payment, id, PaymentId::trusted(id), {}};
  };
  for (int i = 0; i < kBacklog; ++i) {
    Question question = payment(i);
    if (i == 5) question.named_attempts.push_back(AttemptId::trusted("tx-of-another-answer"));
    // A webhook says that this one was cancelled, and the list does not know it yet.
    const Result says = i == 6 ? Result::kCancelled : Result::kPaid;
    desk.asking.want(question, reconciled::storage::Cover{{i + 1}, 1, says});
  }
  const auto listing = desk.portone.listing();
  REQUIRE(listing);
  CHECK_FALSE(desk.portone.listing());  // one at a time
  std::vector<Snapshot> rows;
  for (int i = 2; i < 200; ++i) {
    rows.push_back(v2("tx-" + std::to_string(i), Result::kPaid));
    rows.back().payment_id = PaymentId::trusted("ord-" + std::to_string(i));
  }
  const auto before = answered.size();
  listing(rows);
  // ord-0 is in flight by itself, and of ord-5 another attempt was named.
  CHECK(answered.size() - before == 196);
  CHECK_FALSE(answered.contains("ord-5"));
  CHECK_FALSE(answered.contains("ord-6"));
  CHECK_FALSE(answered.contains("ord-250"));
  const LookupReport& one = answered.at("ord-7");
  CHECK(one.outcome == Ended::kAnswered);
  CHECK(one.snapshots.at(0).attempt_id.str() == "tx-7");
  CHECK(one.number > 0);
  CHECK(one.events.size() == 1);
  // What it left out is not listed again, but asked.
  CHECK_FALSE(desk.portone.listing());
  std::set<std::string> asked;
  while (const auto next = desk.portone.next()) {
    asked.insert(next->questions.front().id);
    PortoneByHand::answer(*next, Ended::kNotFound);
  }
  CHECK(asked.contains("ord-5"));
  CHECK(asked.contains("ord-6"));
  CHECK(asked.contains("ord-250"));
  CHECK_FALSE(asked.contains("ord-7"));
}

TEST_CASE("asking: a list that takes too long holds up nothing, and what it says too late is left") {
  std::set<std::string> answered;
  Desk desk(
      1, [&](const LookupReport& report) { answered.insert(report.question.id); }, 20ms);
  for (int i = 0; i < 300; ++i) {
    const std::string id = "ord-" + std::to_string(i);
    desk.asking.want({QuestionKind::kV2Payment, id, PaymentId::trusted(id), {}});
  }
  const auto listing = desk.portone.listing();
  REQUIRE(listing);
  desk.asking.go_on();
  const std::size_t waiting = desk.asking.waiting();
  std::this_thread::sleep_for(25ms);
  desk.asking.go_on();
  CHECK(desk.asking.waiting() > waiting + 200);
  CHECK_FALSE(desk.portone.listing());  // it is still under way
  Snapshot row = v2("tx-7", Result::kPaid);
  row.payment_id = PaymentId::trusted("ord-7");
  listing({row});
  CHECK(answered.empty());
  int asked = 0;
  while (const auto next = desk.portone.next()) {
    ++asked;
    PortoneByHand::answer(*next, Ended::kNotFound);
  }
  CHECK(asked == 300);
}

TEST_CASE("asking: after a stop nothing is asked, and no answer is taken") {
  int answered = 0;
  Desk desk(1, [&](const LookupReport&) { ++answered; });
  desk.asking.want(order("o1"));
  desk.asking.stop();
  PortoneByHand::answer(desk.portone.next().value(), Ended::kUnusable);
  desk.asking.want(order("o2"));
  CHECK(desk.portone.in_flight() == 0);
  CHECK(answered == 0);
}

TEST_CASE("asking: whoever answers, every question is asked, and no payment twice at once") {
  constexpr int kQuestions = 2'000;
  std::mutex mutex;
  std::set<std::string> busy;
  std::atomic<int> answered{0};
  std::atomic<bool> twice{false};
  Asking* asking = nullptr;
  Desk desk(6, [&](const LookupReport& report) {
    {
      const std::lock_guard lock(mutex);
      busy.erase(report.question.payment_id->str());
    }
    asking->finish(report.question, true);
    ++answered;
  });
  asking = &desk.asking;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (answered < kQuestions) {
        const auto asked = desk.portone.next();
        if (!asked) {
          std::this_thread::yield();
          continue;
        }
        for (const Question& question : asked->questions) {
          const std::lock_guard lock(mutex);
          if (!busy.insert(question.payment_id->str()).second) twice = true;
        }
        PortoneByHand::answer(*asked, Ended::kNotFound);
      }
    });
  }
  for (int i = 0; i < kQuestions; ++i) {
    desk.asking.want(attempt("imp_" + std::to_string(i), "ord-" + std::to_string(i % 7)));
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(answered == kQuestions);
  CHECK_FALSE(twice);
}
