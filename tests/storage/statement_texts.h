// The SQL of the sources, read from the sources: what stands between the brackets of each
// `query(…)`, so that no list has to be kept of it.
#pragma once

#include <string>
#include <vector>

namespace reconciled::test {

struct StatementText {
  std::string where;  // "storage/units/accept.cpp:42"
  std::string sql;
};

// Of all sources right in `folders`. Throws std::runtime_error where a call's text cannot be told:
// it has to be literals, or a constant made of literals and other constants.
[[nodiscard]] std::vector<StatementText> statements_in(const std::vector<std::string>& folders);

// With `?` and `?N` as `$N`.
[[nodiscard]] std::string with_dollars(const std::string& sql);
// How many parameters it has then.
[[nodiscard]] int parameters_of(const std::string& with_dollars);

}  // namespace reconciled::test
