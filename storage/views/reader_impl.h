// The reader's connection, shared by its sources; private to this folder.
#pragma once

#include "storage/sqlite/session.h"
#include "storage/views/reader.h"

namespace reconciled::storage {

struct Reader::Impl {
  explicit Impl(const std::string& path) : session(path, Session::Mode::kReadOnly, 2'000) {}
  Session session;
};

}  // namespace reconciled::storage
