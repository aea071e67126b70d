// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief What every `std::pmr::memory_resource` must do, and an upstream for it that verifies.

#include <alloy/core/policy.hpp>

#include "conformance.hpp"
#include "probe.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory_resource>
#include <new>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <vector>

namespace alloy::test {

/// What a probing_resource throws; tells whether the exception itself passed through.
struct refused : std::bad_alloc {};

/// A probe as a resource: throws where the probe refuses.
class probing_resource final : public std::pmr::memory_resource {
public:
    explicit probing_resource(ledger& book) : inner_(book) {}

private:
    void* do_allocate(std::size_t size, std::size_t align) override {
        void* const at = inner_.allocate({size, align});
        if (at == nullptr) { throw refused{}; }
        return at;
    }
    void do_deallocate(void* at, std::size_t size, std::size_t align) override {
        inner_.deallocate(at, {size, align});
    }
    [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
        return this == &other;
    }

    probe inner_;
};

/// A resource as a policy, each request as it is: not even rounded to its alignment.
class bare_resource {
public:
    static constexpr std::size_t max_align = any_align;

    explicit bare_resource(std::pmr::memory_resource& target) : target_(&target) {}

    [[nodiscard]] void* allocate(layout want) const noexcept {
        try {
            return target_->allocate(want.size, want.align);
        } catch (const std::bad_alloc&) { return nullptr; }
    }
    void deallocate(void* at, layout given) const noexcept {
        target_->deallocate(at, given.size, given.align);
    }

private:
    std::pmr::memory_resource* target_;
};

/// A `Resource` over a probe, as a policy: for survives_every_failure().
template <class Resource>
class over_probe {
public:
    static constexpr std::size_t max_align = any_align;

    explicit over_probe(ledger& book) : upstream_(book), resource_(&upstream_) {}

    [[nodiscard]] void* allocate(layout want) noexcept { return policy_.allocate(want); }
    void deallocate(void* at, layout given) noexcept { policy_.deallocate(at, given); }

private:
    probing_resource upstream_;
    Resource resource_;
    bare_resource policy_{resource_};
};

/// What the standard asks of any resource, and what alloy adds: random requests up to `largest`;
/// no bytes, alignment above a page, sizes and alignments that wrap; equality.
inline void resource_laws(std::pmr::memory_resource& target, layout largest) {
    bare_resource policy{target};
    conformance(policy, largest);
    never_misaligned(policy);

    void* const none = target.allocate(0);
    void* const no_other = target.allocate(0, 1);
    void* const one = target.allocate(1, 1);
    BOOST_TEST(none != nullptr);
    BOOST_TEST(no_other != nullptr);
    BOOST_TEST(none != no_other);
    BOOST_TEST(no_other != one);
    target.deallocate(one, 1, 1);
    target.deallocate(no_other, 0, 1);
    target.deallocate(none, 0);

    for (const std::size_t align : {std::size_t{4096}, std::size_t{1} << 16U}) {
        for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, align - 1, align + 1}) {
            void* const at = target.allocate(bytes, align);
            BOOST_TEST(std::bit_cast<std::uintptr_t>(at) % align == 0U);
            target.deallocate(at, bytes, align);
        }
    }

    for (std::size_t align = 1; align != 0; align *= 2) {
        for (const std::size_t less : {0U, 1U, 7U, 8U, 15U, 16U, 40U, 64U, 4096U}) {
            volatile std::size_t bytes =
                SIZE_MAX - less; // volatile: no warning about what is asked
            BOOST_CHECK_THROW(static_cast<void>(target.allocate(bytes, align)), std::bad_alloc);
            bytes = any_size - less;
            BOOST_CHECK_THROW(static_cast<void>(target.allocate(bytes, align)), std::bad_alloc);
        }
    }
    volatile std::size_t align = any_align / 2;
    BOOST_CHECK_THROW(static_cast<void>(target.allocate(1, align)), std::bad_alloc);
    target.deallocate(target.allocate(100, 32), 100, 32);

    std::pmr::memory_resource& other = *std::pmr::new_delete_resource();
    static_assert(noexcept(target.is_equal(other)));
    BOOST_TEST(target.is_equal(target));
    BOOST_TEST(!target.is_equal(other));
    BOOST_TEST(!other.is_equal(target));
}

/// One container of each kind over `target`, nested ones too.
inline void resource_serves_containers(std::pmr::memory_resource& target) {
    const auto name = [](int i) {
        return "a name that is too long for its object " + std::to_string(i);
    };
    std::pmr::vector<int> vector{&target};
    std::pmr::list<int> list{&target};
    std::pmr::map<int, std::pmr::string> map{&target};
    std::pmr::unordered_map<std::pmr::string, std::pmr::vector<std::pmr::string>> nested{&target};
    for (int i = 0; i < 500; ++i) {
        vector.push_back(i);
        list.push_front(i);
        map.emplace(i, name(i));
        nested[std::pmr::string(name(i % 50), &target)].emplace_back(name(i));
        if (i % 3 == 0) { map.erase(i / 2); }
    }
    BOOST_TEST(vector.size() == 500U);
    BOOST_TEST(vector.back() == 499);
    BOOST_TEST(list.front() == 499);
    BOOST_TEST(map.at(499) == name(499).c_str());
    BOOST_TEST(nested.size() == 50U);
    for (const auto& [key, values] : nested) {
        BOOST_TEST(values.size() == 10U);
        BOOST_TEST((values.get_allocator().resource() == &target));
        BOOST_TEST((values.front().get_allocator().resource() == &target));
        BOOST_TEST(values.front() == key);
    }
    const auto moved = std::move(nested);
    BOOST_TEST(moved.size() == 50U);
}

} // namespace alloy::test
