// What one answer shows: the truth, or what the answer faults make of it (faults.h).
//
// Made by a handler for its call, used on its thread. A fault with a count is counted off once for
// an answer, however many rows it touches.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/sandbox/world.h"

namespace reconciled::sandbox {

class View {
 public:
  View(World& world, const Call& call);

  // Whether no fault is set for this place.
  [[nodiscard]] bool is_honest() const { return faults_.empty(); }
  // The attempt as the answer knows it: perhaps an older version, perhaps not at all.
  [[nodiscard]] std::optional<Attempt> see(const std::optional<Attempt>& attempt);
  [[nodiscard]] std::vector<Attempt> see(std::vector<Attempt> attempts);
  // `row`, the rendered attempt, as the answer shows it.
  [[nodiscard]] Json show(Json row, const Attempt& attempt);
  // Rows that belong to no attempt and stand before the true ones; the same when asked again.
  [[nodiscard]] std::vector<Json> extra_rows();
  // The whole body with the patches that are meant for it.
  void patch_whole(Reply& reply);

 private:
  bool use(std::size_t index);
  bool takes(const AnswerFault& fault, const Attempt& attempt) const;

  World& world_;
  const Call& call_;
  const std::vector<AnswerFault> faults_;
  std::vector<std::optional<bool>> used_;  // for each fault, whether it holds in this answer
};

// Puts `raw`, a placeholder, where `member` (a name or a JSON pointer) says.
void put_raw(Json& row, const std::string& member, const std::string& raw);

// A JSON text value that stands for these bytes between quotes, or for this text in place of a
// JSON value, until `fill_raw` puts them into the body: so that a body may hold what no JSON
// library writes (EUC-KR, half a surrogate).
[[nodiscard]] std::string raw_bytes_placeholder(std::string_view hex);
[[nodiscard]] std::string raw_json_placeholder(std::string_view text);
[[nodiscard]] std::string fill_raw(std::string body);
// The bytes of a text of hex digits, or nothing.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view hex);

}  // namespace reconciled::sandbox
