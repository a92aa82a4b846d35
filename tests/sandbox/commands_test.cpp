// `portone-sandbox pay|deposit|cancel`, the real program, against a sandbox that runs.
#include <doctest/doctest.h>

#include "tests/e2e/child_process.h"
#include "tests/sandbox/support.h"

using namespace reconciled;
using namespace reconciled::sandbox_tests;
using e2e::Finished;

namespace {

bool has(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE("not in: " << text);
  return found;
}

Finished command(const std::string& url, std::vector<std::string> words) {
  words.insert(words.begin(), PORTONE_SANDBOX_BINARY);
  words.insert(words.end(), {"--url", url});
  return e2e::run({words});
}

Finished command(const Rig& rig, const std::vector<std::string>& words) {
  return command(rig.base_url(), words);
}

sandbox::Options with_return_url() {
  sandbox::Options options;
  options.return_url = "http://shop.test/done?cart=7";
  return options;
}

}  // namespace

TEST_CASE("commands: pay says what happened, what was sent to whom, and what to do next") {
  Receiver receiver;
  Rig rig({receiver.url()}, with_return_url());
  const Finished paid = command(rig, {"pay", "주문/1", "--amount", "64900"});
  CHECK(paid.status == 0);
  CHECK(paid.err.empty());
  CHECK(has(paid.out, "주문/1 is paid: 64,900 KRW\n  V2, transaction "));
  CHECK(has(paid.out, "webhook Transaction.Paid to " + receiver.url() + " was answered 200"));
  CHECK(has(paid.out, "http://shop.test/done?cart=7&transactionType=PAYMENT&txId="));
  CHECK(has(paid.out, "Next: " PORTONE_SANDBOX_BINARY " cancel 주문/1 [--amount N] --url " +
                          rig.base_url() + "\n      see all payments at " + rig.base_url() +
                          "/\n"));
  const Json payment = rig.v2("GET", "/payments/%EC%A3%BC%EB%AC%B8%2F1").body;
  CHECK(payment.at("status") == "PAID");
  CHECK(payment.at("channel").at("type") == "LIVE");
  CHECK(receiver.count() == 1);
}

TEST_CASE("commands: every outcome, over both APIs, in the channel that is wished") {
  Receiver receiver;
  Rig rig({receiver.url()});
  const auto pay = [&rig](const std::string& order, std::vector<std::string> more) {
    std::vector<std::string> words{"pay", order, "--amount", "1050", "--currency", "USD"};
    words.insert(words.end(), more.begin(), more.end());
    const Finished done = command(rig, words);
    CHECK(done.status == 0);
    return done.out;
  };
  const std::string declined = pay("o1", {"--api", "v1", "--outcome", "failed"});
  CHECK(has(declined, "o1 was declined: 10.50 USD"));
  CHECK(has(declined, "no webhook: PortOne V1 sends none for this"));
  CHECK(has(declined, "Next: " PORTONE_SANDBOX_BINARY " pay o1"));
  CHECK(has(pay("o2", {"--api", "v1", "--outcome", "abandoned"}), "o2 is not paid"));
  CHECK(has(pay("p1", {"--outcome", "abandoned"}), "webhook Transaction.Ready to "));
  CHECK(has(pay("p2", {"--outcome", "virtual_account", "--channel", "test"}),
            "p2 waits for a deposit: 10.50 USD to account 5621"));
  CHECK(rig.v2("GET", "/payments/p2").body.at("channel").at("type") == "TEST");
  const Finished deposit = command(rig, {"deposit", "p2"});
  CHECK(deposit.status == 0);
  CHECK(has(deposit.out, "p2 is paid: 10.50 USD"));
  const Finished part = command(rig, {"cancel", "p2", "--amount", "50"});
  CHECK(part.status == 0);
  CHECK(has(part.out, "p2 is cancelled in part: 0.50 USD of 10.50 USD"));
  CHECK(has(command(rig, {"cancel", "p2"}).out, "p2 is cancelled: 10.50 USD"));
}

TEST_CASE("commands: a webhook is late, lost or comes twice as it is wished") {
  Receiver receiver;
  Rig rig({receiver.url()});
  const auto pay = [&rig](const std::string& order, const std::string& webhook) {
    return command(rig, {"pay", order, "--amount", "10", "--webhook", webhook}).out;
  };
  const std::string lost = pay("lost", "lost");
  CHECK(has(lost, "Transaction.Paid was lost on its way to " + receiver.url()));
  CHECK(receiver.count() == 0);
  const std::string twice = pay("twice", "twice");
  CHECK(twice.find("was answered 200") != twice.rfind("was answered 200"));
  const auto got = receiver.wait_for(2);
  CHECK(got[0].id == got[1].id);
  const auto begun = std::chrono::steady_clock::now();
  CHECK(has(pay("late", "late=700ms"), "its webhook leaves in 700ms"));
  CHECK(std::chrono::steady_clock::now() - begun >= std::chrono::milliseconds(700));
  CHECK(receiver.count() == 3);
}

