#include "daemon/core/messages/redirect.h"

#include <doctest/doctest.h>

#include <string>

#include "daemon/core/words/text.h"

using namespace reconciled::core;

namespace {

Event read(std::string_view query, std::string_view form = "") {
  return classify_redirect(query, form);
}
UiState hint(std::string_view query) { return read(query).hint; }
EventKind kind(std::string_view query) { return read(query).kind; }

constexpr auto kSuccess = UiState::kReturnedSuccess;
constexpr auto kFailure = UiState::kReturnedFailure;
constexpr auto kUnsure = UiState::kReturnedUnknown;

const std::string kV1 = "imp_uid=imp_1&merchant_uid=ord-1";
const std::string kV2 = "transactionType=PAYMENT&paymentId=pay_1&txId=tx_1";

}  // namespace

TEST_CASE("redirect: a V1 return names its payment and attempt") {
  const Event event = read(kV1 + "&imp_success=true");
  CHECK(event.source == EventSource::kRedirect);
  CHECK(event.kind == EventKind::kPayment);
  CHECK(event.api == Api::kV1);
  CHECK(event.type == "v1_return");
  CHECK(event.attempt_id->str() == "imp_1");
  CHECK(event.payment_id->str() == "ord-1");
  CHECK(event.hint == kSuccess);
  CHECK(event.status == std::nullopt);
  CHECK_FALSE(event.signed_by_portone);
}

TEST_CASE("redirect: V1 flags and error parameters give the hint") {
  CHECK(hint(kV1) == kUnsure);
  CHECK(hint(kV1 + "&success=true") == kSuccess);
  CHECK(hint(kV1 + "&success=TRUE") == kSuccess);
  CHECK(hint(kV1 + "&imp_success=1") == kSuccess);
  CHECK(hint(kV1 + "&imp_success=false") == kFailure);
  CHECK(hint(kV1 + "&success=0") == kFailure);
  CHECK(hint(kV1 + "&imp_success=True&success=False") == kFailure);
  CHECK(hint(kV1 + "&imp_success=yes") == kUnsure);
  CHECK(hint(kV1 + "&imp_success=") == kUnsure);
  CHECK(hint(kV1 + "&error_code=F400") == kFailure);
  CHECK(hint(kV1 + "&error_msg=X") == kFailure);
}

TEST_CASE("redirect: an explicit flag wins over an error") {
  CHECK(hint("imp_uid=imp_1&imp_success=true&merchant_uid=o1&error_msg=") == kSuccess);
  CHECK(hint(kV1 + "&imp_success=true&error_code=X&error_msg=Y") == kSuccess);
  CHECK(hint(kV1 + "&success=true&error_msg=null") == kSuccess);
  CHECK(hint(kV1 + "&success=false&error_code=&error_msg=") == kFailure);
  CHECK(hint("imp_uid=&imp_success=true&merchant_uid=o1&error_msg=") == kSuccess);
}

TEST_CASE("redirect: without a flag only an error that says something is a failure") {
  for (const char* nothing : {"", "null", "NULL", "undefined", "Undefined", "%6eull"}) {
    CAPTURE(nothing);
    for (const char* name : {"error_code", "error_msg"}) {
      CHECK(hint(kV1 + "&" + name + "=" + nothing) == kUnsure);
      CHECK(read(kV1 + "&" + name + "=" + nothing).reason_message.empty());
    }
    CHECK(hint(kV1 + "&error_code=" + nothing + "&error_msg=declined") == kFailure);
    CHECK(hint(kV1 + "&imp_success=" + nothing) == kUnsure);
    CHECK(hint(kV2 + "&code=" + nothing) == kUnsure);
    CHECK(hint(kV2 + "&code=" + nothing + "&message=declined") == kFailure);
    CHECK(hint(kV2 + "&pgMessage=" + nothing) == kSuccess);
  }
  CHECK(hint(kV1 + "&error_msg=nullable") == kFailure);
}

TEST_CASE("redirect: the payment window's reason is decoded once, cleaned and clipped") {
  const Event event = read(kV1 + "&error_code=F400&error_msg=%EA%B2%B0%EC%A0%9C+100%25%0A%FF");
  CHECK(event.reason_code == "F400");
  CHECK(event.reason_message == "결제 100% \xEF\xBF\xBD");
  CHECK(read(kV1 + "&error_msg=%2541").reason_message == "%41");
  CHECK(read(kV1 + "&error_msg=100%").reason_message == "100%");
  const Event flood = read(kV1 + "&error_msg=" + std::string(5000, 'x'));
  CHECK(flood.reason_message.size() == 1000);
}

