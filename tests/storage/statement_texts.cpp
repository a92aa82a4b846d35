#include "tests/storage/statement_texts.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace reconciled::test {
namespace {

struct Token {
  enum class Kind { kName, kText, kOther, kEnd } kind = Kind::kEnd;
  std::string text;
  int line = 0;
};

// As much of C++ as the storage's sources use: no raw strings, no digraphs.
std::vector<Token> tokens_of(const std::string& source) {
  std::vector<Token> tokens;
  int line = 1;
  std::size_t at = 0;
  const auto is_name = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
  };
  while (at < source.size()) {
    const char c = source[at];
    if (c == '\n') ++line;
    if (std::isspace(static_cast<unsigned char>(c))) {
      ++at;
    } else if (source.compare(at, 2, "//") == 0) {
      at = std::min(source.find('\n', at), source.size());
    } else if (c == '"') {
      std::string text;
      for (++at; source.at(at) != '"'; ++at) {
        if (source[at] == '\\') ++at;
        text += source.at(at);
      }
      ++at;
      const bool goes_on = !tokens.empty() && tokens.back().kind == Token::Kind::kText;
      if (goes_on) {
        tokens.back().text += text;
      } else {
        tokens.push_back({Token::Kind::kText, text, line});
      }
    } else if (c == '\'' && (tokens.empty() || tokens.back().kind != Token::Kind::kName)) {
      at = source.find('\'', at + (source.at(at + 1) == '\\' ? 3 : 2)) + 1;
      tokens.push_back({Token::Kind::kOther, "'", line});
    } else if (is_name(c)) {
      std::string name;
      while (at < source.size() && (is_name(source[at]) || source[at] == '\''))
        name += source[at++];
      tokens.push_back({Token::Kind::kName, name, line});
    } else {
      tokens.push_back({Token::Kind::kOther, std::string(1, c), line});
      ++at;
    }
  }
  tokens.push_back({});
  return tokens;
}

using Constants = std::map<std::string, std::string>;

// The text of `literal + std::string(literal) + constant …` up to the `;`; nothing where it is
// anything else.
std::optional<std::string> constant_at(const std::vector<Token>& tokens, std::size_t at,
                                       const Constants& known) {
  std::string text;
  for (; tokens[at].kind != Token::Kind::kEnd; ++at) {
    const Token& token = tokens[at];
    if (token.kind == Token::Kind::kText) {
      text += token.text;
    } else if (token.kind == Token::Kind::kName) {
      if (token.text == "std" || token.text == "string") continue;
      const auto constant = known.find(token.text);
      if (constant == known.end()) return std::nullopt;
      text += constant->second;
    } else if (token.text == ";") {
      if (text.empty()) return std::nullopt;
      return text;
    } else if (std::string("+():").find(token.text) == std::string::npos) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

// `name = …` as far as it is a text; a later one of the same name takes its place.
void note_constant(const std::vector<Token>& tokens, std::size_t at, Constants& known) {
  if (tokens[at].kind != Token::Kind::kName || tokens[at + 1].text != "=") return;
  if (auto text = constant_at(tokens, at + 2, known)) known[tokens[at].text] = std::move(*text);
}

// Each literal between the brackets is a statement, and each constant that is one.
std::vector<std::string> texts_of_call(const std::vector<Token>& tokens, std::size_t at,
                                       const Constants& known) {
  std::vector<std::string> texts;
  int depth = 1;
  for (; depth > 0 && tokens[at].kind != Token::Kind::kEnd; ++at) {
    const Token& token = tokens[at];
    if (token.text == "(") ++depth;
    if (token.text == ")") --depth;
    if (token.kind == Token::Kind::kText) texts.push_back(token.text);
    if (token.kind != Token::Kind::kName) continue;
    if (const auto constant = known.find(token.text); constant != known.end()) {
      texts.push_back(constant->second);
    }
  }
  return texts;
}

void read_source(const std::string& path, const Constants& headers,
                 std::vector<StatementText>& all) {
  std::stringstream source;
  source << std::ifstream(path).rdbuf();
  const std::vector<Token> tokens = tokens_of(source.str());
  Constants known = headers;
  for (std::size_t at = 0; at + 2 < tokens.size(); ++at) {
    note_constant(tokens, at, known);
    const bool calls = tokens[at].kind == Token::Kind::kName && tokens[at].text == "query" &&
                       tokens[at + 1].text == "(";
    if (!calls || tokens[at + 2].text == "const") continue;  // its own declaration
    const std::string where = path + ":" + std::to_string(tokens[at].line);
    const std::vector<std::string> texts = texts_of_call(tokens, at + 2, known);
    if (texts.empty()) throw std::runtime_error(where + ": what is asked cannot be read here");
    for (const std::string& text : texts) all.push_back({where, text});
  }
}

Constants constants_of(const std::vector<std::string>& headers) {
  Constants known;
  for (const std::string& path : headers) {
    std::stringstream source;
    source << std::ifstream(path).rdbuf();
    const std::vector<Token> tokens = tokens_of(source.str());
    for (std::size_t at = 0; at + 2 < tokens.size(); ++at) note_constant(tokens, at, known);
  }
  return known;
}

}  // namespace

std::vector<StatementText> statements_in(const std::vector<std::string>& folders) {
  std::vector<std::string> headers;
  std::vector<std::string> sources;
  for (const std::string& folder : folders) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".h") headers.push_back(entry.path());
      if (entry.path().extension() == ".cpp") sources.push_back(entry.path());
    }
  }
  std::sort(sources.begin(), sources.end());
  const Constants known = constants_of(headers);
  std::vector<StatementText> all;
  for (const std::string& path : headers) read_source(path, known, all);
  for (const std::string& path : sources) read_source(path, known, all);
  return all;
}

std::string with_dollars(const std::string& sql) {
  std::string out;
  bool is_quoted = false;
  int last = 0;
  for (std::size_t at = 0; at < sql.size(); ++at) {
    if (sql[at] == '\'') is_quoted = !is_quoted;
    if (is_quoted || sql[at] != '?') {
      out += sql[at];
      continue;
    }
    std::string number;
    while (at + 1 < sql.size() && std::isdigit(static_cast<unsigned char>(sql[at + 1]))) {
      number += sql[++at];
    }
    if (number.empty()) number = std::to_string(last + 1);
    last = std::max(last, std::stoi(number));
    out += "$" + number;
  }
  return out;
}

int parameters_of(const std::string& with_dollars) {
  int most = 0;
  for (std::size_t at = with_dollars.find('$'); at != std::string::npos;
       at = with_dollars.find('$', at + 1)) {
    most = std::max(most, std::atoi(with_dollars.c_str() + at + 1));
  }
  return most;
}

}  // namespace reconciled::test
