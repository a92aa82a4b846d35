#include "tests/sandbox/view.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "daemon/core/messages/signature.h"

namespace reconciled::sandbox {
namespace {

constexpr std::string_view kRawBytes = "@raw_bytes:";
constexpr std::string_view kRawJson = "@raw_json:";

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

void shift_time(Json& value, std::chrono::seconds shift) {
  if (value.is_number_integer() && value != 0) {  // 0 is V1's "never"
    value = value.get<std::int64_t>() + shift.count();
  } else if (value.is_string()) {
    if (const auto time = core::parse_rfc3339(value.get<std::string>())) {
      value = to_text(*time + shift);
    }
  }
}

// The attempt as it was after its last change until `time`; nothing if it was not there.
std::optional<Attempt> as_of(const std::vector<Attempt>& versions, PortoneTime time) {
  std::optional<Attempt> found;
  for (const Attempt& version : versions) {
    if (version.updated_at <= time) found = version;
  }
  return found;
}

}  // namespace

View::View(World& world, const Call& call)
    : world_(world), call_(call), faults_(world.faults.answers_at(call)), used_(faults_.size()) {}

bool View::use(std::size_t index) {
  if (!used_[index]) used_[index] = world_.faults.spend(faults_[index].id);
  return *used_[index];
}

bool View::takes(const AnswerFault& fault, const Attempt& attempt) const {
  const std::string& wanted = fault.reach.payment;
  // An event tells of money that moved: it is touched only where it is meant.
  if (call_.asked.place == "events" && fault.reach.where.empty()) return false;
  return wanted.empty() || wanted == attempt.payment_id || wanted == attempt.attempt_id;
}

std::optional<Attempt> View::see(const std::optional<Attempt>& attempt) {
  std::optional<Attempt> seen = attempt;
  for (std::size_t i = 0; i < faults_.size() && seen; ++i) {
    const AnswerFault& fault = faults_[i];
    const bool changes = fault.hidden || fault.back > 0 || fault.frozen_at;
    if (!changes || !takes(fault, *attempt) || !use(i)) continue;
    if (fault.hidden) {
      seen.reset();
    } else if (fault.frozen_at) {
      seen = as_of(world_.store.versions(attempt->attempt_id), *fault.frozen_at);
    } else {
      const std::vector<Attempt> versions = world_.store.versions(attempt->attempt_id);
      const std::size_t back = std::min(fault.back, versions.size() - 1);
      seen = versions[versions.size() - 1 - back];
    }
  }
  return seen;
}

std::vector<Attempt> View::see(std::vector<Attempt> attempts) {
  if (faults_.empty()) return attempts;
  std::vector<Attempt> result;
  for (Attempt& attempt : attempts) {
    if (auto seen = see(std::optional<Attempt>(std::move(attempt)))) {
      result.push_back(std::move(*seen));
    }
  }
  return result;
}

Json View::show(Json row, const Attempt& attempt) {
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    const AnswerFault& fault = faults_[i];
    const bool changes = !fault.merge.empty() || !fault.raw.empty() || fault.shift.count() != 0;
    if (!changes || !takes(fault, attempt) || !use(i)) continue;
    if (!fault.merge.empty()) row.merge_patch(Json::parse(fault.merge));
    if (!fault.raw.empty()) put_raw(row, fault.member, fault.raw);
    if (fault.shift.count() == 0) continue;
    for (const std::string& name : fault.times) {
      if (row.contains(name)) shift_time(row[name], fault.shift);
    }
  }
  return row;
}

std::vector<Json> View::extra_rows() {
  std::vector<Json> rows;
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    const AnswerFault& fault = faults_[i];
    if (fault.rows.empty() || !fault.reach.touches(call_) || !use(i)) continue;
    for (const std::string& row : fault.rows) rows.emplace_back(raw_json_placeholder(row));
  }
  return rows;
}

void View::patch_whole(Reply& reply) {
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    const AnswerFault& fault = faults_[i];
    if (fault.whole.empty() || !fault.reach.touches(call_) || !use(i)) continue;
    Json body = Json::parse(reply.body, nullptr, false);
    if (body.is_discarded()) continue;
    body.merge_patch(Json::parse(fault.whole));
    reply.body = dump(body);
  }
}

void put_raw(Json& row, const std::string& member, const std::string& raw) {
  row[Json::json_pointer(member.front() == '/' ? member : "/" + member)] = raw;
}

std::string raw_bytes_placeholder(std::string_view hex) {
  return std::string(kRawBytes) + std::string(hex) + "@";
}

std::string raw_json_placeholder(std::string_view text) {
  return std::string(kRawJson) + core::to_hex(text) + "@";
}

std::string fill_raw(std::string body) {
  for (const std::string_view mark : {kRawBytes, kRawJson}) {
    const bool json = mark == kRawJson;
    std::size_t at = 0;
    while ((at = body.find("\"" + std::string(mark), at)) != std::string::npos) {
      const std::size_t start = at + 1 + mark.size();
      const std::size_t end = body.find("@\"", start);
      if (end == std::string::npos) break;
      const auto bytes = from_hex(std::string_view(body).substr(start, end - start));
      const std::string filling = json ? bytes.value_or("") : "\"" + bytes.value_or("") + "\"";
      body.replace(at, end + 2 - at, filling);
      at += filling.size();
    }
  }
  return body;
}

std::optional<std::string> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = digit(hex[i]);
    const int low = digit(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

}  // namespace reconciled::sandbox
