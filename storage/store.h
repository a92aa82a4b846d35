// Where everything is kept: opens the engine that stands behind the configured location.
//
// Nothing outside this folder knows what a location means, or which engine it is. Making a Store
// opens nothing; readers and the writer are opened on one (reader.h, writer.h). For any thread, but
// for `own`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace reconciled::storage {

// It was written by a newer program: exit 78.
struct NewerDatabase : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// Another process has the right to write it.
struct DatabaseInUse : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Store {
 public:
  // As it is configured.
  explicit Store(std::string location);
  ~Store();
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;

  // For messages to people.
  [[nodiscard]] const std::string& location() const { return location_; }

  // Takes the right to write it, for as long as this lives: longer than any writer or reader of the
  // process. Throws DatabaseInUse where another process has it, or what else stands in the way.
  void own();
  // Brings it to this program's version; what was applied, by name. The caller owns it. Throws
  // NewerDatabase, or std::runtime_error where it is none of ours.
  std::vector<std::string> migrate();
  // What `migrate` would apply; it may be absent. Changes nothing. Throws likewise.
  [[nodiscard]] std::vector<std::string> pending_migrations() const;

  // The schema's version that this program writes; a store is as many behind as it has pending.
  [[nodiscard]] static std::size_t newest_schema();

  // What keeps a person's command from reading it, in words for them, is thrown.
  void expect_readable() const;
  // What is wrong with the location itself; the empty text where nothing is.
  [[nodiscard]] std::string fault_of_location() const;
  // What a start would find: what to expect, or what stands in its way. Changes nothing.
  struct Outlook {
    std::string good;
    std::string fault;  // the empty text: none
  };
  [[nodiscard]] Outlook outlook() const;

  // How much more it can hold, where that can be told.
  struct Room {
    std::uint64_t bytes = 0;
    std::string where;  // for people
  };
  [[nodiscard]] std::optional<Room> room() const;

  // The one name of a location that may have several.
  [[nodiscard]] static std::string true_location(const std::string& location);

 private:
  struct Right;  // to write
  std::string location_;
  std::unique_ptr<Right> right_;
};

// Of an error that a reader or writer of the store met, where the store makes no sense any more or
// cannot be read or written: what is wrong, and what to do. Nothing where it is another kind of error.
[[nodiscard]] std::optional<std::string> advice_about(const Store& store,
                                                      const std::exception& error);

}  // namespace reconciled::storage
