// A consistent copy of a database, made while it is written, and putting one in its place.
#pragma once

#include <string>

namespace reconciled::storage {

// Copies what is committed now into `file`, readable like the database; `file` must not exist. The
// copy is written beside it, synced, looked through by SQLite, and only then gets its name: what has
// the name is whole. A reader holds the state meanwhile, and the WAL grows by what is written. Throws
// std::runtime_error with what to do; nothing is left behind then.
void back_up(const std::string& path, const std::string& file);

// Puts a copy of `file` in the place of the database, and moves what was there aside, with its -wal.
// At every moment the name has one of both, whole. The caller holds the right to write, and no
// connection. Gives the name of what was there; empty where nothing was. Throws std::runtime_error
// where the file is no good copy, or the program is older than it; nothing is changed then.
//
// The versions of payments go on far above all that were given: the shop's backend ignores lower ones
// than it has seen, and the copy does not know how far they were.
std::string put_back(const std::string& path, const std::string& file);

}  // namespace reconciled::storage
