#include "daemon/core/messages/return_parameters.h"

#include <algorithm>
#include <array>

namespace reconciled::core {
namespace {

// What PortOne appends (dossier §1): only before these may a second `?` stand for `&`. An id may
// hold one.
constexpr std::array<std::string_view, 21> kAppended{"imp_uid",
                                                     "merchant_uid",
                                                     "imp_success",
                                                     "success",
                                                     "error_code",
                                                     "error_msg",
                                                     "imp_status",
                                                     "kcp_action",
                                                     "paymentId",
                                                     "payment_id",
                                                     "transactionType",
                                                     "txId",
                                                     "code",
                                                     "message",
                                                     "pgCode",
                                                     "pgMessage",
                                                     "paymentToken",
                                                     "billingKey",
                                                     "billingIssueToken",
                                                     "identityVerificationId",
                                                     "identityVerificationTxId"};

std::string lower(std::string_view text) {
  std::string low(text);
  std::transform(low.begin(), low.end(), low.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return low;
}

std::optional<bool> read_flag(std::string_view text) {
  constexpr std::size_t kLongest = 5;
  if (text.size() > kLongest) return std::nullopt;
  const std::string word = lower(text);
  if (word == "true" || word == "1") return true;
  if (word == "false" || word == "0") return false;
  return std::nullopt;
}

bool begins_appended(std::string_view text) {
  return std::any_of(kAppended.begin(), kAppended.end(), [text](std::string_view name) {
    return text.size() > name.size() && text.starts_with(name) && text[name.size()] == '=';
  });
}

// The query with `&` for each `?`, bare or escaped, behind which PortOne's own parameters begin: a
// shop's address that has a query gets a second one from some payment windows.
std::string join_queries(std::string_view query) {
  std::string joined;
  joined.reserve(query.size());
  while (!query.empty()) {
    const std::size_t mark = std::min(query.find('?'), query.find("%3"));
    joined += query.substr(0, mark);
    if (mark == query.npos) break;
    query.remove_prefix(mark);
    const bool is_escaped = query.starts_with("%3F") || query.starts_with("%3f");
    const std::size_t size = is_escaped ? 3 : 1;
    const bool is_seam =
        (is_escaped || query.front() == '?') && begins_appended(query.substr(size));
    joined += is_seam ? std::string_view{"&"} : query.substr(0, size);
    query.remove_prefix(size);
  }
  return joined;
}

}  // namespace

bool says_nothing(std::string_view value) {
  constexpr std::size_t kLongest = 9;
  if (value.empty()) return true;
  if (value.size() > kLongest) return false;
  const std::string word = lower(value);
  return word == "null" || word == "undefined";
}

ReturnParameters::ReturnParameters(std::string_view query, std::string_view form)
    : pairs_(parse_form(join_queries(query))) {
  FormPairs more = parse_form(form);
  std::move(more.begin(), more.end(), std::back_inserter(pairs_));
}

template <class Fits>
std::string_view ReturnParameters::last(std::string_view name, Fits fits) const {
  for (auto pair = pairs_.rbegin(); pair != pairs_.rend(); ++pair) {
    const std::string& key = pair->first;
    const bool is_array =
        key.size() > name.size() && key[name.size()] == '[' && key.starts_with(name);
    if ((key == name || is_array) && fits(std::string_view(pair->second))) return pair->second;
  }
  return {};
}

bool ReturnParameters::has(std::string_view name) const {
  bool found = false;
  static_cast<void>(last(name, [&found](std::string_view) { return found = true; }));
  return found;
}

std::string ReturnParameters::text(std::string_view name) const {
  return std::string(last(name, [](std::string_view value) { return !says_nothing(value); }));
}

std::optional<bool> ReturnParameters::flag(std::string_view name) const {
  return read_flag(last(name, [](std::string_view value) { return read_flag(value).has_value(); }));
}

std::string_view ReturnParameters::id_text(std::string_view name) const {
  return last(name, [](std::string_view value) {
    return !says_nothing(value) && value != kNeedsConfirmation && is_valid_id_text(value);
  });
}

}  // namespace reconciled::core
