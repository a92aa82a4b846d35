// A history's pieces as they come over the wire and out of PortOne's answers: real bodies, signed
// and classified by the real code, for the real storage.
#pragma once

#include "storage/records.h"
#include "tests/simulator/history.h"

namespace reconciled::simulator {

// The webhook or redirect of that piece, as the listeners hand it to the writer. The newest copy,
// number 0, arrives when the piece's fact says; older ones came before it.
[[nodiscard]] storage::NewEvent arrival_of(const World& world, const Piece& piece, int copy);

// The answer to the look-up of that number, from the pieces that are held.
[[nodiscard]] storage::LookupReport report_of(const History& history, int look_up,
                                              const std::vector<int>& held);

}  // namespace reconciled::simulator
