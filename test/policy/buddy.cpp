// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp"

#include <alloy/policy/buddy.hpp>
#include <alloy/source/buffer.hpp>

#include "support/conformance.hpp"
#include "support/extent_laws.hpp"
#include "support/interrupted.hpp"
#include "support/probe.hpp"
#include "support/resident.hpp"
#include "support/shelf.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace alloy;
using test::ledger;
using test::probe;

namespace {

constexpr test::extent_manner halves{.runs_start_at_granted = true, .knows_runs = true};
constexpr std::size_t gap = detail::redzone;

/// 1000 units, which is no power of two.
template <policy Upstream>
using thousand = buddy<range_options{.bytes = 64000, .unit = 64, .align = 4096}, Upstream>;

/// Bytes of address space that this process has.
std::size_t address_space() {
    std::size_t pages = 0;
    std::ifstream{"/proc/self/statm"} >> pages;
    return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// A file that holds a buddy of 64-byte units: its metadata, then its range.
class heap_file {
public:
    static constexpr std::uint32_t units = 1000;

    explicit heap_file(const std::string& path) {
        const int file = ::open(path.c_str(), O_RDWR | O_CREAT, 0600);
        BOOST_TEST_REQUIRE(file >= 0);
        BOOST_TEST_REQUIRE(::ftruncate(file, bytes) == 0);
        map_ = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        ::close(file);
        BOOST_TEST_REQUIRE(map_ != MAP_FAILED);
    }
    heap_file(const heap_file&) = delete;
    heap_file& operator=(const heap_file&) = delete;

    /// Closes the file and keeps others away from where it was.
    ~heap_file() { ::mmap(map_, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0); }

    [[nodiscard]] std::span<std::uint32_t> words() const {
        return {static_cast<std::uint32_t*>(map_), metadata};
    }
    [[nodiscard]] std::byte* unit(std::uint32_t at) const {
        return static_cast<std::byte*>(map_) + metadata * 4 + at * std::size_t{64};
    }

private:
    static constexpr std::size_t metadata = buddy_extent::metadata_words(units);
    static constexpr std::size_t bytes = metadata * 4 + units * std::size_t{64};

    void* map_;
};

} // namespace

static_assert(extent<buddy_extent>);
static_assert(buddy_extent::metadata_words(1) == 1 && buddy_extent::metadata_words(16) == 8 &&
                  buddy_extent::metadata_words(17) == 16,
              "two bytes a unit of the whole tree");
static_assert(buddy_extent::metadata_words(std::uint32_t{1} << 31U) == std::size_t{1} << 30U);
static_assert(buddy_extent::longest(1) == 1 && buddy_extent::longest(1000) == 512);
static_assert(buddy_extent::granted(5, 1) == 8 && buddy_extent::granted(5, 16) == 16 &&
              buddy_extent::granted(8, 2) == 8 && buddy_extent::granted(1, 1) == 1);
static_assert(buddy_extent::granted(UINT32_MAX, 1) == UINT32_MAX, "nothing overflows");

static_assert(policy<buddy<>> && rounding_policy<buddy<>>);
static_assert(!owning_policy<buddy<>>, "pages cannot tell their own");
static_assert(owning_policy<thousand<buffer>>);
static_assert(trimming_policy<buddy<>> && !trimming_policy<thousand<buffer>>,
              "where upstream can do without a part of the range");
static_assert(!resizing_policy<buddy<>> && !batching_policy<buddy<>> && !zeroing_policy<buddy<>> &&
              !resettable_policy<buddy<>> && !marking_policy<buddy<>> &&
              !measuring_policy<buddy<>>);
static_assert(!thread_safe_v<buddy<>> && !zero_fresh_v<buddy<>> && !migratory_v<buddy<>>);
static_assert(!std::copy_constructible<buddy<>> && !std::movable<buddy<>>);

constinit buddy<> before_main; // construction acquires nothing

BOOST_AUTO_TEST_CASE(agrees_with_a_model_for_any_number_of_units) {
    for (const std::uint32_t units :
         {1U, 2U, 3U, 4U, 5U, 7U, 8U, 9U, 31U, 32U, 33U, 63U, 64U, 65U, 100U, 1000U, 4097U}) {
        test::extent_laws<buddy_extent, halves>(units);
    }
}

BOOST_AUTO_TEST_CASE(agrees_with_a_model_on_every_sequence_of_eight_over_sixteen_leaves) {
    test::every_sequence<buddy_extent, halves>(16, 8, 1);
}

BOOST_AUTO_TEST_CASE(agrees_with_a_model_on_every_sequence_of_six_over_any_few_leaves) {
    for (const std::uint32_t units : {11U, 12U, 13U, 15U}) {
        test::every_sequence<buddy_extent, halves>(units, 6, 16);
    }
}

BOOST_AUTO_TEST_CASE(divides_up_to_two_to_the_31_units) {
    constexpr std::uint32_t most = std::uint32_t{1} << 31U;
    // Mostly untouched, as the metadata of a vast range is: 4 GiB of addresses, a few pages.
    constexpr layout words{buddy_extent::metadata_words(most) * 4, 4096};
    for (const std::uint32_t units : {most, most - 1, most / 2 + 1}) {
        auto* const at = static_cast<std::uint32_t*>(reserved_pages::allocate(words));
        BOOST_TEST_REQUIRE(at != nullptr);
        buddy_extent whole;
        whole.format({at, words.size / 4}, units);
        BOOST_TEST(whole.largest() == buddy_extent::longest(units));
        BOOST_TEST(whole.take(most, 1) == (units == most ? 0 : no_units));
        if (units == most) {
            BOOST_TEST(whole.is_taken(0, most));
            BOOST_TEST(whole.largest() == 0U);
            whole.give(0, most);
        }
        BOOST_TEST(whole.take(most / 2, 1) == 0U);
        BOOST_TEST(whole.take(1, 1) == most / 2);
        if (units > most / 2 + 1) { BOOST_TEST(whole.take(2, 2) == most / 2 + 2); }
        whole.give(0, most / 2);
        BOOST_TEST(whole.largest() == most / 2);
        reserved_pages::deallocate(at, words);
    }
}

BOOST_AUTO_TEST_CASE(knows_exactly_which_runs_are_taken) {
    std::array<std::uint32_t, buddy_extent::metadata_words(12)> words{};
    buddy_extent twelve;
    twelve.format(words, 12);
    BOOST_TEST(!twelve.is_taken(12, 4)); // beyond the range, and nobody took it
    BOOST_TEST(twelve.take(8, 1) == 0U);
    BOOST_TEST(twelve.is_taken(0, 8));
    BOOST_TEST(!twelve.is_taken(0, 4)); // a part
    BOOST_TEST(!twelve.is_taken(4, 4));
    BOOST_TEST(!twelve.is_taken(0, 16)); // more
    BOOST_TEST(!twelve.is_taken(0, 32));
    BOOST_TEST(!twelve.is_taken(0, 7)); // never granted
    BOOST_TEST(!twelve.is_taken(0, 0));
    BOOST_TEST(!twelve.is_taken(16, 1));
    BOOST_TEST(!twelve.is_taken(no_units, 1));
    twelve.give(0, 8);
    BOOST_TEST(!twelve.is_taken(0, 8));
    for (std::uint32_t at = 0; at < 8; at += 4) { BOOST_TEST(twelve.take(4, 1) == at); }
    BOOST_TEST(!twelve.is_taken(0, 8)); // two halves are no whole
}

BOOST_AUTO_TEST_CASE(goes_on_in_a_file_that_was_closed_and_mapped_elsewhere) {
    std::array<char, 32> name{"/tmp/alloy_buddy_XXXXXX"};
    const int made = ::mkstemp(name.data());
    BOOST_TEST_REQUIRE(made >= 0);
    ::close(made);
    const std::string path{name.data()};

    test::modelled_extent<buddy_extent, halves> model{heap_file::units};
    const std::byte* where = nullptr;
    {
        const heap_file file{path};
        where = file.unit(0);
        buddy_extent extent;
        extent.format(file.words(), heap_file::units);
        for (std::uint32_t n = 1; n < 30; ++n) {
            const std::uint32_t at = extent.take(n, 1);
            BOOST_TEST_REQUIRE(model.take(n, 1));
            BOOST_TEST_REQUIRE(model.runs().contains({at, extent.granted(n, 1)}));
            std::memset(file.unit(at), static_cast<int>(at % 251), n * std::size_t{64});
        }
    }
    for (int round = 0; round < 3; ++round) {
        const heap_file file{path};
        BOOST_TEST(file.unit(0) != where);
        where = file.unit(0);
        buddy_extent extent;
        extent.attach(file.words(), heap_file::units);
        BOOST_TEST(extent.largest() == model.extent().largest());
        for (int i = 0; i < 5; ++i) {
            const auto [at, n] = model.nth(static_cast<std::size_t>(3 * i));
            BOOST_TEST(extent.is_taken(at, n));
            BOOST_TEST(std::to_integer<std::uint32_t>(*file.unit(at)) == at % 251);
            extent.give(at, n);
            model.give({at, n});
        }
        const std::uint32_t at = extent.take(3, 1);
        BOOST_TEST_REQUIRE(model.take(3, 1));
        BOOST_TEST_REQUIRE(model.runs().contains({at, 4}));
        std::memset(file.unit(at), static_cast<int>(at % 251), 4 * std::size_t{64});
    }
    const heap_file file{path};
    ::unlink(path.c_str());
    buddy_extent extent;
    extent.attach(file.words(), heap_file::units);
    for (const auto& [at, n] : model.runs()) { extent.give(at, n); }
    BOOST_TEST(extent.largest() == 512U);
}

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        buddy<range_options{.bytes = 1U << 17U, .largest = 1200}, probe> range{book};
        test::conformance(range, {1500, 1024});
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(conforms_over_units_that_are_no_power_of_two) {
    ledger book;
    {
        thousand<probe> range{book};
        test::conformance(range, {500, 4096});
        test::good_size_laws(range, {64000, 4096});
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(survives_every_failure_of_its_upstream) {
    using policy = buddy<range_options{.bytes = 1U << 18U, .largest = 900}, probe>;
    test::survives_every_failure<policy>({1000, 512});
}

BOOST_AUTO_TEST_CASE(never_misaligns) {
    buddy<> range;
    test::never_misaligned(range, 4096);
}

BOOST_AUTO_TEST_CASE(wastes_less_than_half_on_every_size_above_half_a_unit) {
    const thousand<new_source> range;
    for (std::size_t size = 33; size <= 32768 - gap; ++size) {
        const std::size_t taken = range.good_size({size, 1}) + gap;
        BOOST_TEST_REQUIRE(taken < 2 * (size + gap));
        BOOST_TEST_REQUIRE(std::has_single_bit(taken));
    }
}

BOOST_AUTO_TEST_CASE(says_the_largest_request_that_it_could_meet) {
    thousand<new_source> range;
    BOOST_TEST(range.largest_free() == 32768 - gap); // before the first request as after it
    void* const small = range.allocate({1, 1});
    BOOST_TEST(range.largest_free() == 16384 - gap);
    void* const half = range.allocate({range.largest_free(), 1});
    BOOST_TEST(range.largest_free() == 16384 - gap);
    void* const more = range.allocate({range.largest_free(), 1});
    BOOST_TEST(range.largest_free() == 8192 - gap);
    BOOST_TEST(range.allocate({8193, 1}) == nullptr);
    range.deallocate(half, {16384 - gap, 1});
    range.deallocate(small, {1, 1});
    BOOST_TEST(range.largest_free() == 32768 - gap);
    range.deallocate(more, {16384 - gap, 1});
    BOOST_TEST(range.largest_free() == 32768 - gap);
}

BOOST_AUTO_TEST_CASE(sends_upstream_what_it_could_not_meet_when_empty) {
    ledger book;
    thousand<probe> range{book};
    // 512 units is the longest run of 1000; its start is aligned to a page and no more.
    for (const layout want : {layout{32769 - gap, 1}, layout{1, 8192}}) {
        void* const at = range.allocate(want);
        BOOST_TEST(book.live.contains(at));
        BOOST_TEST(range.good_size(want) == want.size);
        range.deallocate(at, want);
        BOOST_TEST(book.live.empty());
    }
}

BOOST_AUTO_TEST_CASE(sends_upstream_what_is_aligned_beyond_its_longest_run) {
    ledger book;
    buddy<range_options{.bytes = 12 * 64, .unit = 64, .align = 4096}, probe> range{book};
    void* const at = range.allocate({1, 1024});
    BOOST_TEST(book.live.contains(at));
    range.deallocate(at, {1, 1024});
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(takes_the_lowest_run_and_merges_at_once) {
    thousand<new_source> range;
    auto* const a = static_cast<std::byte*>(range.allocate({64 - gap, 1}));
    auto* const b = static_cast<std::byte*>(range.allocate({64 - gap, 1}));
    auto* const c = static_cast<std::byte*>(range.allocate({256 - gap, 1}));
    BOOST_TEST(b - a == 64);
    BOOST_TEST(c - a == 256);
    range.deallocate(a, {64 - gap, 1});
    BOOST_TEST(range.allocate({128 - gap, 1}) == a + 128);
    range.deallocate(b, {64 - gap, 1});
    BOOST_TEST(range.allocate({128 - gap, 1}) == a);
    range.deallocate(a, {128 - gap, 1});
    range.deallocate(a + 128, {128 - gap, 1});
    range.deallocate(c, {256 - gap, 1});
}

BOOST_AUTO_TEST_CASE(reserves_64_gib_on_first_use_and_sends_what_exceeds_32_mib_upstream) {
    constexpr std::size_t whole = std::size_t{64} << 30U;
    constexpr std::size_t most = std::size_t{32} << 20U;
    const std::size_t before = address_space();
    {
        buddy<> range;
        BOOST_TEST(range.largest_free() == most);
        BOOST_TEST(address_space() - before < whole / 64);
        auto* const first = static_cast<std::byte*>(range.allocate({1, 1}));
        BOOST_TEST_REQUIRE(first != nullptr);
        BOOST_TEST(address_space() - before >= whole);
        auto* const large = static_cast<std::byte*>(range.allocate({most, 1}));
        BOOST_TEST(detail::address(large) - detail::address(first) < whole);
        auto* const larger = static_cast<std::byte*>(range.allocate({most + 1, 1}));
        BOOST_TEST(detail::address(larger) - detail::address(first) >= whole);
        std::memset(larger, 1, most + 1);
        range.deallocate(larger, {most + 1, 1});
        range.deallocate(large, {most, 1});
        range.deallocate(first, {1, 1});
        BOOST_TEST(range.largest_free() == most);
    }
    BOOST_TEST(address_space() - before < whole / 64);
}

BOOST_AUTO_TEST_CASE(trims_the_memory_behind_what_is_free_and_keeps_the_range) {
    constexpr std::size_t bytes = std::size_t{1} << 20U;
    const std::size_t page = pages<>::page_size();
    const layout one{page - gap, 1};
    buddy<range_options{.bytes = bytes}, pages<>> range;
    const std::size_t before = address_space();
    BOOST_TEST(range.trim() == 0U);
    BOOST_TEST(address_space() == before);
    std::vector<unsigned char*> blocks(bytes / page / 2);
    for (unsigned char*& each : blocks) {
        each = static_cast<unsigned char*>(range.allocate(one));
        std::memset(each, 7, one.size);
    }
    BOOST_TEST(test::resident(blocks[0], bytes) == bytes / 2);
    for (unsigned char* const each : blocks) {
        if (each != blocks[5]) { range.deallocate(each, one); }
    }
    BOOST_TEST(test::resident(blocks[0], bytes) == bytes / 2);
    BOOST_TEST(range.trim() == 0U);
    BOOST_TEST(test::resident(blocks[0], bytes) == page);
    BOOST_TEST(std::count(blocks[5], blocks[5] + one.size, 7) ==
               static_cast<std::ptrdiff_t>(one.size));
    BOOST_TEST(range.allocate({bytes / 2 - gap, 1}) == blocks[0] + bytes / 2);
    BOOST_TEST(range.allocate(one) == blocks[0]);
    std::memset(blocks[0], 8, one.size);
}

BOOST_AUTO_TEST_CASE(finds_out_a_double_release_a_wrong_pointer_and_a_wrong_size) {
    thousand<new_source> range;
    auto* const a = static_cast<std::byte*>(range.allocate({128 - gap, 1}));
    auto* const b = static_cast<std::byte*>(range.allocate({128 - gap, 1}));
    BOOST_TEST(!test::dies([&] { range.deallocate(a, {128 - gap, 1}); }));
    BOOST_TEST(test::dies([&] { range.deallocate(a + 64, {1, 1}); }));
    BOOST_TEST(test::dies([&] { range.deallocate(a + 8, {1, 1}); }));
    BOOST_TEST(test::dies([&] { range.deallocate(a, {64 - gap, 1}); }));
    auto* const one = static_cast<std::byte*>(range.allocate({64 - gap, 1}));
    BOOST_TEST(test::dies([&] { range.deallocate(one + 8, {1, 1}); }));
    BOOST_TEST(test::dies([&] { range.deallocate(one + (std::size_t{64} << 32U), {1, 1}); }));
    range.deallocate(one, {64 - gap, 1});
    BOOST_TEST(test::dies([&] { range.deallocate(a, {256 - gap, 1}); }));
    range.deallocate(a, {128 - gap, 1});
    BOOST_TEST(test::dies([&] { range.deallocate(a, {128 - gap, 1}); }));
    range.deallocate(b, {128 - gap, 1});
    BOOST_TEST(test::dies([&] { range.deallocate(a, {128 - gap, 1}); }));
}

BOOST_AUTO_TEST_CASE(keeps_out_of_its_range_and_gives_it_back_as_ordinary_memory) {
    static std::array<std::byte, 80000> bytes;
    bytes.fill(std::byte{0x5A});
    {
        thousand<test::shelf> range{std::span<std::byte>{bytes}};
        void* const kept = range.allocate({100, 1});
        void* const gone = range.allocate({1000, 64});
        BOOST_TEST(kept != nullptr);
        range.deallocate(gone, {1000, 64});
    }
#if !defined(ALLOY_HAS_ASAN) // which is told of a release by a write to the first byte
    BOOST_TEST(std::count(bytes.begin(), bytes.end(), std::byte{0x5A}) >= 80000 - 2048);
#endif
    BOOST_TEST(test::is_ordinary(bytes));
}

BOOST_AUTO_TEST_CASE(takes_one_range_though_a_handler_allocates_while_upstream_is_asked) {
    using source = test::interrupted<struct under_a_buddy>;
    constexpr layout one{40, 8};
    for (const bool then_refuses : {false, true}) {
        thousand<source> range;
        void* inner = nullptr;
        source::before_next = [&] {
            inner = range.allocate(one);
            source::refuses = then_refuses;
        };
        void* const outer = range.allocate(one);
        source::refuses = false;
        BOOST_TEST(source::out == 2U, "a range and its words");
        BOOST_TEST_REQUIRE((inner != nullptr && outer != nullptr && inner != outer));
        range.deallocate(inner, one);
        range.deallocate(outer, one);
    }
    BOOST_TEST(source::out == 0U);
    thousand<source> range;
    void* inner = nullptr;
    source::before_next = [&] { // and once more, when the words are asked for
        source::before_next = [&] { inner = range.allocate(one); };
    };
    void* const outer = range.allocate(one);
    BOOST_TEST(source::out == 2U);
    range.deallocate(inner, one);
    range.deallocate(outer, one);
}

#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
BOOST_AUTO_TEST_CASE(poisons_what_is_free_again_and_the_gap_behind_what_is_not) {
    thousand<new_source> range;
    auto* const at = static_cast<unsigned char*>(range.allocate({40, 8}));
    BOOST_TEST(__asan_address_is_poisoned(at + 47) == 0);
    BOOST_TEST(__asan_address_is_poisoned(at + 48) == 1);
    BOOST_TEST(__asan_address_is_poisoned(at + 63) == 1);
    range.deallocate(at, {40, 8});
    BOOST_TEST(__asan_address_is_poisoned(at) == 1);
    BOOST_TEST(__asan_address_is_poisoned(at + 47) == 1);
}
#endif
