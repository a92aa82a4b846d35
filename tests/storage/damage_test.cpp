// A disk that changes, loses and misplaces pages: what is damaged is refused or named, and no payment
// is said to be deliverable that was not.
//
// RECONCILED_DAMAGE: how many files are damaged (60); RECONCILED_SEED: the seed of a run to be
// repeated.
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>

#include "storage/file_check.h"
#include "storage/sqlite/structure_check.h"
#include "tests/storage/store_fixture.h"
#include "tests/support/number_from.h"

using namespace reconciled::test;
using storage::FileCheck;

namespace {

namespace fs = std::filesystem;
constexpr std::size_t kPage = 4'096;
constexpr int kPayments = 60;
constexpr int kCancelledEvery = 8;
constexpr int kLastInWal = (kPayments - 1) / kCancelledEvery * kCancelledEvery;

PaymentId numbered(int number) { return PaymentId::trusted("ord-" + std::to_string(number)); }

void decide(Store& store, int i, Result result, int asked) {
  const PaymentId id = numbered(i);
  const std::string attempt = "imp_" + std::to_string(i);
  const EventId event = store.accept(v1_webhook(attempt, result, 1, id)).event;
  (void)store.begin({event}, 2);
  Snapshot answer = v1(attempt, result, asked);
  answer.payment_id = id;
  LookupReport report = Store::answered({storage::QuestionKind::kV1Order, id.str(), id}, asked);
  report.snapshots = {answer};
  report.events = store.covers({event});
  (void)store.settle(report);
}

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// A file with its WAL, as a killed process leaves them, and what is true of its payments.
struct Origin {
  std::string file;
  std::string wal;
  std::string index;  // -shm
  std::map<std::string, std::string> facts;  // by payment
  std::map<std::string, bool> deliverable;
};

std::string facts_of(const PaymentView& payment) {
  return std::string(to_word(payment.result)) + " " +
         std::to_string(payment.total_amount.value_or(-1)) + " " +
         std::to_string(payment.expected_amount.value_or(-1));
}

// Most of it in the file, the newest part in the WAL alone: some that were paid are cancelled there.
Origin make_origin() {
  Store store;
  for (int i = 0; i < kPayments; ++i) {
    (void)store.order(i % 4 == 1 ? 100 : kAmount, 0, "", numbered(i));
    if (i % 4 != 3) decide(store, i, i % 4 == 2 ? Result::kFailed : Result::kPaid, 3 + i);
  }
  store.open(both_apis());
  store.writer().start();
  for (int i = 0; i < kPayments; i += kCancelledEvery) {
    Snapshot answer = v1("imp_" + std::to_string(i), Result::kCancelled, 500 + i);
    answer.payment_id = numbered(i);
    LookupReport report = Store::answered(
        {storage::QuestionKind::kV1Order, numbered(i).str(), numbered(i)}, 500 + i);
    report.snapshots = {answer};
    (void)store.settle(report);
  }
  Origin origin{contents(store.path()), contents(store.path() + "-wal"),
                contents(store.path() + "-shm"), {}, {}};
  for (int i = 0; i < kPayments; ++i) {
    const PaymentView payment = store.payment(numbered(i));
    origin.facts[payment.payment_id.str()] = facts_of(payment);
    origin.deliverable[payment.payment_id.str()] = payment.deliverable;
  }
  REQUIRE(origin.file.size() > 20 * kPage);
  REQUIRE(origin.wal.size() > 20 * kPage);
  return origin;
}

enum class Kind { kBit, kByte, kZeroPage, kSwapPages, kCopyPage };
constexpr int kKinds = 5;

struct Damaged {
  std::string file;
  std::string wal;
  Kind kind = Kind::kBit;
  bool is_in_wal = false;
};

Damaged damage(const Origin& origin, std::mt19937& random) {
  Damaged made{origin.file, origin.wal};
  made.kind = static_cast<Kind>(random() % kKinds);
  made.is_in_wal = random() % 3 == 0;
  std::string& text = made.is_in_wal ? made.wal : made.file;
  // Of a WAL the frames' pages, behind their headers.
  const std::size_t header = made.is_in_wal ? 32 : 0;
  const std::size_t frame = made.is_in_wal ? kPage + 24 : kPage;
  const std::size_t pages = (text.size() - header) / frame;
  const auto page = [&] { return header + (random() % pages) * frame + (frame - kPage); };
  const std::size_t place = page() + random() % kPage;
  switch (made.kind) {
    case Kind::kBit:
      text[place] = static_cast<char>(text[place] ^ (1 << (random() % 8)));
      break;
    case Kind::kByte:
      text[place] = static_cast<char>(random());
      break;
    case Kind::kZeroPage:
      text.replace(page(), kPage, kPage, '\0');
      break;
    case Kind::kSwapPages: {
      const std::size_t one = page();
      const std::size_t other = page();
      const std::string kept = text.substr(one, kPage);
      text.replace(one, kPage, text.substr(other, kPage));
      text.replace(other, kPage, kept);
      break;
    }
    case Kind::kCopyPage: {
      const std::string copied = text.substr(page(), kPage);
      text.replace(page(), kPage, copied);
      break;
    }
  }
  return made;
}

struct Seen {
  bool is_named = false;    // by the look through the file
  bool is_refused = false;  // somebody could not read or write
  bool differs = false;     // from the truth, in what stands
  std::vector<std::string> too_much;
};

void look_through(const storage::Store& store, Seen& seen) {
  try {
    FileCheck check{store};
    for (int slices = 0;; ++slices) {
      REQUIRE(slices < 100'000);
      const FileCheck::Slice slice = check.next();
      if (!slice.found.empty()) seen.is_named = true;
      if (slice.ends_round) break;
    }
    // As tables are looked through that are too large to be checked as a whole.
    storage::SqliteStructureCheck walk(store.location(), 1s, 0ms);
    for (int slices = 0; !walk.next().is_last; ++slices) REQUIRE(slices < 10'000);
  } catch (const std::exception&) {
    seen.is_refused = true;
  }
}

void read(const storage::Store& store, const Origin& origin, Seen& seen) {
  const auto compare = [&](const PaymentView& payment) {
    const std::string id = payment.payment_id.str();
    const auto fact = origin.facts.find(id);
    if (fact == origin.facts.end() || fact->second != facts_of(payment)) seen.differs = true;
    const bool is_true = fact != origin.facts.end() && origin.deliverable.at(id);
    if (payment.deliverable && !is_true) seen.too_much.push_back(id);
  };
  try {
    Reader reader(store);
    for (const auto& [id, fact] : origin.facts) {
      try {
        const auto detail = reader.payment(PaymentId::trusted(id), false);
        detail ? compare(detail->payment) : void(seen.differs = true);
      } catch (const std::exception&) {
        seen.is_refused = true;
      }
    }
    for (const PaymentView& payment : reader.listing({.limit = 500}).items) compare(payment);
  } catch (const std::exception&) {
    seen.is_refused = true;
  }
}

void write_on(const std::string& path, Seen& seen) {
  try {
    Writer writer(storage::Store(path), WriterOptions{}, WriterHooks{});
    writer.adopt(both_apis(), {10s, 30s, 60s}, at(1'000));
    writer.start();
    std::promise<bool> done;
    writer.accept_event(v1_webhook("imp_new", Result::kPaid, 1'000, PaymentId::trusted("ord-new")),
                        [&](const auto& outcome) { done.set_value(outcome.ok()); });
    auto future = done.get_future();
    REQUIRE(future.wait_for(30s) == std::future_status::ready);
    if (!future.get()) seen.is_refused = true;
  } catch (const std::exception&) {
    seen.is_refused = true;
  }
}

// As the daemon does: who starts looks first.
void try_all(const std::string& path, const Origin& origin, Seen& seen) {
  try {
    storage::Store store(path);
    store.own();
    (void)store.migrate();
    read(store, origin, seen);
    look_through(store, seen);
    write_on(path, seen);
  } catch (const std::exception&) {
    seen.is_refused = true;
  }
}

}  // namespace

TEST_CASE("damage: whatever becomes of a page, nothing is deliverable that was not") {
  const auto seed = number_from("RECONCILED_SEED", std::uint32_t{std::random_device{}()});
  const auto files = number_from("RECONCILED_DAMAGE", 60U);
  CAPTURE(seed);
  const Origin origin = make_origin();
  std::mt19937 random(seed);
  std::map<std::string, int> outcomes;
  TemporaryFolder folder;
  const std::string path = folder / "reconciled.db";
  for (std::uint32_t i = 0; i < files; ++i) {
    CAPTURE(i);
    const Damaged made = damage(origin, random);
    for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(path + suffix);
    write(path, made.file);
    write(path + "-wal", made.wal);
    // As a killed process leaves it, or a power cut: without the index.
    if (i % 2 == 0) write(path + "-shm", origin.index);
    Seen seen;
    try_all(path, origin, seen);
    const std::string where = made.is_in_wal ? "WAL: " : "file: ";
    outcomes[where + (seen.is_named     ? "named"
                      : seen.is_refused ? "refused"
                      : seen.differs    ? "an older state, or a number that nobody can tell is wrong"
                                        : "nothing is wrong with what stands")] += 1;
    if (seen.too_much.empty() || seen.is_named || seen.is_refused) continue;
    // A last commit that is damaged, without an index that knows of it, is a power cut's to the letter:
    // PortOne is asked about what was lost. Of the last two where the end of one and the begin of the next
    // changed at once.
    const bool is_like_a_power_cut = made.is_in_wal && i % 2 == 1;
    CAPTURE(static_cast<int>(made.kind));
    CHECK(is_like_a_power_cut);
    const bool are_two = made.kind == Kind::kSwapPages;
    for (const std::string& id : seen.too_much) {
      const bool is_second = id == numbered(kLastInWal - kCancelledEvery).str();
      CHECK((id == numbered(kLastInWal).str() || (are_two && is_second)));
    }
    outcomes["WAL: the last commit, lost as in a power cut"] += 1;
  }
  for (const auto& [what, count] : outcomes) MESSAGE(what << ": " << count);
}

TEST_CASE("damage: a start refuses a WAL with a hole, whatever part of a frame or of the header changed") {
  const Origin origin = make_origin();
  constexpr std::size_t kFrame = kPage + 24;
  const std::size_t middle = 32 + origin.wal.size() / kFrame / 2 * kFrame;
  const std::vector<std::pair<const char*, std::function<void(std::string&)>>> changes{
      {"a frame is gone", [&](std::string& wal) { wal.replace(middle, kFrame, kFrame, '\0'); }},
      {"a frame's salt", [&](std::string& wal) { wal[middle + 9] = static_cast<char>(wal[middle + 9] ^ 1); }},
      {"a frame's checksum", [&](std::string& wal) { wal[middle + 17] = static_cast<char>(wal[middle + 17] ^ 1); }},
      {"the header's salt", [](std::string& wal) { wal[16] = static_cast<char>(wal[16] ^ 1); }},
      {"the header's checksum", [](std::string& wal) { wal[25] = static_cast<char>(wal[25] ^ 1); }}};
  for (const auto& [what, change] : changes) {
    CAPTURE(std::string(what));
    TemporaryFolder folder;
    const std::string path = folder / "reconciled.db";
    std::string wal = origin.wal;
    change(wal);
    write(path, origin.file);
    write(path + "-wal", wal);
    storage::Store store(path);
    store.own();
    CHECK_THROWS_WITH(store.migrate(), doctest::Contains("-wal is damaged"));
    CHECK(contents(path + "-wal") == wal);
  }
}

TEST_CASE("damage: a start refuses a WAL that is gone or says nothing, where the index knows of commits in it") {
  const Origin origin = make_origin();
  const std::vector<std::pair<const char*, std::function<void(std::string&)>>> changes{
      {"emptied", [](std::string& wal) { wal.clear(); }},
      {"a part of its header", [](std::string& wal) { wal.resize(31); }},
      {"the header is zeroed", [](std::string& wal) { wal.replace(0, 32, 32, '\0'); }},
      {"a page is zeroed", [](std::string& wal) { wal.replace(0, kPage, kPage, '\0'); }},
      {"all is zeroed", [](std::string& wal) { wal.assign(wal.size(), '\0'); }},
      {"cut in half", [](std::string& wal) { wal.resize(wal.size() / 2); }}};
  for (const bool is_there : {true, false}) {
    for (const auto& [what, change] : changes) {
      CAPTURE(std::string(what));
      CAPTURE(is_there);
      TemporaryFolder folder;
      const std::string path = folder / "reconciled.db";
      std::string wal = origin.wal;
      change(wal);
      write(path, origin.file);
      if (is_there) write(path + "-wal", wal);
      write(path + "-shm", origin.index);
      storage::Store store(path);
      store.own();
      CHECK_THROWS_WITH(store.migrate(), doctest::Contains("-wal is damaged"));
      CHECK(contents(path + "-shm") == origin.index);
    }
  }
}

TEST_CASE("damage: a WAL that is gone is not missed where all of it stands in the file, or no index is there") {
  Store store;
  (void)store.order(kAmount);
  store.writer().stop();
  Stranger stranger(store.path());
  // Moved, and not begun anew: the index still knows its frames.
  CHECK(stranger.value("SELECT count(*) FROM expected_order") == "1");
  CHECK(stranger.value("PRAGMA wal_checkpoint(PASSIVE)").starts_with("0|"));
  TemporaryFolder folder;
  for (const bool has_index : {true, false}) {
    const std::string path = folder / (has_index ? "moved.db" : "alone.db");
    write(path, contents(store.path()));
    if (has_index) write(path + "-shm", contents(store.path() + "-shm"));
    storage::Store copy(path);
    copy.own();
    CHECK(copy.migrate().empty());
  }
}
