#include "daemon/portone/walk.h"

#include <algorithm>
#include <coroutine>
#include <memory>
#include <utility>

namespace reconciled::portone {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kMaxWindow = 30 * 24h;  // PortOne lists 90 days (dossier §3)
constexpr std::int64_t kMaxParts = 32;
// Halving 30 days down to a millisecond takes 32 cuts; more in a row without a window that could be
// taken means that PortOne does not heed the window.
constexpr int kMaxCutsInARow = 48;
constexpr int kMaxTries = 3;
// So many windows are asked for at once: an answer is under way while another is taken.
constexpr std::size_t kAhead = 4;
// Deeper it may be a list that does not get shorter.
constexpr int kMostCutsAhead = 2;
// What changes during the walk moves to its time, or so far before it where clocks differ: a window
// that ends later is asked for when all before it was taken.
constexpr std::chrono::milliseconds kSettled = 10s;

LookupFault endless(const char* detail) { return {LookupOutcome::kMalformed, detail, {}, false}; }

std::vector<std::string> ids_of(const ListPage& page) {
  std::vector<std::string> ids;
  for (const core::Snapshot& snapshot : page.snapshots) ids.push_back(snapshot.attempt_id.str());
  for (const core::UnreadableRow& row : page.unreadable) ids.push_back(row.id);
  return ids;
}

// Rows without a name tell nothing.
bool is_same(const std::vector<std::string>& page, const std::vector<std::string>& other) {
  return page == other &&
         std::any_of(page.begin(), page.end(), [](const std::string& id) { return !id.empty(); });
}

class Walk {
 public:
  Walk(WalkRules rules, Take take) : rules_(std::move(rules)), take_(std::move(take)) {}

  Task<std::optional<LookupFault>> run(core::Time from, core::Time until) {
    settled_until_ = std::min(until, rules_.now) - kSettled;
    push_parts({from, until, {}}, (until - from) / kMaxWindow + 1);
    std::optional<LookupFault> fault;
    std::exception_ptr error;
    try {
      fault = co_await run_all();
    } catch (...) {
      error = std::current_exception();
    }
    // What is under way comes back to this object.
    while (in_flight_ > 0) co_await Landing{*this};
    if (error) std::rethrow_exception(error);
    co_return fault;
  }

 private:
  // The first page of a window that was asked for ahead.
  struct Ahead {
    std::optional<Asked<ListedPage>> page;
    std::exception_ptr error;
  };
  struct Window {
    core::Time from;
    core::Time until;
    std::shared_ptr<Ahead> ahead;
  };
  enum class Extent { kWhole, kMore };

  // Until the next one that was asked for ahead has come.
  struct Landing {
    Walk& walk;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> walking) noexcept { walk.waiting_ = walking; }
    void await_resume() const noexcept {}
  };

  Task<std::optional<LookupFault>> run_all() {
    while (!todo_.empty()) {
      look_ahead();
      const Window window = std::move(todo_.back());
      todo_.pop_back();
      std::optional<LookupFault> fault = co_await walk(window);
      if (fault) co_return fault;
    }
    co_return std::nullopt;
  }

  // The windows that come next are asked for.
  void look_ahead() {
    if (cuts_in_a_row_ > kMostCutsAhead || todo_.size() < 2) return;
    const std::size_t count = std::min(kAhead, todo_.size());
    for (std::size_t i = 1; i <= count && in_flight_ < kAhead; ++i) {
      Window& window = todo_[todo_.size() - i];
      if (window.ahead || window.until > settled_until_) continue;
      window.ahead = std::make_shared<Ahead>();
      ++in_flight_;
      start(fetch(window.from, window.until, window.ahead), [this](bool) {
        --in_flight_;
        // The walk may end in here.
        if (waiting_) std::exchange(waiting_, nullptr).resume();
      });
    }
  }

  Task<bool> fetch(core::Time from, core::Time until, std::shared_ptr<Ahead> to) {
    try {
      to->page.emplace(co_await rules_.ask(from, until, 0));
    } catch (...) {
      to->error = std::current_exception();
    }
    co_return true;
  }

  Task<Asked<ListedPage>> first_of(const Window& window) {
    if (!window.ahead) co_return co_await rules_.ask(window.from, window.until, 0);
    while (!window.ahead->page && !window.ahead->error) co_await Landing{*this};
    if (window.ahead->error) std::rethrow_exception(window.ahead->error);
    co_return std::move(*window.ahead->page);
  }

  void push_parts(const Window& window, std::int64_t parts) {
    const auto length = (window.until - window.from) / std::max<std::int64_t>(parts, 1);
    // The oldest ends up on top.
    for (std::int64_t i = parts; i-- > 0;) {
      const core::Time until = i + 1 == parts ? window.until : window.from + length * (i + 1);
      todo_.push_back({window.from + length * i, until, {}});
    }
  }

