// SPDX-License-Identifier: BSL-1.0
#include <alloy/adapt/shared.hpp>
#include <alloy/core/around.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/source/new.hpp>

#include "support/unit_test.hpp"

#include <array>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace alloy;

namespace {

/// What happened, in order: "who: what size align address number".
std::vector<std::string> events; // NOLINT: what an advice sees must be seen from outside

std::string line(const char* what, layout asked = {0, 0}, const void* at = nullptr,
                 std::size_t n = 0) {
    return std::string(what) + ' ' + std::to_string(asked.size) + ' ' +
           std::to_string(asked.align) + ' ' + std::to_string(detail::address(at)) + ' ' +
           std::to_string(n);
}

void happened(const std::string& who, const std::string& event) {
    events.push_back(who + ": " + event);
}

enum ability : unsigned {
    rounding = 1,
    resizing = 2,
    batching = 4,
    zeroing = 8,
    measuring = 16,
    trimming = 32,
    owning = 64,
    resettable = 128,
    marking = 256,
    all = 511,
};

int block = 0; // what every allocation returns

/// A policy with the abilities whose bits are set; tells what it was asked, and answers something
/// that could not be by chance.
template <unsigned Abilities>
struct recorder {
    static constexpr std::size_t max_align = 32;
    static constexpr std::size_t max_size = 4'096;
    static constexpr bool zero_fresh = true;
    static constexpr bool migratory = true;
    static constexpr bool thread_safe = true;