TEST_CASE("redirect: of a repeated name the last value counts that can be an id") {
  const auto order = [](std::string_view query) {
    const auto id = read(query).payment_id;
    return id ? id->str() : std::string{};
  };
  CHECK(order("merchant_uid=o1&imp_uid=imp_1&merchant_uid=o2") == "o2");
  CHECK(order("merchant_uid=o1&imp_uid=imp_1&merchant_uid=") == "o1");
  CHECK(order("merchant_uid=o1&imp_uid=imp_1&merchant_uid=undefined") == "o1");
  CHECK(order("merchant_uid=o1&imp_uid=imp_1&merchant_uid=Null") == "o1");
  CHECK(order("merchant_uid=o1&imp_uid=imp_1&merchant_uid=%C1%D6") == "o1");
  CHECK(order("imp_uid=i&merchant_uid=o1&merchant_uid=" + std::string(300, 'x')) == "o1");
  CHECK(order("imp_uid=imp_1&merchant_uid[]=o1") == "o1");
  CHECK(order("imp_uid=imp_1&merchant_uid%5B0%5D=o1&merchant_uid%5B1%5D=o2") == "o2");
  CHECK(order("paymentId=mine&transactionType=PAYMENT&txId=t&paymentId=pay_1") == "pay_1");
  CHECK(read("imp_uid=null&merchant_uid=o1&imp_uid=imp_1").attempt_id->str() == "imp_1");
  CHECK(read("imp_uid=imp_1&merchant_uid=o1&imp_uid=").attempt_id->str() == "imp_1");
  CHECK(read("txId=t1&paymentId=p&txId=NEEDS_CONFIRMATION").attempt_id->str() == "t1");
  CHECK(hint("imp_success=&" + kV1 + "&imp_success=true&imp_success=") == kSuccess);
}

TEST_CASE("redirect: a second question mark begins what PortOne appended") {
  const Event event = read("merchant_uid=o1?imp_success=true&imp_uid=imp_1&merchant_uid=o1");
  CHECK(event.payment_id->str() == "o1");
  CHECK(event.attempt_id->str() == "imp_1");
  CHECK(event.hint == kSuccess);
  for (const char* query : {"order=1?imp_uid=imp_1&merchant_uid=o1&imp_success=false",
                            "order=1%3Fimp_uid=imp_1&merchant_uid=o1&imp_success=false",
                            "?imp_uid=imp_1&merchant_uid=o1&imp_success=false",
                            "merchant_uid=o1?imp_uid=imp_1&imp_success=false",
                            "a=1?b=2?imp_success=false&imp_uid=imp_1&merchant_uid=o1"}) {
    CAPTURE(query);
    CHECK(read(query).payment_id->str() == "o1");
    CHECK(read(query).attempt_id->str() == "imp_1");
    CHECK(hint(query) == kFailure);
  }
  const Event v2 = read("lang=ko?transactionType=PAYMENT&paymentId=pay_1&txId=tx_1&code=X");
  CHECK(v2.payment_id->str() == "pay_1");
  CHECK(v2.hint == kFailure);
  // An id of V2 may hold one itself.
  CHECK(read("paymentId=a?b=c&txId=t").payment_id->str() == "a?b=c");
  CHECK(read("paymentId=a%3Fcode%3Dc&txId=t").payment_id->str() == "a?code=c");
  CHECK(read("paymentId=a?&txId=t%3").payment_id->str() == "a?");
}

TEST_CASE("redirect: the ids may stand in the query, in a POST's form, or in both") {
  const Event event = read("merchant_uid=ord-1", "imp_uid=imp_1&merchant_uid=ord-2");
  CHECK(event.payment_id->str() == "ord-2");
  CHECK(event.attempt_id->str() == "imp_1");
  CHECK(read("", kV1).attempt_id->str() == "imp_1");
  CHECK(read("merchant_uid=ord-1", "merchant_uid=&imp_uid=imp_1").payment_id->str() == "ord-1");
  CHECK(read(kV1, "imp_success=false").hint == kFailure);
}

TEST_CASE("redirect: ids that are none are absent, not fatal") {
  CHECK_FALSE(read("imp_uid=null&merchant_uid=ord-1").attempt_id.has_value());
  CHECK_FALSE(read("imp_uid=undefined&merchant_uid=ord-1").attempt_id.has_value());
  CHECK_FALSE(read("imp_uid=%0A&merchant_uid=ord-1").attempt_id.has_value());
  CHECK_FALSE(read("imp_uid=" + std::string(300, 'a')).attempt_id.has_value());
  CHECK_FALSE(read("merchant_uid=ord%FF&imp_uid=i").payment_id.has_value());
  CHECK(kind("imp_uid=null&merchant_uid=ord-1") == EventKind::kPayment);
  CHECK(read("merchant_uid=ord-1").kind == EventKind::kPayment);
}

