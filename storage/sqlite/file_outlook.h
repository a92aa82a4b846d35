// What a database file and its folder are to a person: for commands, checks and warnings.
#pragma once

#include "storage/store.h"

namespace reconciled::storage {

// As Store has them.
void expect_readable_file(const std::string& path);
[[nodiscard]] std::string fault_of_path(const std::string& path);
[[nodiscard]] Store::Outlook outlook_of_file(const std::string& path);
[[nodiscard]] std::optional<Store::Room> room_beside(const std::string& path);
[[nodiscard]] std::string folder_of(const std::string& path);
// Where SQLite has its -wal: beside the file itself, not beside a link to it.
[[nodiscard]] std::string true_path(const std::string& path);

}  // namespace reconciled::storage
