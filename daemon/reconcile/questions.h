// What PortOne is asked about an event or a payment, and which of its APIs answers it.
//
// Pure; the reconciler and the simulator's daemon ask by these rules.
#pragma once

#include <vector>

#include "storage/records.h"
#include "storage/reader.h"

namespace reconciled {

// Whether the API that answers this question is configured; otherwise its look-ups wait.
[[nodiscard]] bool may_ask(const storage::Question& question, storage::Askable askable);

// V1 is asked by attempt where one is named, which proves the pair; otherwise by order. None where
// no API that may know of the event is configured.
[[nodiscard]] std::vector<storage::Question> questions_about(const storage::InboxEvent& event,
                                                             storage::Askable askable);

// About a payment as a whole: what is planned for it, and where that asks about single attempts at
// most, what each API knows of it.
[[nodiscard]] std::vector<storage::Question> questions_about(
    const core::PaymentId& payment_id, std::vector<storage::Question> planned,
    storage::Askable askable);

// One look-up answers both: `known` takes over what `more` adds.
void join(storage::Question& known, const storage::Question& more);

}  // namespace reconciled
