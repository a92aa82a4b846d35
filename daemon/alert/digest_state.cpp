#include "daemon/alert/digest_state.h"

#include <nlohmann/json.hpp>

#include "daemon/core/messages/signature.h"
#include "daemon/core/words/json.h"

namespace reconciled::alert {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kKeyCharacters = 16;

core::Time time_at(const Json& json, const char* name) {
  return core::from_ms(core::integer_member(json, name).value_or(0));
}

Json json_of(const Topic& topic, const Digest::Entry& entry) {
  return {{"sort", topic.sort == Topic::Sort::kWarning ? "warning" : "finding"},
          {"name", topic.name},
          {"about", topic.about},
          {"told", entry.is_told},
          {"owed", entry.is_owed},
          {"since_ms", core::to_ms(entry.standing.since)},
          {"begins", entry.begins},
          {"last_begin_ms", core::to_ms(entry.last_begin)},
          {"told_newest", entry.told_newest},
          {"told_count", entry.told_count},
          {"more_at_ms", core::to_ms(entry.more_at)}};
}

void read_entry(const Json& json, KeptDigest& digest) {
  const auto sort = core::text_member(json, "sort");
  const auto name = core::text_member(json, "name");
  if (!sort || !name) return;
  const Topic topic{*sort == "warning" ? Topic::Sort::kWarning : Topic::Sort::kFinding, *name,
                    core::text_member(json, "about").value_or("")};
  Digest::Entry entry;
  entry.is_told = core::bool_member(json, "told").value_or(false);
  entry.is_owed = core::bool_member(json, "owed").value_or(false);
  entry.standing.since = time_at(json, "since_ms");
  entry.begins = static_cast<int>(core::integer_member(json, "begins").value_or(0));
  entry.last_begin = time_at(json, "last_begin_ms");
  entry.told_newest = core::integer_member(json, "told_newest").value_or(0);
  entry.told_count = core::integer_member(json, "told_count").value_or(0);
  entry.more_at = time_at(json, "more_at_ms");
  digest.entries.emplace(topic, std::move(entry));
}

}  // namespace

std::string key_of(const core::AlertUrl& url) {
  // A mail's password may be short enough to be guessed from its hash.
  std::string text = std::string(to_word(url.format)) + "\n" + url.base_url + "\n" + url.target +
                     "\n" + url.recipient + "\n" + url.thread + "\n" + url.mail.from;
  for (const std::string& address : url.mail.to) text += "\n" + address;
  return core::to_hex(core::sha256(text)).substr(0, kKeyCharacters);
}

KeptDigest kept(const Digest& digest) { return {digest.entries(), digest.last_told()}; }

std::string to_text(const KeptDigests& digests) {
  Json all = Json::object();
  for (const auto& [key, digest] : digests) {
    Json topics = Json::array();
    for (const auto& [topic, entry] : digest.entries) {
      if (entry.is_told || entry.is_owed || entry.begins > 0)
        topics.push_back(json_of(topic, entry));
    }
    all[key] = {{"topics", std::move(topics)}};
    if (digest.last_told) all[key]["last_told_ms"] = core::to_ms(*digest.last_told);
  }
  return core::write_json(all);
}

KeptDigests digests_from(std::string_view text) {
  KeptDigests digests;
  const auto json = core::parse_json(text);
  if (!json.ok() || !json.value().is_object()) return digests;
  for (const auto& [key, one] : json.value().items()) {
    KeptDigest& digest = digests[key];
    const auto last = core::integer_member(one, "last_told_ms");
    if (last) digest.last_told = core::from_ms(*last);
    const Json* const topics = core::member(one, "topics");
    if (topics == nullptr || !topics->is_array()) continue;
    for (const Json& topic : *topics) read_entry(topic, digest);
  }
  return digests;
}

}  // namespace reconciled::alert
