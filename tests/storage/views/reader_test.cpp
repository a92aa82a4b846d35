// What the daemon asks the store: lists with their filters and pages, one payment, the inbox, the
// facts of a waiting page.
#include <set>

#include "tests/storage/store_fixture.h"

using namespace reconciled::test;

namespace {

PaymentId order_id(int number) { return PaymentId::trusted("ord-" + std::to_string(number)); }

// 30 payments: every third paid, every third failed, the rest only registered.
class Shop {
 public:
  static constexpr int kPayments = 30;
  Shop() : store(both_apis(), false) {
    for (int i = 0; i < kPayments; ++i) {
      store.writer().register_order({order_id(i), kAmount, kKrw, "", at(i)}, nullptr);
      if (i % 3 == 2) continue;
      Snapshot snapshot =
          v1("imp_" + std::to_string(i), i % 3 == 0 ? Result::kPaid : Result::kFailed, i);
      snapshot.payment_id = order_id(i);
      if (i % 6 == 0) snapshot.total_amount = 1;
      LookupReport report =
          Store::answered({QuestionKind::kV1Order, order_id(i).str(), order_id(i)}, i);
      report.snapshots = {snapshot};
      store.writer().settle(report, nullptr);
    }
    NewEvent back = redirect(UiState::kReturnedFailure, 40, std::nullopt, order_id(2));
    store.writer().accept_event(back, nullptr);
    store.writer().begin_event(EventId{1}, at(41), nullptr);
    store.writer().start();
    store.writer().stop();
  }
  Store store;
};

// The ids of all pages of that size, in order.
std::vector<std::string> all_pages(Reader& reader, PaymentFilter filter, std::int64_t limit) {
  std::vector<std::string> ids;
  filter.limit = limit;
  for (int pages = 0; pages < 100; ++pages) {
    const Page<PaymentView> page = reader.payments(filter);
    CHECK(static_cast<std::int64_t>(page.items.size()) <= limit);
    for (const PaymentView& view : page.items) ids.push_back(view.payment_id.str());
    if (!page.next_cursor) return ids;
    CHECK(static_cast<std::int64_t>(page.items.size()) == limit);
    filter.cursor = page.next_cursor;
  }
  FAIL("the pages never end");
  return ids;
}

}  // namespace

TEST_CASE("reader: pages of any size give every payment once, the newest first") {
  const Shop shop;
  Reader reader = shop.store.reader();
  for (const std::int64_t limit : {1, 7, 29, 30, 31, 500}) {
    CAPTURE(limit);
    const std::vector<std::string> ids = all_pages(reader, {}, limit);
    REQUIRE(ids.size() == Shop::kPayments);
    CHECK(std::set(ids.begin(), ids.end()).size() == Shop::kPayments);
    CHECK(ids.front() == "ord-29");
    CHECK(ids.back() == "ord-0");
  }
}

TEST_CASE("reader: each filter narrows the list, over all its pages") {
  const Shop shop;
  Reader reader = shop.store.reader();
  const auto count = [&](const auto& set) {
    PaymentFilter filter;
    set(filter);
    const std::vector<std::string> small = all_pages(reader, filter, 2);
    CHECK(std::set(small.begin(), small.end()).size() == small.size());
    CHECK(all_pages(reader, filter, 500) == small);
    return small.size();
  };
  using Filter = PaymentFilter;
  CHECK(count([](Filter& f) { f.result = Result::kPaid; }) == 10);
  CHECK(count([](Filter& f) { f.result = Result::kFailed; }) == 10);
  CHECK(count([](Filter& f) { f.result = Result::kNone; }) == 10);
  CHECK(count([](Filter& f) { f.result = Result::kCancelled; }) == 0);
  CHECK(count([](Filter& f) { f.deliverable = true; }) == 5);
  CHECK(count([](Filter& f) { f.deliverable = false; }) == 25);
  CHECK(count([](Filter& f) { f.ui_state = UiState::kReturnedFailure; }) == 1);
  CHECK(count([](Filter& f) { f.finding = FindingKind::kAmountMismatch; }) == 5);
  CHECK(count([](Filter& f) { f.finding = FindingKind::kStuck; }) == 0);
  CHECK(count([](Filter& f) { f.contains = "ord-1"; }) == 11);
  CHECK(count([](Filter& f) { f.contains = "imp_3"; }) == 1);
  CHECK(count([](Filter& f) { f.contains = "imp_"; }) == 0);  // attempts by their whole id
  CHECK(count([](Filter& f) { f.contains = "%"; }) == 0);
  CHECK(count([](Filter& f) { f.since = at(10); }) == 20);
  CHECK(count([](Filter& f) { f.until = at(10); }) == 10);
  CHECK(count([](Filter& f) {
          f.since = at(10);
          f.until = at(20);
          f.result = Result::kPaid;
          f.deliverable = false;
          f.finding = FindingKind::kAmountMismatch;
          f.contains = "ord-";
        }) == 2);
}