    void* allocate(layout want) noexcept {
        happened("upstream", line("allocate", want));
        return &block;
    }
    void deallocate(void* at, layout given) noexcept {
        happened("upstream", line("deallocate", given, at));
    }
    std::size_t good_size(layout want) const noexcept
        requires(bool(Abilities& rounding))
    {
        happened("upstream", line("good_size", want));
        return want.size + 1;
    }
    bool resize(void* at, layout given, std::size_t size) noexcept
        requires(bool(Abilities& resizing))
    {
        happened("upstream", line("resize", given, at, size));
        return true;
    }
    std::size_t allocate_batch(layout want, void** out, std::size_t n) noexcept
        requires(bool(Abilities& batching))
    {
        happened("upstream", line("allocate_batch", want, out, n));
        return n - 1;
    }
    void deallocate_batch(void* const* in, std::size_t n, layout given) noexcept
        requires(bool(Abilities& batching))
    {
        happened("upstream", line("deallocate_batch", given, in, n));
    }
    void* allocate_zeroed(layout want) noexcept
        requires(bool(Abilities& zeroing))
    {
        happened("upstream", line("allocate_zeroed", want));
        return &block;
    }
    std::size_t usable_size(const void* at) const noexcept
        requires(bool(Abilities& measuring))
    {
        happened("upstream", line("usable_size", {0, 0}, at));
        return 77;
    }
    std::size_t trim() noexcept
        requires(bool(Abilities& trimming))
    {
        happened("upstream", line("trim"));
        return 88;
    }
    bool owns(const void* at) const noexcept
        requires(bool(Abilities& owning))
    {
        happened("upstream", line("owns", {0, 0}, at));
        return true;
    }
    void reset() noexcept
        requires(bool(Abilities& resettable))
    {
        happened("upstream", line("reset"));
    }
    int mark() noexcept
        requires(bool(Abilities& marking))
    {
        happened("upstream", line("mark"));
        return 99;
    }
    void rewind(int to) noexcept
        requires(bool(Abilities& marking))
    {
        happened("upstream", line("rewind", {0, 0}, nullptr, static_cast<std::size_t>(to)));
    }
};

/// Tells what it was asked, and goes on.
struct watching {
    template <class Op, class Proceed>
    decltype(auto) operator()(Op operation, Proceed proceed) noexcept {
        tell(operation);
        return proceed();
    }

private:
    static void tell(op::allocate o) { happened("advice", line("allocate", o.want)); }
    static void tell(op::deallocate o) { happened("advice", line("deallocate", o.given, o.at)); }
    static void tell(op::resize o) { happened("advice", line("resize", o.given, o.at, o.size)); }
    static void tell(op::allocate_batch o) {
        happened("advice", line("allocate_batch", o.want, o.out, o.n));
    }
    static void tell(op::deallocate_batch o) {
        happened("advice", line("deallocate_batch", o.given, o.in, o.n));
    }
    static void tell(op::allocate_zeroed o) { happened("advice", line("allocate_zeroed", o.want)); }
    static void tell(op::usable_size o) { happened("advice", line("usable_size", {0, 0}, o.at)); }
    static void tell(op::owns o) { happened("advice", line("owns", {0, 0}, o.at)); }
    static void tell(op::trim) { happened("advice", line("trim")); }
    static void tell(op::reset) { happened("advice", line("reset")); }
    static void tell(op::mark) { happened("advice", line("mark")); }
    static void tell(op::rewind<int> o) {
        happened("advice", line("rewind", {0, 0}, nullptr, static_cast<std::size_t>(o.to)));
    }
};

/// The abilities that a policy has, as bits.
template <policy P>
constexpr unsigned abilities_of() {
    return (rounding_policy<P> ? rounding : 0U) | (resizing_policy<P> ? resizing : 0U) |
           (batching_policy<P> ? batching : 0U) | (zeroing_policy<P> ? zeroing : 0U) |
           (measuring_policy<P> ? measuring : 0U) | (trimming_policy<P> ? trimming : 0U) |
           (owning_policy<P> ? owning : 0U) | (resettable_policy<P> ? resettable : 0U) |
           (marking_policy<P> ? marking : 0U);
}

constexpr unsigned for_the_owner_alone = owning | resettable | marking;

/// A layer has the very set of abilities that its upstream has, a handle those that are not the
/// owner's alone. What is absent upstream is absent here.
template <unsigned Set>
constexpr bool exact = abilities_of<recorder<Set>>() == Set &&
                       abilities_of<around<watching, recorder<Set>>>() == Set &&
                       abilities_of<ref<recorder<Set>>>() == (Set & ~for_the_owner_alone) &&
                       abilities_of<global<recorder<Set>>>() == (Set & ~for_the_owner_alone) &&
                       abilities_of<shared<recorder<Set>>>() == (Set & ~for_the_owner_alone);

static_assert(exact<0> && exact<all>);
static_assert([]<unsigned... Bit>(std::integer_sequence<unsigned, Bit...>) {
    return ((exact<1U << Bit> && exact < all & ~(1U << Bit) >) && ...);
}(std::make_integer_sequence<unsigned, 9>{}));

using watched = around<watching, recorder<all>>;
static_assert(!std::copy_constructible<watched> && !std::movable<watched>);
static_assert(!handle_policy<watched>, "a layer holds its upstream: it is a place, no handle");
static_assert(watched::max_align == 32 && max_size_v<watched> == 4'096 && zero_fresh_v<watched> &&
              migratory_v<watched> && thread_safe_v<watched> && !single_threaded_v<watched>);

struct bare {
    static constexpr std::size_t max_align = 8;
    void* allocate(layout) noexcept { return nullptr; }
    void deallocate(void*, layout) noexcept {}
};
static_assert(abilities_of<around<watching, bare>>() == 0);
static_assert(!thread_safe_v<around<watching, bare>> && !zero_fresh_v<around<watching, bare>> &&
              !migratory_v<around<watching, bare>> && !single_threaded_v<around<watching, bare>> &&
              max_size_v<around<watching, bare>> == any_size);

struct claiming : watching {
    static constexpr bool thread_safe = true;
    static constexpr bool single_threaded = true;
};
struct disclaiming : watching {
    static constexpr bool thread_safe = false;
};
static_assert(thread_safe_v<around<claiming, bare>> && single_threaded_v<around<claiming, bare>>);
static_assert(!thread_safe_v<around<disclaiming, recorder<0>>>);
static_assert(thread_safe_v<around<watching, around<claiming, bare>>>, "through two layers");

struct nothing {
    template <class Op, class Proceed>
    decltype(auto) operator()(Op, Proceed proceed) noexcept {
        return proceed();
    }
};
static_assert(sizeof(around<nothing, new_source>) == 1, "neither is stored");
static_assert(std::is_nothrow_default_constructible_v<around<nothing, new_source>>);
constinit around<nothing, new_source> before_main; // construction acquires nothing

/// Refuses what it can refuse and lets go what comes back.
struct refusing {
    template <class Proceed>
    void* operator()(op::allocate, Proceed) noexcept {
        return nullptr;
    }
    template <class Proceed>
    void* operator()(op::allocate_zeroed, Proceed) noexcept {
        return nullptr;
    }
    template <class Proceed>
    std::size_t operator()(op::allocate_batch, Proceed) noexcept {
        return 0;
    }
    template <class Proceed>
    bool operator()(op::resize, Proceed) noexcept {
        return false;
    }
    template <class Op, class Proceed>
    decltype(auto) operator()(Op, Proceed proceed) noexcept {
        return proceed();
    }
};

/// Stands around another layer.
struct outer {
    template <class Op, class Proceed>
    decltype(auto) operator()(Op, Proceed proceed) noexcept {
        events.push_back("outer");
        return proceed();
    }
};

/// Lets two requests pass.
struct third_refuser {
    int left = 2;
    template <class Op, class Proceed>
    decltype(auto) operator()(Op, Proceed proceed) noexcept {
        if constexpr (std::same_as<Op, op::allocate>) {
            if (left-- == 0) { return static_cast<void*>(nullptr); }
        }
        return proceed();
    }
};

/// Has no default constructor, and cannot be copied.
struct lender {
    static constexpr std::size_t max_align = 4;
    explicit lender(int* at) noexcept : at_(at) {}
    lender(const lender&) = delete;
    void* allocate(layout) noexcept { return at_; }
    void deallocate(void*, layout) noexcept {}

private:
    int* at_;
};

/// Runs `call`, and expects `event` to have happened once to each of `who`, in that order.
template <class Call>
void expect(const std::string& event, std::vector<std::string> who, Call call) {
    events.clear();
    call();
    std::vector<std::string> expected;
    for (const std::string& each : who) { expected.push_back(each + ": " + event); }
    BOOST_TEST(events == expected, boost::test_tools::per_element());
}

/// Every operation that a user may call: arrives once at each of `who`, with the right arguments,
/// and what upstream answers comes back.
template <class P>
void forwards_to_users(P& p, const std::vector<std::string>& who) {
    int at = 0;
    std::array<void*, 3> blocks{};
    const auto address = [](const auto* of) { return static_cast<const void*>(of); };
    expect(line("allocate", {24, 8}), who, [&] { BOOST_TEST(p.allocate({24, 8}) == &block); });
    expect(line("deallocate", {25, 4}, &at), who, [&] { p.deallocate(&at, {25, 4}); });
    expect(line("good_size", {9, 2}), {"upstream"},
           [&] { BOOST_TEST(p.good_size({9, 2}) == 10U); });
    expect(line("resize", {26, 16}, &at, 39), who,
           [&] { BOOST_TEST(p.resize(&at, {26, 16}, 39)); });
    expect(line("allocate_batch", {27, 1}, address(blocks.data()), 3), who,
           [&] { BOOST_TEST(p.allocate_batch({27, 1}, blocks.data(), 3) == 2U); });
    expect(line("deallocate_batch", {28, 2}, address(blocks.data()), 3), who,
           [&] { p.deallocate_batch(blocks.data(), 3, {28, 2}); });
    expect(line("allocate_zeroed", {29, 4}), who,
           [&] { BOOST_TEST(p.allocate_zeroed({29, 4}) == &block); });
    expect(line("usable_size", {0, 0}, &at), who, [&] { BOOST_TEST(p.usable_size(&at) == 77U); });
    expect(line("trim"), who, [&] { BOOST_TEST(p.trim() == 88U); });
}

/// And every operation that is the owner's.
template <class P>
void forwards_to_its_owner(P& p, const std::vector<std::string>& who) {
    int at = 0;
    expect(line("owns", {0, 0}, &at), who, [&] { BOOST_TEST(p.owns(&at)); });
    expect(line("reset"), who, [&] { p.reset(); });
    expect(line("mark"), who, [&] { BOOST_TEST(p.mark() == 99); });
    expect(line("rewind", {0, 0}, nullptr, 98), who, [&] { p.rewind(98); });
}

} // namespace