TEST_CASE("redirect: a mobile SDK's own failure without ids binds nothing") {
  const Event event = read("imp_success=false&error_code=IAMPORT_CORDOVA");
  CHECK(event.kind == EventKind::kUnknown);
  CHECK(event.hint == kFailure);
  CHECK(event.reason_code == "IAMPORT_CORDOVA");
  CHECK_FALSE(event.payment_id.has_value());
}

TEST_CASE("redirect: KCP quick pay registers a method and pays nothing") {
  const Event event = read(kV1 + "&kcp_action=Register&imp_status=true");
  CHECK(event.kind == EventKind::kPaymentMethod);
  CHECK(event.hint == UiState::kNone);
  CHECK(kind("merchant_uid=ord-1&imp_status=true") == EventKind::kPaymentMethod);
  CHECK(kind("kcp_action=Register&imp_status=false") == EventKind::kPaymentMethod);
  // What is not known to register may have paid.
  CHECK(kind(kV1 + "&kcp_action=Pay&imp_status=true") == EventKind::kPayment);
  CHECK(hint(kV1 + "&kcp_action=Pay&imp_status=true") == kUnsure);
}

TEST_CASE("redirect: V2 succeeds when code is absent and fails when it says something") {
  const Event event = read(kV2);
  CHECK(event.api == Api::kV2);
  CHECK(event.kind == EventKind::kPayment);
  CHECK(event.type == "PAYMENT");
  CHECK(event.payment_id->str() == "pay_1");
  CHECK(event.attempt_id->str() == "tx_1");
  CHECK(event.hint == kSuccess);
  CHECK(hint("paymentId=pay_1") == kSuccess);
  CHECK(hint("payment_id=pay_1") == kSuccess);
  CHECK(hint(kV2 + "&code=FAILURE_TYPE_PG") == kFailure);
  CHECK(hint(kV2 + "&code=") == kUnsure);
  CHECK(hint(kV2 + "&pgCode=51") == kFailure);
  // A shop's own address may well say that all is good.
  CHECK(hint("success=true&" + kV2 + "&code=FAILURE_TYPE_PG") == kFailure);
  CHECK(hint(kV2 + "&success=false") == kFailure);
  CHECK(hint("transactionType=PAYMENT&txId=tx_1") == kUnsure);
  CHECK(hint("transactionType=NEW_TYPE&paymentId=pay_1") == kUnsure);
}

TEST_CASE("redirect: the PG's message goes before PortOne's") {
  CHECK(read(kV2 + "&code=C&message=a&pgMessage=b").reason_message == "b");
  CHECK(read(kV2 + "&code=C&message=a&pgMessage=").reason_message == "a");
  CHECK(read(kV2 + "&code=C&message=a").reason_code == "C");
}

TEST_CASE("redirect: a manual approval that is still to come is no success") {
  CHECK(hint(kV2 + "&paymentToken=s3cret") == kUnsure);
  CHECK(hint("paymentId=pay_1&txId=NEEDS_CONFIRMATION") == kUnsure);
  CHECK_FALSE(read("paymentId=pay_1&txId=NEEDS_CONFIRMATION").attempt_id.has_value());
  CHECK(hint("transactionType=ISSUE_BILLING_KEY_AND_PAY&paymentId=p&billingKey="
             "NEEDS_CONFIRMATION") == kUnsure);
}

TEST_CASE("redirect: billing keys and identity verification are no payments") {
  for (const char* query :
       {"transactionType=ISSUE_BILLING_KEY&billingKey=b", "billingKey=b",
        "transactionType=ISSUE_BILLING_KEY&code=X", "transactionType=ISSUE_BILLING_KEY&paymentId=p",
        "transactionType=ISSUE_BILLING_KEY_AND_PAY&billingKey=b"}) {
    const Event event = read(query);
    CAPTURE(query);
    CHECK(event.kind == EventKind::kBillingKey);
    CHECK(event.hint == UiState::kNone);
    CHECK_FALSE(event.payment_id.has_value());
  }
  for (const char* query :
       {"transactionType=IDENTITY_VERIFICATION&identityVerificationId=i",
        "identityVerificationId=i", "transactionType=IDENTITY_VERIFICATION&code=X"}) {
    CAPTURE(query);
    CHECK(kind(query) == EventKind::kIdentityVerification);
    CHECK(hint(query) == UiState::kNone);
  }
  const Event both = read("transactionType=ISSUE_BILLING_KEY_AND_PAY&paymentId=p&billingKey=b");
  CHECK(both.kind == EventKind::kPayment);
  CHECK(both.hint == kSuccess);
  CHECK(kind("paymentId=p&billingKey=b") == EventKind::kPayment);
}

