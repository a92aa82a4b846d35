#include "daemon/runtime/log.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>

#include "tests/support/scoped_environment.h"
#include "tests/support/temporary_folder.h"

using namespace reconciled;
using reconciled::core::LogFormat;

namespace {

// What `action` writes to standard error.
std::string captured(const std::function<void()>& action) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "stderr";
  const int saved = ::dup(STDERR_FILENO);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  REQUIRE(file >= 0);
  ::dup2(file, STDERR_FILENO);
  ::close(file);
  action();
  CHECK(flush_log(std::chrono::seconds(30)));
  ::dup2(saved, STDERR_FILENO);
  ::close(saved);
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::string text_line(std::string_view message, std::initializer_list<LogField> fields) {
  return captured([&] {
    init_logging("info", LogFormat::kText, true);
    log_info(message, fields);
  });
}

}  // namespace

TEST_CASE("log: a text line carries time, level, message and fields") {
  const std::string line = captured([] {
    init_logging("info", LogFormat::kText, false);
    log_info("payment decided", {{"payment_id", "ord-1"}, {"attempts", 2}, {"deliverable", true}});
  });
  const std::regex expected(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info payment decided )"
                            R"(payment_id=ord-1 attempts=2 deliverable=true\n)");
  INFO(line);
  CHECK(std::regex_match(line, expected));
}

TEST_CASE("log: under systemd lines begin with the priority and have no time") {
  const std::string lines = captured([] {
    init_logging("trace", LogFormat::kText, true);
    for (const LogLevel level : {LogLevel::kTrace, LogLevel::kDebug, LogLevel::kInfo,
                                 LogLevel::kWarn, LogLevel::kError, LogLevel::kCritical}) {
      log_line(level, "m", {});
    }
  });
  CHECK(lines == "<7>trace m\n<7>debug m\n<6>info m\n<4>warn m\n<3>error m\n<2>critical m\n");
}

TEST_CASE("log: a value from outside forges neither a line nor a field") {
  CHECK(text_line("m", {{"id", "a b"}}) == "<6>info m id=\"a b\"\n");
  CHECK(text_line("m", {{"id", ""}}) == "<6>info m id=\"\"\n");
  CHECK(text_line("m", {{"id", "x result=paid"}}) == "<6>info m id=\"x result=paid\"\n");
  CHECK(text_line("m", {{"id", "x=y"}}) == "<6>info m id=\"x=y\"\n");
  CHECK(text_line("m", {{"id", "a\n<0>emerg b\r\t"}}) ==
        "<6>info m id=\"a\\n<0>emerg b\\u000d\\u0009\"\n");
  CHECK(text_line("m", {{"id", "q\"uote\\"}}) == "<6>info m id=\"q\\\"uote\\\\\"\n");
  CHECK(text_line("m", {{"id", "\x1b[31m"}}) == "<6>info m id=\"\\u001b[31m\"\n");
  CHECK(text_line("m", {{"id", "\xc2\x9b[31m"}}) == "<6>info m id=\"\\u009b[31m\"\n");
  CHECK(text_line("m", {{"id", "주문"}}) == "<6>info m id=\"주문\"\n");
  CHECK(text_line("m", {{"id", std::string_view("a\0b", 3)}}) == "<6>info m id=\"a\\u0000b\"\n");
  CHECK(text_line("a\nb", {}) == "<6>info a\\nb\n");
}

TEST_CASE("log: values are clipped and made valid UTF-8") {
  CHECK(text_line("m", {{"id", std::string(100'000, 'a')}}).size() < 2200);
  CHECK(text_line("m", {{"id", std::string(100'000, ' ')}}).size() < 2200);
  CHECK(text_line("m", {{"id", "a\xff"}}) == "<6>info m id=\"a\xef\xbf\xbd\"\n");
}

TEST_CASE("log: numbers keep their value") {
  CHECK(text_line("m", {{"a", std::numeric_limits<std::int64_t>::min()},
                        {"b", std::numeric_limits<std::uint64_t>::max()},
                        {"c", 0.5},
                        {"d", std::numeric_limits<double>::infinity()}}) ==
        "<6>info m a=-9223372036854775808 b=18446744073709551615 c=0.5 d=null\n");
}

TEST_CASE("log: a JSON line is one object whatever the values hold") {
  const std::string hostile = "a\"b\\c\nd\x01\x7f\xff{}";
  const std::string line = captured([&] {
    init_logging("info", LogFormat::kJson, false);
    log_warn("say \"hi\"", {{"id", hostile}, {"n", -3}, {"ok", false}});
  });
  CHECK(line.find('\n') == line.size() - 1);
  const auto json = nlohmann::json::parse(line);
  CHECK(json.at("level") == "warn");
  CHECK(json.at("message") == "say \"hi\"");
  CHECK(json.at("n") == -3);
  CHECK(json.at("ok") == false);
  CHECK(json.at("id").is_string());
  CHECK(std::regex_match(json.at("time").get<std::string>(),
                         std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")));
}

TEST_CASE("log: JSON under systemd has the priority and no time") {
  const std::string line = captured([] {
    init_logging("info", LogFormat::kJson, true);
    log_error("m");
  });
  CHECK(line == "<3>{\"level\":\"error\",\"message\":\"m\"}\n");
}

TEST_CASE("log: the level holds back what is below it and can change at runtime") {
  const std::string lines = captured([] {
    init_logging("warn", LogFormat::kText, true);
    log_info("hidden");
    log_warn("one");
    set_log_level("debug");
    log_debug("two");
    set_log_level("off");
    log_critical("hidden");
    log_line(LogLevel::kOff, "hidden", {});
  });
  CHECK(lines == "<4>warn one\n<7>debug two\n");
  CHECK_THROWS_AS(set_log_level("loud"), std::invalid_argument);
}

TEST_CASE("log: the journal is recognised by its variable") {
  const test::ScopedEnvironment unset("JOURNAL_STREAM", std::nullopt);
  CHECK_FALSE(logs_to_journal());
  const test::ScopedEnvironment set("JOURNAL_STREAM", "8:1234");
  CHECK(logs_to_journal());
}