BOOST_AUTO_TEST_CASE(passes_every_operation_once_through_the_advice_and_once_upstream) {
    watched layer;
    forwards_to_users(layer, {"advice", "upstream"});
    forwards_to_its_owner(layer, {"advice", "upstream"});
}

BOOST_AUTO_TEST_CASE(stacks_with_the_outer_advice_first) {
    around<outer, watched> layer;
    events.clear();
    BOOST_TEST(layer.trim() == 88U);
    BOOST_TEST_REQUIRE(events.size() == 3U);
    BOOST_TEST(events[0] == "outer");
    BOOST_TEST(events[1] == "advice: " + line("trim"));
    BOOST_TEST(events[2] == "upstream: " + line("trim"));
}

BOOST_AUTO_TEST_CASE(lets_an_advice_refuse_without_a_word_to_its_upstream) {
    around<refusing, recorder<all>> layer;
    int at = 0;
    void* out = nullptr;
    events.clear();
    BOOST_TEST(layer.allocate({8, 8}) == nullptr);
    BOOST_TEST(layer.allocate_zeroed({8, 8}) == nullptr);
    BOOST_TEST(layer.allocate_batch({8, 8}, &out, 1) == 0U);
    BOOST_TEST(!layer.resize(&at, {8, 8}, 9));
    BOOST_TEST(events.empty());
    expect(line("deallocate", {8, 8}, &at), {"upstream"}, [&] { layer.deallocate(&at, {8, 8}); });
    expect(line("trim"), {"upstream"}, [&] { BOOST_TEST(layer.trim() == 88U); });
}

BOOST_AUTO_TEST_CASE(constructs_its_upstream_in_place_and_lets_an_advice_keep_state) {
    int lent = 0;
    around<third_refuser, lender> layer{&lent};
    BOOST_TEST(layer.allocate({4, 4}) == &lent);
    BOOST_TEST(layer.allocate({4, 4}) == &lent);
    BOOST_TEST(layer.allocate({4, 4}) == nullptr);
    before_main.deallocate(before_main.allocate({8, 8}), {8, 8});
}

BOOST_AUTO_TEST_CASE(reaches_the_same_policy_through_every_handle) {
    recorder<all> policy;
    const ref<recorder<all>> by_ref{policy};
    forwards_to_users(by_ref, {"upstream"});
    const global<recorder<all>> everywhere;
    forwards_to_users(everywhere, {"upstream"});
    const auto counted = shared<recorder<all>>::make();
    forwards_to_users(counted, {"upstream"});
}

BOOST_AUTO_TEST_CASE(passes_through_a_handle_into_a_layer) {
    watched layer;
    const ref<watched> handle{layer};
    forwards_to_users(handle, {"advice", "upstream"});
}