TEST_CASE("redirect: a flow that is no payment says whether it failed, with ids and without") {
  for (const char* failed :
       {"kcp_action=Register&imp_status=false", "merchant_uid=o&kcp_action=Register&imp_status=0",
        "transactionType=ISSUE_BILLING_KEY&code=X", "billingKey=&code=X&message=no",
        "transactionType=IDENTITY_VERIFICATION&code=X&message=no",
        "identityVerificationId=i&pgMessage=no", "identityVerificationTxId=t&code=X&message=no",
        "success=true&transactionType=ISSUE_BILLING_KEY&code=X"}) {
    CAPTURE(failed);
    CHECK(says_failure(failed, ""));
    CHECK(says_failure("lang=ko", failed));
    CHECK(kind(failed) != EventKind::kPayment);
    CHECK(kind(failed) != EventKind::kUnknown);
    CHECK(hint(failed) == UiState::kNone);
  }
  for (const char* good :
       {"kcp_action=Register&imp_status=true", "transactionType=ISSUE_BILLING_KEY&billingKey=bk-1",
        "transactionType=ISSUE_BILLING_KEY&billingKey=bk-1&code=&message=null",
        "identityVerificationId=i", "kcp_action=Register&imp_status=true&error_msg=", "", "a=b"}) {
    CAPTURE(good);
    CHECK_FALSE(says_failure(good, ""));
  }
  CHECK(kind("merchant_uid=mine&billingKey=bk-1") == EventKind::kBillingKey);
  CHECK(read("kcp_action=Register&imp_status=true").dedupe_text !=
        read("kcp_action=Register&imp_status=false").dedupe_text);
}

TEST_CASE("redirect: a shop's own parameters do not change whose return it is") {
  CHECK(read(kV1 + "&paymentId=mine&code=7&message=hi").api == Api::kV1);
  CHECK(read(kV1 + "&paymentId=mine&code=7&message=hi").hint == kUnsure);
  CHECK(read("merchant_uid=mine&" + kV2).api == Api::kV2);
  CHECK(read("merchant_uid=mine&" + kV2).payment_id->str() == "pay_1");
}

TEST_CASE("redirect: nothing recognisable is unknown") {
  for (const char* query : {"", "a=b", "code=7", "&&&==", "%%%", "lang=ko&utm_source=x"}) {
    const Event event = read(query);
    CAPTURE(query);
    CHECK(event.kind == EventKind::kUnknown);
    CHECK(event.api == std::nullopt);
    CHECK(event.hint == kUnsure);
  }
  const Event failed = read("code=FAILURE&message=x");
  CHECK(failed.kind == EventKind::kUnknown);
  CHECK(failed.hint == kFailure);
  CHECK(hint("transactionType=PAYMENT&code=X") == kFailure);
  CHECK(kind("transactionType=PAYMENT&code=X") == EventKind::kUnknown);
}

TEST_CASE("redirect: copies are named by what they say, not by the order or the shop's own words") {
  const auto name = [](const std::string& query) { return read(query).dedupe_text; };
  CHECK(name(kV1) == name("merchant_uid=ord-1&x=1&imp_uid=imp_1"));
  CHECK(name(kV1) != name(kV1 + "&imp_success=true"));
  CHECK(name(kV1 + "&error_code=a") != name(kV1 + "&error_code=b"));
  CHECK(name("identityVerificationId=a") != name("identityVerificationId=b"));
  CHECK(name("billingKey=a") != name("billingKey=b"));
  CHECK(name("billingKey=s3cret").find("s3cret") == std::string::npos);
}

TEST_CASE("redirect: the query is stored clipped and without tokens") {
  CHECK(read(kV1 + "&x=%41").stored_body == kV1 + "&x=%41");
  CHECK(read(kV2 + "&paymentToken=s3cret&billingIssueToken=s3cret").stored_body == kV2);
  CHECK(read("a=1", "b=2&payment%54oken=s3cret").stored_body == "a=1&b=2");
  CHECK(read("a=" + std::string(20000, 'x')).stored_body.size() == 8192);
  CHECK(is_valid_utf8(read("a=\xFF\xFE").stored_body));
}
