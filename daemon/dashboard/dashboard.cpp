#include "daemon/dashboard/dashboard.h"

#include <algorithm>

#include "daemon/core/messages/signature.h"
#include "daemon/core/words/text.h"
#include "daemon/dashboard/front_page.h"
#include "daemon/dashboard/story_page.h"
#include "daemon/runtime/time_zone.h"

namespace reconciled::dashboard {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kRowsOfAPage = 50;
constexpr std::int64_t kFindingsInFront = 10;
constexpr std::size_t kMaxSearchBytes = core::kMaxIdBytes;
constexpr auto kKeepHoursEvery = 60s;
constexpr auto kCountEvery = 5s;
// Counting all payments takes its time with millions of them: at most a 200th of a core.
constexpr int kCountShare = 200;
constexpr std::chrono::seconds kWriteDeadline{10};
constexpr std::string_view kLanguageCookie = "reconciled_language";

std::optional<std::int64_t> number_of(const core::FormPairs& pairs, std::string_view name) {
  const std::string text = core::form_value(pairs, name).value_or("");
  const bool is_number = !text.empty() && text.size() <= 18 &&
                         std::all_of(text.begin(), text.end(), core::is_digit);
  return is_number ? std::optional<std::int64_t>(std::stoll(text)) : std::nullopt;
}

// The midnight that a day of the configured zone begins with; nothing where it is none.
std::optional<core::Time> midnight_of(const std::string& day) {
  const auto utc = core::parse_rfc3339(day + "T00:00:00Z");
  if (!utc) return std::nullopt;
  const core::Time guess = core::to_time(*utc);
  return guess - local_time(guess - local_time(guess).utc_offset).utc_offset;
}

}  // namespace

Dashboard::Dashboard(const Uses& uses, const Kept& kept)
    : uses_(uses), sessions_(kept.key, uses.config.admin.token) {
  hours_.restore(kept.hours);
}

void Dashboard::add_routes(http::Router& router) {
  const auto get = [&router](const char* pattern, http::Handler handler) {
    router.on("GET", pattern, std::move(handler));
  };
  using Request = http::Request;
  get("/", [this](const Request& r) { return front(r); });
  get("/dashboard/payments", [this](const Request& r) { return payments(r); });
  get("/dashboard/payments/([^/]+)", [this](const Request& r) { return story(r); });
  get("/dashboard/findings", [this](const Request& r) { return findings(r); });
  get("/dashboard/search", [this](const Request& r) { return search(r); });
  get("/dashboard/language", [this](const Request& r) { return switch_language(r); });
  add_books(router);
  add_session_routes(router);
  add_writes(router);
  // What is below and nothing: a page, too.
  get("/dashboard(/.*)?", [this](const Request& r) {
    const View view = view_of(r);
    return notice(404, view, view.say({"없는 페이지입니다", "There is no such page"}),
                  view.say({"주소를 확인하세요.", "Check the address."}));
  });
}

bool Dashboard::owns(std::string_view path) {
  return path == "/" || path == "/dashboard" || path.starts_with("/dashboard/");
}

View Dashboard::view_of(const http::Request& request) const {
  View view{.now = uses_.clock.now(), .target = request.target};
  const std::string chosen = cookie_value(request, kLanguageCookie);
  view.language = chosen == "ko"   ? Language::kKorean
                  : chosen == "en" ? Language::kEnglish
                                   : preferred_language(request.header("accept-language").value_or(""));
  if (request.method == "POST") view.target = "/";
  view.form_token = sessions_.form_token(request);
  view.has_session = is_signed_in(request);
  view.shop = uses_.config.redirect.shop_name;
  return view;
}

http::Response Dashboard::switch_language(const http::Request& request) const {
  const auto pairs = core::parse_form(request.query());
  const std::string to = core::form_value(pairs, "to").value_or("") == "en" ? "en" : "ko";
  const std::string back = core::form_value(pairs, "back").value_or("/");
  http::Response response = go_to(is_ours(back) ? back : "/");
  response.headers.emplace_back("Set-Cookie", std::string(kLanguageCookie) + "=" + to +
                                                  "; Path=/; HttpOnly; SameSite=Strict; "
                                                  "Max-Age=31536000");
  return response;
}

http::Response Dashboard::unavailable(const View& view) const {
  return notice(503, view,
                view.say({"지금은 할 수 없습니다", "This cannot be done now"}),
                view.say({"데이터베이스를 읽거나 쓸 수 없습니다. 현황의 경고와 로그를 보고 잠시 뒤 다시 "
                          "하세요.",
                          "The database cannot be read or written. Look at the warnings and the log, "
                          "and try again shortly."}));
}

http::Answer Dashboard::reading(const View& view, Read read) {
  return {unavailable(view), [this, read = std::move(read)](const http::Completion& complete) {
            uses_.readers.run(
                [read, complete](storage::Reader& reader) { complete(read(reader)); },
                [complete] { complete(std::nullopt); });
          }};
}

void Dashboard::limit_write(const http::Completion& complete) {
  uses_.timers.after(kWriteDeadline, [complete] { complete(std::nullopt); });
}

void Dashboard::count_payments(storage::Reader& reader) {
  const auto begun = std::chrono::steady_clock::now();
  Counted counted{reader.stats(), uses_.clock.now(), {}};
  counted.took = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
  const std::lock_guard lock(mutex_);
  counted_ = std::move(counted);
}

