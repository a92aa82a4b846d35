#include "daemon/commands/table.h"

#include <doctest/doctest.h>

#include <sstream>

#include "daemon/commands/terminal.h"

using namespace reconciled::commands;

TEST_CASE("table: columns are as wide as their widest cell") {
  Table table({"PAYMENT", "RESULT"});
  CHECK(table.is_empty());
  table.add({"주문-1", "paid"});
  table.add({"o", "failed"});
  CHECK_FALSE(table.is_empty());
  CHECK(table.text() == "PAYMENT  RESULT\n주문-1   paid\no        failed\n");
}

TEST_CASE("table: within a terminal's width, and nothing is left out") {
  Table table({"ID", "PAYMENT", "WHAT"});
  std::string sentence;
  for (int i = 0; i < 60; ++i) sentence += "word" + std::to_string(i) + " ";
  table.add({"1", std::string(200, 'p'), sentence});
  const std::string text = table.text();
  std::istringstream lines(text);
  std::size_t letters = 0;
  for (std::string line; std::getline(lines, line);) CHECK(width_of(line) <= kColumns);
  for (const char c : text) letters += c == 'p' ? 1 : 0;
  CHECK(letters == 200);
  for (int i = 0; i < 60; ++i) CHECK(text.find("word" + std::to_string(i)) != std::string::npos);
}

TEST_CASE("table: a cell from outside stays one cell of one row") {
  Table table({"A", "B"});
  table.add({"x\ny", "\x1b[2J"});
  CHECK(table.text() == "A    B\nx y   [2J\n");
}
