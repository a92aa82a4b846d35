// The books on the dashboard: a day is compared from its page, and the front page says what came out.
#include <doctest/doctest.h>

#include "tests/e2e/books_days.h"
#include "tests/e2e/visitor.h"

using namespace reconciled::e2e;

namespace {

Json paid(const std::string& id) {
  return {{"version", "v2"}, {"payment_id", id}, {"status", "paid"}, {"at", noon_text(1)}};
}

std::string compared(Visitor& visitor, const std::string& day) {
  const std::string target = "/dashboard/books/" + day;
  const Answer begun =
      visitor.post("/dashboard/books", visitor.form_of("/dashboard/books") + "&day=" + day);
  CHECK(begun.status == 303);
  CHECK(begun.header("Location") == target);
  std::string page;
  wait_until("it is compared", [&] {
    const Answer answer = visitor.get(target);
    CHECK(answer.status == 200);
    page = answer.body;
    return page.find("Being compared") == std::string::npos;
  });
  return page;
}

bool has(const std::string& page, const std::string& text) {
  return page.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("dashboard: a day's books are compared from their page, and what differs stands in front") {
  Settings settings = scheduled("\"1h\"");
  Rig rig(settings);
  Visitor visitor(rig);
  visitor.take("reconciled_language=en");
  CHECK(has(visitor.get("/dashboard/books").body, "None yet."));
  CHECK(visitor.get("/dashboard/books/" + date(1)).status == 404);
  for (const char* id : {"good", "unknown-here", "of-nobody"}) {
    if (std::string(id) == "good") rig.daemon.register_order(id);
    Json payment = paid(id);
    if (std::string(id) == "unknown-here") payment["webhook"] = false;
    rig.portone.make(payment);
  }
  rig.daemon.wait_for_result("good", "paid");
  rig.daemon.wait_for_result("of-nobody", "paid");
  const std::string page = compared(visitor, date(1));
  CHECK(has(page, "differences"));
  CHECK(has(page, "Missing here"));
  CHECK(has(page, "unknown-here"));
  CHECK(has(page, "Paid without an order"));
  CHECK(has(page, "/report?day=" + date(1) + "&amp;format=csv"));
  const std::string front = visitor.get("/").body;
  CHECK(has(front, "Books of " + date(1)));
  CHECK_FALSE(has(front, "All is well"));
  // A day on which nothing happened agrees; the newest day stands in front, whenever it was compared.
  CHECK(has(compared(visitor, date(5)), "The books agree"));
  CHECK(has(visitor.get("/").body, "Books of " + date(1)));
  rig.daemon.stop();
  rig.daemon.start();
  const std::string days = visitor.get("/dashboard/books").body;
  CHECK(days.find(date(1)) < days.find(date(5)));
  CHECK(has(visitor.get("/dashboard/books/" + date(1)).body, "unknown-here"));
  visitor.take("reconciled_language=ko");
  CHECK(has(visitor.get("/").body, "장부 대조 " + date(1)));
}

TEST_CASE("dashboard: no report of a day that is none, or without the page's own form") {
  Rig rig;
  Visitor visitor(rig);
  visitor.take("reconciled_language=en");
  const std::string form = visitor.form_of("/dashboard/books");
  for (const char* day : {"", "2026-02-30", "tomorrow", "2999-01-01"}) {
    CAPTURE(std::string(day));
    const Answer refused = visitor.post("/dashboard/books", form + "&day=" + encode(day));
    CHECK(refused.status == 400);
    CHECK(has(refused.body, "Choose a day up to today."));
  }
  CHECK(visitor.post("/dashboard/books", "day=" + date(1)).status == 403);
  CHECK(visitor.get("/dashboard/books/2026-02-30").status == 404);
}