TEST_CASE("reader: payments that come between two pages are neither lost nor doubled") {
  Store store;
  for (int i = 0; i < 6; ++i) (void)store.order(kAmount, i, "", order_id(i));
  Reader reader = store.reader();
  PaymentFilter filter;
  filter.limit = 3;
  const Page<PaymentView> first = reader.payments(filter);
  for (int i = 6; i < 9; ++i) (void)store.order(kAmount, i, "", order_id(i));
  filter.cursor = first.next_cursor;
  const Page<PaymentView> second = reader.payments(filter);
  REQUIRE(second.items.size() == 3);
  CHECK(first.items.back().payment_id == order_id(3));
  CHECK(second.items.front().payment_id == order_id(2));
  CHECK_FALSE(second.next_cursor.has_value());
}

TEST_CASE("reader: events page and filter likewise") {
  Store store;
  for (int i = 0; i < 9; ++i) {
    (void)store.accept(v1_webhook("imp_" + std::to_string(i), Result::kPaid, i));
  }
  (void)store.accept(redirect(UiState::kReturnedSuccess, 10, "imp_1"));
  (void)store.accept(v1_webhook("imp_x", Result::kPaid, 11, order_id(2)));
  (void)store.confirm(confirm_call("imp_1", "64900", 12));
  Reader reader = store.reader();
  const auto ids = [&](EventFilter filter) {
    std::vector<std::int64_t> found;
    for (filter.limit = 4;;) {
      const Page<EventView> page = reader.events(filter);
      for (const EventView& view : page.items) {
        found.push_back(view.id.value);
        CHECK_FALSE(view.body.has_value());  // of one event only
      }
      if (!page.next_cursor) return found;
      filter.cursor = page.next_cursor;
    }
  };
  EventFilter filter;
  CHECK(ids(filter).size() == 12);
  filter.source = EventSource::kWebhook;
  CHECK(ids(filter).size() == 10);
  filter.payment_id = kPayment;
  CHECK(ids(filter).size() == 9);
  filter.source.reset();
  CHECK(ids(filter) == std::vector<std::int64_t>{12, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1});
  filter.source = EventSource::kConfirm;
  CHECK(ids(filter) == std::vector<std::int64_t>{12});
  CHECK_FALSE(reader.event(EventId{4711}).has_value());
}

TEST_CASE("reader: findings and notifications page by number, the newest first") {
  Store store;
  Stranger stranger(store.path());
  for (int i = 1; i <= 5; ++i) {
    const std::string n = std::to_string(i);
    REQUIRE(stranger
                .run("INSERT INTO finding (payment_id, kind, cause, open, detail, opened_at_ms) "
                     "VALUES ('ord-1', 'stuck', '" +
                     n + "', " + (i % 2 == 0 ? "0" : "1") + ", 'd', " + n + ")")
                .empty());
    REQUIRE(stranger
                .run("INSERT INTO notification (payment_no, payment_id, version, type, body, state, "
                     "created_at_ms, sent_at_ms) VALUES (1, 'ord-1', " +
                     n + ", 'payment.paid', '{}', " +
                     (i % 2 == 0 ? "'sent', " + n + ", 1)" : "'waiting', " + n + ", NULL)"))
                .empty());
  }
  Reader reader = store.reader();
  const Page<FindingView> first = reader.findings(false, 3, std::nullopt);
  REQUIRE(first.items.size() == 3);
  CHECK(first.items[0].id == 5);
  const Page<FindingView> second = reader.findings(false, 3, first.next_cursor);
  CHECK(second.items.size() == 2);
  CHECK_FALSE(second.next_cursor.has_value());
  CHECK(reader.findings(true, 10, std::nullopt).items.size() == 3);

  CHECK(reader.notifications(std::nullopt, 10, std::nullopt).items.size() == 5);
  CHECK(reader.notifications(NotificationState::kSent, 10, std::nullopt).items.size() == 2);
  CHECK(reader.notifications(NotificationState::kWaiting, 10, std::nullopt).items.size() == 3);
  CHECK(reader.notifications(NotificationState::kParked, 10, std::nullopt).items.empty());
  const Page<NotificationView> page = reader.notifications(std::nullopt, 4, std::nullopt);
  CHECK(page.items.size() == 4);
  CHECK(reader.notifications(std::nullopt, 4, page.next_cursor).items.at(0).id == 1);
}

