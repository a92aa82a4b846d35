// The index of events is written behind them; nobody sees a difference.
#include "tests/storage/store_fixture.h"

using namespace reconciled::test;

namespace {

// As a crash leaves the file that came before the index was written.
void not_indexed_yet(Store& store) {
  Stranger stranger(store.path());
  stranger.value("DELETE FROM event_index");
  stranger.value("UPDATE meta SET value = '0' WHERE key = 'events_indexed_to'");
}

std::string indexed(Store& store) {
  return Stranger(store.path())
      .value(
          "SELECT (SELECT count(*) FROM event_index) || ' to ' || value FROM meta "
          "WHERE key = 'events_indexed_to'");
}

std::string indexed_at_last(Store& store, const std::string& expected) {
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (indexed(store) != expected && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(5ms);
  }
  return indexed(store);
}

std::size_t timeline_rows(Store& store) {
  return Stranger(store.path())
      .rows("SELECT summary FROM timeline WHERE payment_id = 'ord-1'")
      .size();
}

}  // namespace

TEST_CASE("recent events: once nobody waits they are indexed, whatever came meanwhile") {
  Store store;
  store.accept(v1_webhook("imp_1", Result::kPaid, 1));
  store.accept(redirect(UiState::kReturnedSuccess, 1, "imp_2", PaymentId::trusted("ord-2")));
  CHECK(indexed_at_last(store, "2 to 2") == "2 to 2");
  store.accept(v1_webhook("imp_1", Result::kPaid, 2));  // a copy
  store.accept(redirect(UiState::kReturnedSuccess, 2, "imp_3", std::nullopt));
  CHECK(indexed_at_last(store, "3 to 3") == "3 to 3");
}

TEST_CASE("recent events: everybody finds them before they are indexed, and a start, too") {
  Store store(both_apis(), false);
  store.writer().accept_event(v2_webhook("tx-1", Result::kPaid, "msg_1", 1), nullptr);
  store.writer().accept_event(redirect(UiState::kReturnedSuccess, 1, "tx-1"), nullptr);
  store.writer().start();
  store.writer().stop();
  CHECK(indexed(store) == "2 to 2");  // a stop leaves nothing behind
  const std::size_t rows = timeline_rows(store);
  CHECK(rows == 3);  // both, and what the writer began
  not_indexed_yet(store);
  CHECK(timeline_rows(store) == rows);
  EventFilter filter;
  filter.payment_id = PaymentId::trusted("ord-1");
  CHECK(store.reader().events(filter).items.size() == 2);
  CHECK(store.payment().webhook_status == Result::kPaid);

  Writer again(storage::Store(store.path()), {}, {});
  again.adopt(both_apis(), Schedule{10s}, at(1));
  std::promise<Accepted> copy;
  again.accept_event(v2_webhook("tx-1", Result::kPaid, "msg_1", 2),
                     [&](const auto& outcome) { copy.set_value(outcome.value()); });
  again.start();
  CHECK(copy.get_future().get().is_copy);
  CHECK(indexed_at_last(store, "2 to 2") == "2 to 2");
}

TEST_CASE("recent events: a batch that is taken back leaves none behind") {
  Store store(both_apis(), false);
  std::promise<Accepted> first;
  store.writer().accept_event(v1_webhook("imp_1", Result::kPaid, 1),
                              [&](const auto& outcome) { first.set_value(outcome.value()); });
  // Refused by the schema, so that each unit of the batch is run a second time.
  store.writer().register_order({kPayment, 0, kKrw, "free of charge", at(1)}, nullptr);
  store.writer().start();
  CHECK_FALSE(first.get_future().get().is_copy);
  CHECK(store.accept(v1_webhook("imp_1", Result::kPaid, 2)).is_copy);
}
