// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::model::fiber`: a stack of its own, entered and left by hand.
///
/// Threads of the model take turns at every step; fibers do so in one thread of the system, in the
/// same order each time. The sanitizers are told whose stack it is.

#include <alloy/core/config.hpp>

#include <array>
#include <cstddef>

#include <ucontext.h>

#if defined(ALLOY_HAS_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
/// A fiber may be left for good in the middle: frames kept elsewhere would never be given back. Not
/// inline, since the runtime has a weak one; a test is one translation unit.
extern "C" const char* __asan_default_options() { // NOLINT
    return "detect_stack_use_after_return=0:allocator_may_return_null=1";
}
#endif

#if defined(__SANITIZE_THREAD__)
#define ALLOY_MODEL_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ALLOY_MODEL_TSAN 1
#endif
#endif
#if defined(ALLOY_MODEL_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

namespace alloy::test::model {

/// What runs on a stack. A default one, never started, stands for whoever switches first.
class fiber {
public:
    fiber() { ::getcontext(&context_); }
    fiber(const fiber&) = delete;
    fiber& operator=(const fiber&) = delete;
    ~fiber() { forget(); }

    /// Gets ready to call `run` at the next switch to it; whatever it was doing is dropped.
    /// @pre `run` does not return: it switches away.
    void start(void (*run)()) {
        forget();
#if defined(ALLOY_HAS_ASAN)
        bottom_ = stack_.data();
        size_ = stack_.size();
#endif
#if defined(ALLOY_MODEL_TSAN)
        tsan_ = __tsan_create_fiber(0);
#endif
        run_ = run;
        context_.uc_stack.ss_sp = stack_.data();
        context_.uc_stack.ss_size = stack_.size();
        ::makecontext(&context_, enter, 0);
    }

    /// Goes on in `to`; comes back when somebody switches to this one. @pre This one runs.
    void switch_to(fiber& to) {
        last_ = this;
        next_ = &to;
#if defined(ALLOY_HAS_ASAN)
        void* frames = nullptr;
        __sanitizer_start_switch_fiber(&frames, to.bottom_, to.size_);
#endif
#if defined(ALLOY_MODEL_TSAN)
        if (tsan_ == nullptr) { tsan_ = __tsan_get_current_fiber(); }
        __tsan_switch_to_fiber(to.tsan_, 0);
#endif
        ::swapcontext(&context_, &to.context_);
#if defined(ALLOY_HAS_ASAN)
        arrive(frames);
#endif
    }

private:
    static void enter() {
#if defined(ALLOY_HAS_ASAN)
        arrive(nullptr);
#endif
        next_->run_();
    }

#if defined(ALLOY_HAS_ASAN)
    static void arrive(void* frames) {
        __sanitizer_finish_switch_fiber(frames, &last_->bottom_, &last_->size_);
    }
    const void* bottom_ = nullptr;
    std::size_t size_ = 0;
#endif

    void forget() {
#if defined(ALLOY_HAS_ASAN)
        ASAN_UNPOISON_MEMORY_REGION(stack_.data(), stack_.size()); // frames that were left
#endif
#if defined(ALLOY_MODEL_TSAN)
        if (run_ != nullptr) { __tsan_destroy_fiber(tsan_); }
#endif
        run_ = nullptr;
    }

    static inline fiber* last_ = nullptr;
    static inline fiber* next_ = nullptr;

    void (*run_)() = nullptr;
    ucontext_t context_{};
#if defined(ALLOY_MODEL_TSAN)
    void* tsan_ = nullptr;
#endif
    alignas(64) std::array<std::byte, std::size_t{128} * 1'024> stack_;
};

} // namespace alloy::test::model