TEST_CASE("reader: one payment comes with its attempts, findings and story") {
  Store store;
  const Accepted webhook = store.accept(v1_webhook("imp_1", Result::kPaid, 1));
  (void)store.begin({webhook.event}, 2);
  (void)store.portone_says({v1("imp_1", Result::kPaid), v1("imp_2", Result::kFailed)}, 3,
                           {webhook.event});
  (void)store.order(100, 4);
  Reader reader = store.reader();
  const auto detail = reader.payment(kPayment, true);
  REQUIRE(detail.has_value());
  CHECK(detail->attempts.size() == 2);
  CHECK(detail->attempts[0].attempt_id == attempt("imp_1"));
  CHECK(detail->attempts[0].total_amount == kAmount);
  CHECK(detail->findings.size() == 2);  // unregistered, closed by the order; then the amount
  std::vector<std::string> story;
  for (const TimelineEntry& entry : detail->timeline) {
    story.push_back(entry.kind);
    CHECK_FALSE(entry.summary.empty());
  }
  const auto count = [&](const char* kind) { return std::count(story.begin(), story.end(), kind); };
  CHECK(story.front() == "event");
  CHECK(count("snapshot") == 2);
  CHECK(count("transition") == detail->payment.version);
  CHECK(count("finding") == 3);  // and that the first one is over
  CHECK(std::is_sorted(detail->timeline.begin(), detail->timeline.end(),
                       [](const auto& l, const auto& r) { return l.at < r.at; }));
  CHECK(reader.payment(kPayment, false)->timeline.empty());
  CHECK_FALSE(reader.payment(PaymentId::trusted("nobody"), true).has_value());
}

TEST_CASE("reader: the story of a payment with much noise still tells its end") {
  Store store(both_apis(), false);
  store.writer().register_order({kPayment, kAmount, kKrw, "", at(0)}, nullptr);
  for (int i = 0; i < 700; ++i) {
    store.writer().accept_event(redirect(UiState::kReturnedSuccess, 1, "imp_" + std::to_string(i)),
                                nullptr);
  }
  LookupReport report = Store::answered({QuestionKind::kV1Order, "ord-1", kPayment}, 9);
  report.snapshots = {v1("imp_1", Result::kPaid, 9)};
  store.writer().settle(report, nullptr);
  store.writer().start();
  store.writer().stop();
  const auto detail = store.reader().payment(kPayment, true);
  REQUIRE(detail.has_value());
  CHECK(std::any_of(detail->timeline.begin(), detail->timeline.end(),
                    [](const TimelineEntry& entry) { return entry.to == "paid"; }));
}

TEST_CASE("reader: the inbox is scanned in the order of arrival") {
  Store store;
  for (int i = 0; i < 5; ++i) {
    (void)store.accept(v1_webhook("imp_" + std::to_string(i), Result::kPaid, i));
  }
  Reader reader = store.reader();
  CHECK(reader.inbox_after(EventId{0}, 3) == std::vector<EventId>{{1}, {2}, {3}});
  CHECK(reader.inbox_after(EventId{3}, 3) == std::vector<EventId>{{4}, {5}});
  CHECK(reader.stats().inbox_depth == 5);
  CHECK(reader.stats().inbox_oldest == at(0));
}

TEST_CASE("reader: what only strangers named is not trusted") {
  Store store;
  const auto trusted = [&](const NewEvent& event) {
    return store.reader().inbox_event(store.accept(event).event)->is_trusted;
  };
  CHECK_FALSE(trusted(v1_webhook("imp_1", Result::kPaid)));
  CHECK_FALSE(trusted(redirect(UiState::kReturnedSuccess, 1, "imp_2")));
  NewEvent known = v1_webhook("imp_3", Result::kPaid);
  known.known_source = true;
  CHECK(trusted(known));
  NewEvent posing = redirect(UiState::kReturnedSuccess, 1, "imp_4");
  posing.known_source = true;  // an address alone proves no browser
  CHECK_FALSE(trusted(posing));
  CHECK(trusted(v2_webhook("tx-1", Result::kPaid, "msg_1", 1, PaymentId::trusted("ord-v2"))));
  (void)store.order(kAmount);
  CHECK(trusted(redirect(UiState::kReturnedSuccess, 1, "imp_5")));
  Snapshot bound = v1("imp_6", Result::kReady);
  bound.payment_id = PaymentId::trusted("ord-6");
  (void)store.portone_says({bound}, 2);
  CHECK(trusted(redirect(UiState::kReturnedSuccess, 3, "imp_6", std::nullopt)));
}

