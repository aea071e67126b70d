// SPDX-License-Identifier: BSL-1.0
// Secrets in blocks, vectors, strings and trees of wiped compositions: when all have come back,
// none is left in any byte that was ever taken from the source. 10,000 secrets, times ALLOY_SOAK.
#include <alloy/adapt/allocator.hpp>
#include <alloy/adapt/c_heap.hpp>
#include <alloy/adapt/vector.hpp>
#include <alloy/compose/magazine.hpp>
#include <alloy/compose/measured.hpp>
#include <alloy/compose/wiped.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/policy/bitmap.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/pages.hpp>

#include "support/shelf.hpp"
#include "support/unit_test.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace alloy;
using test::shelf;
using on_shelf = ref<shelf>;

namespace {

/// What secrets are made of; no address, size or index has it four times in a row.
constexpr unsigned char secret = 0xA7;
constexpr std::size_t largest = 2'000;
constexpr int secrets_a_round = 100;

/// Rounds for one of `shares` compositions, so that all together write their secrets.
int rounds(int shares) {
    const char* const factor = std::getenv("ALLOY_SOAK"); // NOLINT(concurrency-mt-unsafe)
    const int soak = factor == nullptr ? 1 : std::max(1, std::atoi(factor)); // NOLINT(cert-err34-c)
    return soak * 10'000 / secrets_a_round / shares + 1;
}

/// Places in memory where four bytes of a secret, or more, are left.
std::size_t residues(std::span<const std::byte> memory) {
    const std::array<unsigned char, 4> part{secret, secret, secret, secret};
    std::size_t found = 0;
    const void* at = memory.data();
    const auto left = [&] {
        return static_cast<std::size_t>(memory.data() + memory.size() -
                                        static_cast<const std::byte*>(at));
    };
    while ((at = ::memmem(at, left(), part.data(), part.size())) != nullptr) {
        ++found;
        at = static_cast<const std::byte*>(at) + part.size();
    }
    return found;
}

/// The memory of all that is tried here, one after the other.
std::span<std::byte> memory() {
    constexpr std::size_t bytes = std::size_t{1} << 24U;
    static void* const at = pages<>::allocate({bytes, 1});
    return {static_cast<std::byte*>(at), bytes};
}

class writer {
public:
    explicit writer(std::uint64_t seed) : random_(seed) {}

    std::size_t up_to(std::size_t n) { return 1 + random_() % n; }
    [[nodiscard]] int written() const { return written_; }

    void write(void* at, std::size_t bytes) {
        std::memset(at, secret, bytes);
        ++written_;
    }

    /// Blocks of random layouts, filled whole; resized, released one by one or many at a time.
    template <policy P>
    void blocks(P& p, layout strongest) {
        std::vector<std::pair<void*, layout>> live;
        for (int i = 0; i < secrets_a_round / 4; ++i) {
            const layout want{up_to(strongest.size),
                              std::min(std::size_t{1} << (up_to(7) - 1), strongest.align)};
            void* const at = p.allocate(want);
            BOOST_TEST_REQUIRE(at != nullptr);
            write(at, good_size(p, want));
            live.emplace_back(at, want);
            if constexpr (resizing_policy<P>) {
                const std::size_t size = up_to(strongest.size);
                if (p.resize(at, want, size)) {
                    live.back().second.size = size;
                    write(at, good_size(p, live.back().second));
                }
            }
            if (up_to(3) != 1) { release(p, live, up_to(live.size()) - 1); }
            if constexpr (trimming_policy<P>) {
                if (up_to(8) == 1) { p.trim(); }
            }
        }
        while (!live.empty()) { release(p, live, live.size() - 1); }
    }

    /// Those that move their elements, and those that do not.
    template <policy P>
    void containers(P& p) {
        using bytes = std::array<unsigned char, 40>;
        const ref<P> way = p;
        alloy::vector<unsigned char, ref<P>> row(way);
        std::vector<bytes, allocator<bytes, ref<P>>> rows(way);
        std::basic_string<char, std::char_traits<char>, allocator<char, ref<P>>> text(way);
        std::map<int, bytes, std::less<>, allocator<std::pair<const int, bytes>, ref<P>>> tree(way);
        for (int i = 0; i < secrets_a_round / 8; ++i) {
            bytes some{};
            write(some.data(), some.size());
            row.insert(row.begin(), some.begin(), some.end());
            rows.push_back(some);
            text.append(up_to(50), static_cast<char>(secret));
            tree[static_cast<int>(up_to(9))] = some;
            tree.erase(static_cast<int>(up_to(9)));
            written_ += 3;
        }
        row.resize(row.size() / 4);
        row.shrink_to_fit();
        rows.erase(rows.begin(), rows.begin() + 5);
        rows.shrink_to_fit();
        text.resize(10);
        text.shrink_to_fit();
    }