void Dashboard::watch() {
  const core::Time now = uses_.clock.now();
  hours_.sample(now, uses_.metrics.totals());
  if (now - hours_kept_at_ >= kKeepHoursEvery || now < hours_kept_at_) keep_hours();
  {
    const std::lock_guard lock(mutex_);
    const bool is_fresh =
        counted_ && now >= counted_->at &&
        now - counted_->at < std::max<core::Time::duration>(kCountEvery, kCountShare * counted_->took);
    if (is_counting_ || is_fresh) return;
    is_counting_ = true;
  }
  const auto end = [this] {
    const std::lock_guard lock(mutex_);
    is_counting_ = false;
  };
  uses_.readers.run(
      [this, end](storage::Reader& reader) {
        count_payments(reader);
        end();
      },
      end);
}

void Dashboard::keep_hours() {
  hours_kept_at_ = uses_.clock.now();
  hours_.sample(hours_kept_at_, uses_.metrics.totals());
  uses_.writer.put(kHoursName, hours_.to_text());
}

http::Answer Dashboard::front(const http::Request& request) {
  const View view = view_of(request);
  hours_.sample(view.now, uses_.metrics.totals());
  FrontPage known{.warnings = uses_.warnings.standing(), .hours = hours_.last_day(view.now)};
  known.notifies = uses_.notifications.is_on();
  known.is_paused = known.notifies && uses_.notifications.is_paused();
  known.waiting_lookups = uses_.lookups.waiting_lookups();
  http::Response without_database = render(view, known);
  const auto read = [this, view, known](storage::Reader& reader) {
    FrontPage content = known;
    std::optional<Counted> counted;
    {
      const std::lock_guard lock(mutex_);
      counted = counted_;
    }
    if (!counted) {
      count_payments(reader);
      const std::lock_guard lock(mutex_);
      counted = counted_;
    }
    FrontPage::Stored stored{.stats = counted->stats, .counted_at = counted->at};
    stored.findings = reader.open_findings(std::nullopt, kFindingsInFront, std::nullopt).items;
    if (uses_.config.v1) {
      stored.apis.push_back(
          {core::Api::kV1, stored.stats.last_webhook_v1, reader.last_sweep(core::Api::kV1)});
    }
    if (uses_.config.v2) {
      stored.apis.push_back(
          {core::Api::kV2, stored.stats.last_webhook_v2, reader.last_sweep(core::Api::kV2)});
    }
    stored.notifications = reader.notification_outlook();
    if (auto days = uses_.reports.outcomes(reader); !days.empty()) stored.books = days.front();
    content.stored = std::move(stored);
    return render(view, content);
  };
  return {std::move(without_database), [this, read](const http::Completion& complete) {
            uses_.readers.run(
                [read, complete](storage::Reader& reader) { complete(read(reader)); },
                [complete] { complete(std::nullopt); });
          }};
}

http::Answer Dashboard::payments(const http::Request& request) {
  const auto pairs = core::parse_form(request.query());
  ListWish wish;
  wish.result = core::from_word<core::Result>(core::form_value(pairs, "result").value_or(""));
  wish.day = core::form_value(pairs, "day").value_or("");
  wish.cursor = number_of(pairs, "cursor");
  storage::PaymentListing wanted{.result = wish.result, .limit = kRowsOfAPage, .cursor = wish.cursor};
  wanted.since = midnight_of(wish.day);
  if (wanted.since) {
    wanted.until = *wanted.since + 24h;
  } else {
    wish.day.clear();  // no day that there is
  }
  const View view = view_of(request);
  return reading(view, [view, wish, wanted](storage::Reader& reader) {
    return render_payments(view, wish, reader.listing(wanted));
  });
}

http::Answer Dashboard::findings(const http::Request& request) {
  const auto pairs = core::parse_form(request.query());
  const auto kind =
      core::from_word<core::FindingKind>(core::form_value(pairs, "kind").value_or(""));
  const auto cursor = number_of(pairs, "cursor");
  const View view = view_of(request);
  return reading(view, [view, kind, cursor](storage::Reader& reader) {
    return render_findings(view, kind, reader.open_findings(kind, kRowsOfAPage, cursor));
  });
}

http::Answer Dashboard::search(const http::Request& request) {
  const auto pairs = core::parse_form(request.query());
  const std::string text = core::without_surroundings(core::form_value(pairs, "q").value_or(""));
  View view = view_of(request);
  view.search = plain(text, kMaxSearchBytes);
  if (!core::is_valid_id_text(text)) return render_found(view, {});
  return reading(view, [view, text](storage::Reader& reader) {
    // The one that was meant, also where others begin so, or only messages name it.
    if (const auto id = core::PaymentId::make(text); id && reader.payment(*id, false)) {
      return go_to(address_of(*id));
    }
    const std::vector<storage::PaymentView> found = reader.search(text, kRowsOfAPage);
    if (found.size() == 1) return go_to(address_of(found.front().payment_id));
    return render_found(view, found);
  });
}

http::Answer Dashboard::story(const http::Request& request) {
  const View view = view_of(request);
  const auto id = core::PaymentId::make(core::percent_decode(request.captures.at(0), false));
  const auto missing = [view] {
    return notice(404, view, view.say({"없는 결제입니다", "There is no such payment"}),
                  view.say({"주문번호를 확인하거나 위에서 찾으세요.",
                            "Check the order's number, or search above."}));
  };
  if (!id) return missing();
  const std::string done =
      core::form_value(core::parse_form(request.query()), "done").value_or("");
  const bool notifies = uses_.notifications.is_on();
  return reading(view, [view, id = *id, done, notifies, missing](storage::Reader& reader) {
    const auto story = reader.story(id);
    return story ? render(view, StoryPage{*story, done, notifies}) : missing();
  });
}

}  // namespace reconciled::dashboard