TEST_CASE("reader: an address of PortOne's proves nothing by itself") {
  Store store;
  const auto proven = [&](NewEvent event) {
    event.known_source = true;
    return store.reader().inbox_event(store.accept(event).event)->is_proven;
  };
  CHECK_FALSE(proven(v1_webhook("imp_1", Result::kPaid)));
  CHECK(proven(v2_webhook("tx-1", Result::kPaid, "msg_1", 1, PaymentId::trusted("ord-v2"))));
  (void)store.order(kAmount);
  CHECK(proven(v1_webhook("imp_2", Result::kPaid)));
}

TEST_CASE("reader: a message about a known order is anybody's unless PortOne sent it") {
  Store store;
  (void)store.order(kAmount);
  const auto anybodys = [&](const NewEvent& event) {
    return store.reader().inbox_event(store.accept(event).event)->is_anybodys;
  };
  CHECK(anybodys(redirect(UiState::kReturnedSuccess, 1, "imp_1")));
  CHECK(anybodys(v1_webhook("imp_2", Result::kPaid)));
  NewEvent known = v1_webhook("imp_3", Result::kPaid);
  known.known_source = true;
  CHECK_FALSE(anybodys(known));
  CHECK_FALSE(anybodys(v2_webhook("tx-1", Result::kPaid, "msg_1", 1)));
}

TEST_CASE("reader: a waiting page's facts show the attempt only where PortOne binds it") {
  Store store;
  (void)store.order(kAmount);
  NewEvent back = redirect(UiState::kReturnedFailure, 5, "imp_1");
  back.event.reason_message = "cancelled by user";
  const EventId id = store.accept(back).event;
  const EventId webhook = store.accept(v1_webhook("imp_1", Result::kFailed, 5)).event;
  Reader reader = store.reader();
  auto facts = reader.redirect(id);
  REQUIRE(facts.has_value());
  CHECK(facts->hint == UiState::kReturnedFailure);
  CHECK(facts->arrived == at(5));
  CHECK(facts->reason == "cancelled by user");
  CHECK(facts->payment->result == Result::kNone);
  CHECK_FALSE(facts->attempt.has_value());
  CHECK_FALSE(facts->asked_at.has_value());

  (void)store.settle(Store::answered(about_attempt("imp_1"), 6, LookupReport::Outcome::kNotFound));
  CHECK(reader.redirect(id)->asked_at == at(6));
  (void)store.portone_says({v1("imp_1", Result::kFailed)}, 7);
  facts = reader.redirect(id);
  CHECK(facts->asked_at == at(7));
  REQUIRE(facts->attempt.has_value());
  CHECK(facts->attempt->result == Result::kFailed);
  CHECK_FALSE(reader.redirect(webhook).has_value());
  CHECK_FALSE(reader.redirect(EventId{4711}).has_value());

  // Somebody who names the payment with an attempt of their own sees nothing of it.
  const EventId curious = store.accept(redirect(UiState::kReturnedSuccess, 8, "imp_9")).event;
  CHECK_FALSE(reader.redirect(curious)->attempt.has_value());
}

TEST_CASE("reader: a waiting page that knows the attempt alone finds its payment") {
  Store store;
  (void)store.order(kAmount);
  const EventId id =
      store.accept(redirect(UiState::kReturnedSuccess, 5, "imp_1", std::nullopt)).event;
  CHECK_FALSE(store.reader().redirect(id)->payment_id.has_value());
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 7);
  const auto facts = store.reader().redirect(id);
  CHECK(facts->payment_id == kPayment);
  CHECK(facts->payment->deliverable);
}

TEST_CASE("reader: the numbers add up") {
  const Shop shop;
  const Stats stats = shop.store.reader().stats();
  CHECK(stats.payments_by_result.size() == 3);
  for (const auto& [result, count] : stats.payments_by_result) CHECK(count == 10);
  CHECK(stats.open_findings ==
        std::vector<std::pair<FindingKind, std::int64_t>>{{FindingKind::kAmountMismatch, 5}});
  CHECK(stats.lookups_planned == 30);  // failed by V1, registered ones by V1 and V2
  CHECK(stats.lookups_failing == 0);
}

TEST_CASE("reader: a file that is not there is refused, not made") {
  const TemporaryFolder folder;
  CHECK_THROWS(Reader(storage::Store(folder / "absent.db")));
}
