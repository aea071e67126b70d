// SPDX-License-Identifier: BSL-1.0
// nlohmann::basic_json takes an allocator as a template, and makes one of nothing wherever it needs
// one: so a stateless one, which reaches a process-wide policy.
#include <alloy/preset.hpp>

#include "support/unit_test.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace alloy;

namespace {

/// An upstream that counts what it has given, in bytes.
struct heap : new_source {
    static inline std::size_t bytes = 0;

    [[nodiscard]] static void* allocate(layout want) noexcept {
        void* const at = new_source::allocate(want);
        bytes += at == nullptr ? 0 : want.size;
        return at;
    }
    static void deallocate(void* at, layout given) noexcept {
        bytes -= given.size;
        new_source::deallocate(at, given);
    }
};

using pool = single_threaded<pool16<heap>>;

template <class T>
using own_allocator = allocator<T, global<pool>>;

template <template <class> class Allocator>
using text_of = std::basic_string<char, std::char_traits<char>, Allocator<char>>;

/// A document whose every node, array and string comes from `Allocator`.
template <template <class> class Allocator>
using json_of = nlohmann::basic_json<std::map, std::vector, text_of<Allocator>, bool, std::int64_t,
                                     std::uint64_t, double, Allocator>;

constexpr const char* source =
    R"({"list":[1,2.5,true,null,"a string that is too long to live inside its object"],)"
    R"("nested":{"deeper":{"deepest":[[],[[]],{}]}},"number":-17})";

template <class Json>
void exercise() {
    auto document = Json::parse(source);
    BOOST_TEST((document.dump() == source));
    BOOST_TEST(document["number"].template get<int>() == -17);
    BOOST_TEST(document["list"][4].template get_ref<const typename Json::string_t&>().size() > 20U);
    for (int i = 0; i < 1'000; ++i) {
        document["added"].push_back({{"id", i}, {"name", "name-" + std::to_string(i)}});
    }
    const Json copy = document;
    document.erase("nested");
    BOOST_TEST((copy != document));
    document["nested"] = copy["nested"];
    BOOST_TEST((copy == document));
    BOOST_CHECK_THROW(static_cast<void>(document.at("nothing")), typename Json::out_of_range);
    const Json moved = std::move(document);
    BOOST_TEST((Json::parse(moved.dump()) == copy));
    BOOST_TEST(Json::parse("[1, {\"a\": ", nullptr, false).is_discarded());
}

} // namespace

BOOST_AUTO_TEST_CASE(parses_and_dumps_in_the_shared_pool) { exercise<json_of<pool_allocator>>(); }

BOOST_AUTO_TEST_CASE(takes_the_whole_document_from_its_policy_and_gives_it_back) {
    BOOST_TEST(heap::bytes == 0U);
    exercise<json_of<own_allocator>>();
    auto& own = global<pool>::instance();
    BOOST_TEST(heap::bytes > 100'000U);
    own.trim();
    BOOST_TEST(heap::bytes == 0U); // no block is live
    {
        const auto document = json_of<own_allocator>::parse(source);
        BOOST_TEST(heap::bytes > 0U);
    }
    own.trim();
    BOOST_TEST(heap::bytes == 0U);
}