TEST_CASE("commands: an answer that is no 200 is told") {
  Receiver receiver([](std::size_t) { return 500; });
  sandbox::Options options;
  options.v2_webhook_retries = 0;
  Rig rig({receiver.url()}, options);
  const Finished done = command(rig, {"pay", "p1", "--amount", "10"});
  CHECK(done.status == 0);
  CHECK(has(done.out, "was answered 500; PortOne V2 tries again"));
  Rig nowhere;
  CHECK(has(command(nowhere, {"pay", "p1", "--amount", "10"}).out,
            "no webhook: the sandbox was started without --webhook-url"));
}

TEST_CASE("commands: what cannot be is refused in words, with status 1") {
  Rig rig;
  const auto refused = [&rig](const std::vector<std::string>& words) {
    const Finished done = command(rig, words);
    CHECK(done.status == 1);
    CHECK(done.out.empty());
    return done.err;
  };
  CHECK(has(refused({"cancel", "o1"}), "nobody has tried to pay o1 here"));
  CHECK(has(refused({"deposit", "o1"}), "nobody has tried to pay o1 here"));
  REQUIRE(command(rig, {"pay", "o1", "--amount", "5000", "--outcome", "failed"}).status == 0);
  CHECK(has(refused({"cancel", "o1"}), "o1 is FAILED: only what is paid can be cancelled"));
  CHECK(has(refused({"deposit", "o1"}), "o1 is FAILED: no account of it waits for a deposit"));
  REQUIRE(command(rig, {"pay", "o1", "--amount", "5000"}).status == 0);
  CHECK(has(refused({"pay", "o1", "--amount", "5000"}), "o1 is paid already"));
  CHECK(has(refused({"cancel", "o1", "--amount", "5001"}),
            "of o1 5,000 KRW can be cancelled, not 5,001 KRW"));
  REQUIRE(command(rig, {"cancel", "o1"}).status == 0);
  CHECK(has(refused({"cancel", "o1"}), "o1 is wholly cancelled already"));
  rig.v2("POST", "/payments/p1/pre-register", R"({"totalAmount":64901,"currency":"KRW"})");
  CHECK(has(refused({"pay", "p1", "--amount", "64900"}), "was registered with PortOne for 64,901"));
}

TEST_CASE("commands: nobody there, or somebody else") {
  const Finished nobody = command("http://127.0.0.1:9", {"pay", "o1", "--amount", "1"});
  CHECK(nobody.status == 1);
  CHECK(has(nobody.err, "nothing listens at http://127.0.0.1:9: start one with `portone-sandbox`"));
  Receiver other;
  const std::string url = other.url().substr(0, other.url().rfind('/'));
  CHECK(has(command(url, {"deposit", "o1"}).err, "is no portone-sandbox (it says 404)"));
}

TEST_CASE("commands: wrong usage is 2, and names what is wrong") {
  Rig rig;
  const auto wrong = [&rig](const std::vector<std::string>& words) {
    const Finished done = command(rig, words);
    CHECK(done.status == 2);
    CHECK(done.out.empty());
    return done.err;
  };
  CHECK(has(wrong({"pay", "o1"}), "--amount"));
  CHECK(has(wrong({"pay", "o1", "--amount", "12.5"}), "--amount is a whole number"));
  CHECK(has(wrong({"pay", "o1", "--amount", "-5"}), "--amount is a whole number"));
  CHECK(has(wrong({"pay", "o1", "--amount", "99999999999999999999"}), "whole number"));
  CHECK(has(wrong({"pay", "o1", "--amount", "1", "--webhook", "soon"}), "--webhook is now"));
  CHECK(has(wrong({"pay", "o1", "--amount", "1", "--outcome", "won"}), "--outcome"));
  CHECK(has(wrong({"pay", "o1", "--amount", "1", "--api", "v3"}), "--api"));
  CHECK(has(wrong({"deposit"}), "ORDER"));
  CHECK(has(wrong({"cancel", "o1", "--amount", "0"}), "--amount is a whole number"));
  CHECK(e2e::run({{PORTONE_SANDBOX_BINARY, "pay", "o", "--amount", "1", "--url", "no"}}).status ==
        2);
  const Finished unknown = e2e::run({{PORTONE_SANDBOX_BINARY, "desposit", "o1"}});
  CHECK(unknown.status == 2);
  CHECK(has(unknown.err, "no command 'desposit', did you mean deposit?"));
  CHECK(has(e2e::run({{PORTONE_SANDBOX_BINARY, "--help"}}).out, "deposit"));
  CHECK(rig.control("GET", "/state").at("payments").empty());
}

TEST_CASE("commands: what to type next can be typed, whatever the order is called") {
  Rig rig;
  CHECK(has(command(rig, {"pay", "it's; ls", "--amount", "1"}).out,
            "Next: " PORTONE_SANDBOX_BINARY " cancel 'it'\\''s; ls' [--amount N] --url http://"));
}

TEST_CASE("commands: what comes from outside cannot write to the terminal") {
  Rig rig;
  const Finished done = command(rig, {"pay", "o\x1b[31m1", "--amount", "1"});
  CHECK(done.out.find('\x1b') == std::string::npos);
  CHECK(done.err.find('\x1b') == std::string::npos);
}
