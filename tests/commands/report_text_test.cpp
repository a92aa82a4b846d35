// What of logs and texts may stand in a bug report.
#include "daemon/commands/report_text.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

#include "daemon/commands/journal.h"
#include "tests/support/scoped_environment.h"
#include "tests/support/temporary_folder.h"

using namespace reconciled::commands;

TEST_CASE("bugreport: of a log line our own words stay, ids become marks") {
  CHECK(shown_log_line("info payment changed payment_id=ord-1 from=none to=paid authority=webhook "
                       "deliverable=true") ==
        "info payment changed payment_id=" + mark_of("ord-1") +
            " from=none to=paid authority=webhook deliverable=true");
  CHECK(shown_log_line(
            "warn look-up failed payment_id=\"주문 1\" outcome=\"timeout: no byte in time\"") ==
        "warn look-up failed payment_id=" + mark_of("주문 1") +
            " outcome=\"timeout: no byte in time\"");
  CHECK(shown_log_line(R"({"level":"warn","message":"sweep failed","api":"v1","reason":"503"})") ==
        R"(sweep failed api=v1 level=warn reason="503")");
  CHECK(mark_of("a") != mark_of("b"));
}

TEST_CASE("bugreport: what is no line of ours shows its length alone") {
  for (const char* line : {"buyer Hong Gildong paid", "홍길동 010-9876-5432", "call 02 555 7777",
                           "info hong@buyer.example"}) {
    CAPTURE(line);
    const std::string shown = shown_log_line(line);
    CHECK(shown.find("bytes of another form") != std::string::npos);
    for (const char* part : {"Hong", "홍", "987", "555", "@"})
      CHECK(shown.find(part) == std::string::npos);
  }
  const std::string shown = shown_log_line(
      "info payment changed buyer_name=\"Hong Gildong\" token=whsec_abc "
      "key=whsec_0123456789abcdefgh "
      "status=01098765432 listener=hong@buyer.example detail=\"홍길동 hong@buyer.example "
      "+82 10-9876-5432 110-222-333444 https://h.example/t?k=secret 0123456789abcdefABCDEF\"");
  CAPTURE(shown);
  for (const char* part :
       {"Hong", "whsec", "9876", "홍", "@", "333444", "secret", "buyer", "abcdef"}) {
    CAPTURE(part);
    CHECK(shown.find(part) == std::string::npos);
  }
  CHECK(shown.find("https://h.example/\u2026") != std::string::npos);
  CHECK(without_people("since 2026-11-22T09:30:00.123Z: Only 300 MiB are free in /var/lib") ==
        "since 2026-11-22T09:30:00.123Z: Only 300 MiB are free in /var/lib");
}

TEST_CASE("bugreport: the journal is read where there is one, and its absence is said") {
  CHECK(unit_of("/etc/reconciled/reconciled.toml") == "reconciled.service");
  CHECK(unit_of("/etc/reconciled/flowers.toml") == "reconciled@flowers.service");
  for (const char* path :
       {"/tmp/reconciled.toml", "/etc/reconciled/a;b.toml", "/etc/reconciled/x"}) {
    CHECK(unit_of(path).empty());
  }
  const reconciled::test::TemporaryFolder folder;
  const reconciled::test::ScopedEnvironment path("PATH", folder.text() + ":/usr/bin:/bin");
  const auto become = [&](const std::string& script) {
    std::ofstream(folder / "journalctl") << "#!/bin/sh\n" << script << "\n";
    ::chmod((folder / "journalctl").c_str(), 0755);
  };
  become("exit 1");
  CHECK(read_journal("reconciled.service", 10).fault.find("journalctl is not there") == 0);
  become("exit 0");
  CHECK(read_journal("reconciled.service", 10).fault.find("holds no line") != std::string::npos);
  become(
      R"(echo '{"MESSAGE":"info ready","__REALTIME_TIMESTAMP":"1795710720000000","SYSLOG_IDENTIFIER":"reconciled"}'
echo '{"MESSAGE":[1,2],"__REALTIME_TIMESTAMP":"1"}'
echo '{"MESSAGE":"Started it.","__REALTIME_TIMESTAMP":"1795710721000000","SYSLOG_IDENTIFIER":"systemd"}')");
  const Journal journal = read_journal("reconciled.service", 10);
  REQUIRE(journal.lines.size() == 2);
  CHECK(journal.lines[0].time == "2026-11-26T16:32:00.000Z");
  CHECK(journal.lines[0].is_ours);
  CHECK_FALSE(journal.lines[1].is_ours);
}