    /// What C programs do.
    template <policy P>
    void c_blocks(P& p) {
        const ref<P> way = p;
        const c_heap<ref<P>> heap(way);
        void* at = nullptr;
        for (int i = 0; i < secrets_a_round / 4; ++i) {
            const std::size_t size = up_to(largest);
            at = heap.realloc(at, size);
            BOOST_TEST_REQUIRE(at != nullptr);
            write(at, size);
        }
        heap.free(at);
    }

private:
    template <policy P>
    void release(P& p, std::vector<std::pair<void*, layout>>& live, std::size_t i) {
        const auto [at, given] = live[i];
        live[i] = live.back();
        live.pop_back();
        if constexpr (batching_policy<P>) {
            if (up_to(2) == 1) { return p.deallocate_batch(&at, 1, given); }
        }
        p.deallocate(at, {given.size + up_to(good_size(p, given) - given.size + 1) - 1,
                          given.align}); // any size that the block may come back with
    }

    std::mt19937_64 random_;
    int written_ = 0;
};

/// Residues of so many rounds, each in a `P` of its own.
template <policy P>
std::size_t left_by(int rounds, layout strongest = {largest, 64}) {
    std::size_t found = 0;
    for (int round = 0; round < rounds; ++round) {
        writer with(static_cast<std::uint64_t>(round));
        shelf source(memory());
        while (with.written() < secrets_a_round) {
            P p{source};
            with.blocks(p, strongest);
            if constexpr (max_size_v<P> > 100 * largest) {
                with.containers(p);
                with.c_blocks(p);
            }
        }
        const auto* const unused = static_cast<const std::byte*>(source.allocate({1, 1}));
        BOOST_TEST_REQUIRE(unused != nullptr);
        const auto used = memory().first(static_cast<std::size_t>(unused - memory().data()));
        BOOST_TEST_REQUIRE(test::is_ordinary(used));
        found += residues(used);
        std::memset(used.data(), 0, used.size());
    }
    return found;
}

constexpr layout node{256, 16};
using classes = linear_classes<64, 1>;
constexpr range_options range{.bytes = std::size_t{1} << 20U, .largest = std::size_t{1} << 18U};

} // namespace

BOOST_AUTO_TEST_CASE(leaves_nothing_around_a_policy) {
    const int n = rounds(14);
    BOOST_TEST(left_by<wiped<on_shelf>>(n) == 0U);
    BOOST_TEST(left_by<wiped<pool16<on_shelf>>>(n) == 0U);
    BOOST_TEST((left_by<wiped<bump<bump_options{}, on_shelf>>>(n) == 0U));
    BOOST_TEST((left_by<wiped<buddy<range, on_shelf>>>(n) == 0U));
    BOOST_TEST(left_by<wiped<measured<pool16<on_shelf>>>>(n) == 0U);
    BOOST_TEST((left_by<wiped<freelist<node, on_shelf>>>(n, node) == 0U));
    BOOST_TEST((left_by<wiped<bitmap<node, on_shelf>>>(n, node) == 0U));
    BOOST_TEST(
        (left_by<wiped<magazine<classes, bitmap<layout{64, 64}, on_shelf>>>>(n, {64, 64}) == 0U));
}

BOOST_AUTO_TEST_CASE(leaves_nothing_below_a_policy_once_that_has_ended) {
    using below = wiped<on_shelf>;
    const int n = rounds(14);
    BOOST_TEST(left_by<pool16<below>>(n) == 0U);
    BOOST_TEST((left_by<bump<bump_options{}, below>>(n) == 0U));
    BOOST_TEST((left_by<buddy<range, below>>(n) == 0U));
    BOOST_TEST((left_by<freelist<node, below, 4>>(n, node) == 0U));
    BOOST_TEST((left_by<freelist<node, below, unlimited, 16>>(n, node) == 0U));
}

BOOST_AUTO_TEST_CASE(would_find_what_is_left) {
    BOOST_TEST(left_by<on_shelf>(1) > 100U);
    BOOST_TEST(left_by<pool16<on_shelf>>(1) > 100U);
    BOOST_TEST((left_by<bitmap<node, on_shelf>>(1, node) > 100U));
}
