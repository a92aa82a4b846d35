// Marks: what must happen at least once while the simulators run, or they try nothing.
//
// A mark is one line where it happens. It counts in builds with RECONCILED_MARKS (those of the
// tests) and is nothing in others. The simulators read the counts: a mark that was never hit fails.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

// All of them, and what they say.
#define RECONCILED_MARK_LIST(X)                                                             \
  X(kStepBackSuspected, "an answer that fell behind was held for suspect")                  \
  X(kStepBackConfirmed, "a step backwards was confirmed")                                   \
  X(kStepBackRefuted, "the answer after a suspect one went forward")                        \
  X(kOlderByItsOwnWord, "an answer called itself older than the one before")                \
  X(kNoSecondAnswer, "a repetition within one look-up confirmed nothing")                   \
  X(kPaidAfterCancel, "a cancelled attempt was paid again")                                 \
  X(kApprovedAfterFailure, "a failed attempt was approved later")                           \
  X(kDisputeCarriedOver, "a dispute lived through an answer that cannot carry it")          \
  X(kV2OnlyNames, "V2's answer about a V1 attempt only named it")                           \
  X(kOtherViewIsNewer, "V2's newer view put a V1 attempt in doubt")                         \
  X(kUnjudgedAskedAbout, "a V1 attempt that only V2 told of was asked about")               \
  X(kBoundElsewhere, "an attempt belonged to another payment")                              \
  X(kWaitsForWebhook, "an unannounced attempt counted for less")                            \
  X(kAnnounced, "a webhook announced what PortOne's answer said")                           \
  X(kHeldByFinding, "an open finding held the goods")                                       \
  X(kResolutionLiftedHold, "a person's resolution lifted a hold")                           \
  X(kUnverified, "an unregistered payment was deliverable")                                 \
  X(kIdentityMismatch, "a signed webhook named another payment's attempt")                  \
  X(kRedirectContradicts, "a redirect contradicted the result")                             \
  X(kDoublePayment, "two attempts of a payment were paid")                                  \
  X(kLastOffsetRepeats, "the schedule's last step was repeated")                            \
  X(kScheduleOver, "the schedule had no further step")                                      \
  X(kLongestBackOff, "the back-off came to its longest")                                    \
  X(kBegunByAnswer, "a changed answer began the schedule anew")                             \
  X(kBegunByEvent, "an event began the schedule anew")                                      \
  X(kDoubtAskedAtOnce, "a doubtful answer was asked about at once")                         \
  X(kPlanForgotten, "a plan was done with")                                                 \
  X(kFailingPlanKept, "a decided payment was asked on because its look-up failed")          \
  X(kPlanWaitsForItsApi, "a plan waited for an API that is not configured")                 \
  X(kAskingEnded, "nothing more was planned for an open payment")                           \
  X(kScheduleDone, "the whole schedule was asked once")                                     \
  X(kUnreadableForLong, "answers could not be read for long enough to tell")                \
  X(kReadableAgain, "an answer could be read again")                                        \
  X(kAskedOnForWebhook, "an unknown thing was asked on because a webhook named it")         \
  X(kRetryAfterHeeded, "Retry-After was heeded")                                            \
  X(kHastened, "what a list told hastened a plan")                                          \
  X(kFoundByList, "a list told of something that nothing was planned for")                  \
  X(kPlansShifted, "plans moved along with the clock")                                      \
  X(kClockBehindAtStart, "a start found the clock set back")                                \
  X(kCopyIsNews, "a copy came back into the inbox")                                         \
  X(kCopyOutranAnswer, "a copy came while an older one was being asked about")              \
  X(kAnswerCoversEvent, "an answer covered an event with all its copies")                   \
  X(kRedirectFoundOwner, "an event without a payment found it by its attempt")              \
  X(kFirstDecisionIsLast, "an event nobody can be asked about was decided once")            \
  X(kStrangerLeftUnplanned, "no plan was made for what a redirect alone named")             \
  X(kUnshownAskedByName, "an attempt that V2 did not show was asked for by name")           \
  X(kAttemptGotItsOrder, "an attempt was found and is asked about by its order")            \
  X(kWebhookOverdue, "a webhook was overdue")                                               \
  X(kConfigurationChanged, "a start brought another configuration")                         \
  X(kConfigurationNoted, "a decision changed nothing but its configuration")                \
  X(kFindingClosed, "evidence closed a finding")                                            \
  X(kAttemptDropped, "an attempt left a payment that had claimed it")                       \
  X(kMarkDecidedAtOnce, "a timer's mark was decided on at once")                            \
  X(kAnswerRepeated, "an unchanged answer was counted on the first")                        \
  X(kSuspectOfCrash, "an event was suspected of a crash")                                   \
  X(kTriedAlone, "an event was tried alone")                                                \
  X(kOrderConflict, "an order was changed too late")                                        \
  X(kOrderWithdrawn, "an order was withdrawn")                                              \
  X(kSimKilledBetweenWrites, "the daemon died between two writes")                          \
  X(kSimAnswerLost, "a stop lost an answer in flight")                                      \
  X(kSimWantedInFlight, "evidence came while its look-up was in flight")                    \
  X(kSimRefused, "a webhook came for an API that is not configured")                        \
  X(kSimFoundByOrder, "an attempt was found by its order alone")                            \
  X(kSimAboutAnother, "PortOne answered about something else")                              \
  X(kSimSideFailed, "a side question failed")                                               \
  X(kSimRowSetAside, "an odd row of many was set aside")                                    \
  X(kSimOddRowOfOurs, "an odd row of a list was asked about by itself")                     \
  X(kSimSweepReachedBack, "a sweep's mark of the future was not believed")

namespace reconciled::core {

#define RECONCILED_MARK_NAME(name, sentence) name,
enum class Mark : std::size_t { RECONCILED_MARK_LIST(RECONCILED_MARK_NAME) kCount };
#undef RECONCILED_MARK_NAME

inline constexpr std::size_t kMarks = static_cast<std::size_t>(Mark::kCount);

[[nodiscard]] constexpr std::string_view to_sentence(Mark mark) {
#define RECONCILED_MARK_SENTENCE(name, sentence) sentence,
  constexpr std::array<std::string_view, kMarks> sentences{
      RECONCILED_MARK_LIST(RECONCILED_MARK_SENTENCE)};
#undef RECONCILED_MARK_SENTENCE
  return sentences.at(static_cast<std::size_t>(mark));
}

// How often each was hit, in this process.
inline std::array<std::atomic<std::uint64_t>, kMarks> mark_counts;

inline void hit(Mark mark) {
  mark_counts.at(static_cast<std::size_t>(mark)).fetch_add(1, std::memory_order_relaxed);
}

}  // namespace reconciled::core

// `if` the condition holds, where one is given.
#ifdef RECONCILED_MARKS
#define RECONCILED_MARK(name) ::reconciled::core::hit(::reconciled::core::Mark::name)
#define RECONCILED_MARK_IF(condition, name) \
  ((condition) ? RECONCILED_MARK(name) : static_cast<void>(0))
#else
#define RECONCILED_MARK(name) static_cast<void>(0)
#define RECONCILED_MARK_IF(condition, name) static_cast<void>(0)
#endif