  Task<std::optional<LookupFault>> walk(const Window& window) {
    const Asked<ListedPage> first = co_await first_of(window);
    if (!first.ok()) co_return first.error();
    const Asked<Extent> extent = co_await extent_of(window, first.value());
    if (!extent.ok()) co_return extent.error();
    if (extent.value() == Extent::kWhole) {
      cuts_in_a_row_ = 0;
      co_await take_(first.value().page);
      co_return std::nullopt;
    }
    if (window.until - window.from <= rules_.shortest) co_return co_await turn_pages(window);
    if (++cuts_in_a_row_ > kMaxCutsInARow) {
      co_return endless("the list does not get shorter with its window");
    }
    push_parts(window, parts_for(first.value()));
    co_return std::nullopt;
  }

  [[nodiscard]] std::int64_t parts_for(const ListedPage& first) const {
    const std::int64_t half_full = std::max<std::int64_t>(
        static_cast<std::int64_t>(std::min(first.page.rows(), rules_.page_size)) / 2, 1);
    return std::clamp<std::int64_t>(first.total.value_or(0) / half_full + 1, 2, kMaxParts);
  }

  // Whether the first page is all that there is.
  Task<Asked<Extent>> extent_of(const Window& window, const ListedPage& first) {
    const auto rows = static_cast<std::int64_t>(first.page.rows());
    if (first.has_next == true) co_return Extent::kMore;
    if (first.total ? rows >= *first.total : first.has_next.has_value()) co_return Extent::kWhole;
    if (first.page.rows() >= rules_.page_size) co_return Extent::kMore;
    // It says nothing that could be read, or contradicts itself: the page behind it tells, as long
    // as the first is the same before and after.
    const Asked<ListedPage> second = co_await rules_.ask(window.from, window.until, 1);
    if (!second.ok()) co_return second.error();
    const Asked<ListedPage> again = co_await rules_.ask(window.from, window.until, 0);
    if (!again.ok()) co_return again.error();
    const bool has_moved = ids_of(again.value().page) != ids_of(first.page);
    if (second.value().page.rows() == 0) co_return has_moved ? Extent::kMore : Extent::kWhole;
    if (is_same(ids_of(second.value().page), ids_of(first.page))) {
      co_return endless("the list has no end: its second page is its first");
    }
    co_return Extent::kMore;
  }

  Task<std::optional<LookupFault>> turn_pages(const Window& window) {
    cuts_in_a_row_ = 0;
    std::vector<std::string> before;
    for (int attempt = 0; attempt < kMaxTries; ++attempt) {
      Turned turned;
      std::optional<LookupFault> fault = co_await turn_pages_once(window, turned);
      if (fault) co_return fault;
      // Without a count, two equal rounds say that nothing moved.
      if (turned.has_total ? !turned.has_moved : attempt > 0 && turned.ids == before) {
        co_return std::nullopt;
      }
      before = std::move(turned.ids);
    }
    co_return endless("the list changes while its pages are turned");
  }

  struct Turned {
    std::vector<std::string> ids;
    bool has_total = true;
    bool has_moved = false;
  };

  Task<std::optional<LookupFault>> turn_pages_once(const Window& window, Turned& turned) {
    std::optional<std::int64_t> total;
    std::vector<std::string> before;
    for (int number = 0; number < rules_.max_pages; ++number) {
      const Asked<ListedPage> page = co_await rules_.ask(window.from, window.until, number);
      if (!page.ok()) co_return page.error();
      const std::optional<std::int64_t> count = page.value().total;
      turned.has_moved |= total && count && *total != *count;
      const std::vector<std::string> ids = ids_of(page.value().page);
      if (ids.empty()) co_return std::nullopt;
      if (is_same(ids, before)) co_return endless("the list has no end: a page comes twice");
      turned.has_total = turned.has_total && count;
      total = count;
      before = ids;
      turned.ids.insert(turned.ids.end(), ids.begin(), ids.end());
      co_await take_(page.value().page);
      const bool has_all = total && static_cast<std::int64_t>(turned.ids.size()) >= *total;
      const bool goes_on = page.value().has_next.value_or(!has_all);
      if (!goes_on && (has_all || !total)) co_return std::nullopt;
    }
    co_return endless("more rows in one moment than PortOne lists");
  }

  const WalkRules rules_;
  const Take take_;
  std::vector<Window> todo_;  // the oldest last
  core::Time settled_until_{};
  std::size_t in_flight_ = 0;  // of those asked for ahead
  std::coroutine_handle<> waiting_;
  int cuts_in_a_row_ = 0;
};

}  // namespace

Task<std::optional<LookupFault>> walk_list(WalkRules rules, core::Time from, core::Time until,
                                           Take take) {
  Walk walk(std::move(rules), std::move(take));
  co_return co_await walk.run(from, std::max(from, until));
}

}  // namespace reconciled::portone
