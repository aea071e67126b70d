// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::for_each_failure`: runs code with each of its requests refused in turn.
///
///     run      1: x o o o ...   2: x x x x ...   3: o x o o ...   4: o x x x ...   ...   o o o o o
///     refuses  the 1st alone    and all later    the 2nd alone    and all later          nothing
///
/// After each run all that was taken must have come back, as it was taken. What this finds is code
/// that changes its lists before it knows that there is memory, or keeps half of what it took.
///
/// Choose it for policies, allocators, resources, and what uses them. Avoid it where the requests
/// of a run are not the same each time, or are many: n requests are 2n + 1 runs.

#include <alloy/check/report.hpp>
#include <alloy/check/through_allocator.hpp>
#include <alloy/compose/failing.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/source/new.hpp>

#include <concepts>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

namespace alloy::inline ALLOY_ABI {

namespace detail {

/// Lends memory of operator new, keeps books, and closes them when it ends.
class audit {
public:
    static constexpr std::size_t max_align = any_align;

    /// @param run Says in a report what was going on.
    audit(report& found, std::string run) : found_(found), run_(std::move(run)) {}

    audit(const audit&) = delete;
    audit& operator=(const audit&) = delete;

    /// Reports what never came back, and frees it.
    ~audit() {
        std::size_t bytes = 0;
        for (const auto& [at, want] : live_) {
            bytes += want.size;
            new_source::deallocate(at, want);
        }
        found_.expect(live_.empty(), "leak", run_, live_.size(), " blocks never came back, ", bytes,
                      " bytes");
    }

    [[nodiscard]] void* allocate(layout want) noexcept {
        void* const at = new_source::allocate(want);
        if (at != nullptr) { live_.emplace(at, want); }
        return at;
    }

    void deallocate(void* at, layout given) noexcept {
        const auto found = live_.find(at);
        const bool known = found != live_.end();
        if (!found_.expect(known, "release", run_, "what came back is not out: ", at)) { return; }
        found_.expect(found->second == given, "release", run_, "a block for ", found->second,
                      " came back as ", given);
        new_source::deallocate(at, found->second);
        live_.erase(found);
    }

private:
    report& found_;
    std::string run_;
    std::map<void*, layout> live_;
};

} // namespace detail

/// What the code under test takes its memory from; `ref` makes it an upstream, an allocator's
/// handle, or a resource's.
using failing_source = failing<ref<detail::audit>>;

/// What for_each_failure() found.
struct failure_report : report {
    std::size_t points = 0; ///< Requests that were refused, each in two runs.
};

namespace detail {

/// @return True if the run came to what `plan` refuses.
template <class F>
bool runs_into(const failure_plan& plan, F& f, report& found) {
    const std::string run = "request " + std::to_string(plan.first) +
                            (plan.last == plan.first ? " refused: " : " and later ones refused: ");
    audit books(found, run);
    failing_source memory(books);
    memory.fail(plan);
    const ending end = ending_of([&] { f(memory); });
    const bool refused = memory.failures() > 0;
    found.expect(end != ending::something_else, "exceptions", run,
                 "it threw something that is no std::bad_alloc");
    found.expect(refused || end == ending::value || end == ending::something_else, "exhaustion",
                 "it threw std::bad_alloc, though no request was refused");
    return refused;
}

} // namespace detail

/// Runs `f` with its first request refused, alone and then with all later ones; with its second;
/// and so on, until nothing is left to refuse.
///
/// @param f `f(memory)`, where `memory` is a failing_source& for this run alone. It makes what is
///          tested over `ref{memory}`, and ends it; may end by std::bad_alloc, where a request was
///          refused.
/// @return  What is broken: "leak", "release" of what is not out or with another layout,
///          "exhaustion" and "exceptions" for what it threw, "service" if it never made a request.
/// @threads None: all requests of a run come from one thread at a time.
/// @source  "OOM testing" of SQLite (D. R. Hipp, "How SQLite Is Tested", section 3.1).
template <std::invocable<failing_source&> F>
[[nodiscard]] failure_report for_each_failure(F f) {
    failure_report found;
    for (std::size_t n = 1;; ++n) {
        if (!detail::runs_into(failure_plan::only(n), f, found)) { break; }
        detail::runs_into(failure_plan::from(n), f, found);
        found.points = n;
    }
    found.expect(found.points > 0, "service", "it made no request");
    return found;
}

} // namespace alloy::inline ALLOY_ABI
