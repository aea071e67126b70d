// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Small programs without a mistake that use the standard's containers.

#include <iterator> // with debug iterators, libstdc++ 12's shrink_to_fit wants it before <string>

#include "reached.hpp"
#include "soak.hpp"

#include <alloy/adapt/allocator.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <queue>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace alloy::test {

/// A program's own doubt: its result is wrong.
inline void require_right(bool right, const char* program) {
    if (right) { return; }
    std::fprintf(stderr, "%s: a wrong result\n", program);
    std::abort();
}

/// Each takes all its memory from one policy.
class container_programs {
protected:
    using at = reached;
    template <class T>
    using alloc = allocator<T, at>;
    using text = std::basic_string<char, std::char_traits<char>, alloc<char>>;
    using number = std::uint64_t;

    container_programs(at policy, dice random) : p_(policy), random_(random) {}

    std::size_t below(std::size_t n) { return random_.below(n); }
    text word() { return text(1 + below(60), static_cast<char>('a' + below(26)), p_); }

    void vectors() {
        std::vector<number, alloc<number>> v(p_);
        number sum = 0;
        for (std::size_t i = 0; i < 300; ++i) { sum += v.emplace_back(below(1000)); }
        auto copy = v;
        copy.shrink_to_fit();
        std::sort(copy.begin(), copy.end());
        copy.erase(copy.begin(), copy.begin() + 100);
        v.insert(v.begin(), copy.begin(), copy.end());
        for (const number each : copy) { sum += each; }
        for (const number each : v) { sum -= each; }
        require_right(sum == 0, "vectors");
    }
    void nested() {
        using row = std::vector<text, alloc<text>>;
        std::vector<row, alloc<row>> table(p_);
        for (std::size_t i = 0; i < 20; ++i) {
            row& last = table.emplace_back(p_);
            for (std::size_t j = below(8); j > 0; --j) { last.push_back(word()); }
        }
        std::reverse(table.begin(), table.end());
        const auto copy = table;
        require_right(copy == table, "nested");
    }
    void lists() {
        std::list<number, alloc<number>> a(p_);
        std::list<number, alloc<number>> b(p_);
        for (std::size_t i = 0; i < 100; ++i) { (below(2) == 0 ? a : b).push_back(below(50)); }
        a.sort();
        b.sort();
        a.merge(b);
        a.unique();
        a.remove_if([](number n) { return n % 2 == 0; });
        require_right(std::is_sorted(a.begin(), a.end()) && b.empty(), "lists");
    }
    void deques() {
        std::deque<text, alloc<text>> q(p_);
        for (std::size_t i = 0; i < 150; ++i) {
            if (below(3) != 0) {
                q.push_back(word());
            } else if (!q.empty()) {
                q.pop_front();
            }
        }
        q.resize(q.size() / 2, word());
        q.shrink_to_fit();
    }
    void maps() {
        std::map<number, text, std::less<>, alloc<std::pair<const number, text>>> m(p_);
        for (std::size_t i = 0; i < 150; ++i) {
            m.insert_or_assign(below(60), word());
            m.erase(below(60));
        }
        auto other = m;
        other.merge(m);
        require_right(other.size() >= m.size(), "maps");
    }
    void multimaps() {
        std::multiset<text, std::less<>, alloc<text>> words(p_);
        for (std::size_t i = 0; i < 80; ++i) { words.insert(word()); }
        while (words.size() > 40) { words.extract(words.begin()); }
        require_right(words.size() == 40, "multimaps");
    }
    void hash_maps() {
        std::unordered_map<number, text, std::hash<number>, std::equal_to<>,
                           alloc<std::pair<const number, text>>>
            m(p_);
        for (std::size_t i = 0; i < 200; ++i) {
            m.insert_or_assign(below(100), word());
            m.erase(below(100));
        }
        m.rehash(1000);
        auto moved = std::move(m);
        require_right(moved.size() <= 100, "hash_maps");
    }
    void strings() {
        text all(p_);
        std::size_t length = 0;
        for (std::size_t i = 0; i < 40; ++i) {
            const text next = word() + " ";
            length += next.size();
            all += next;
        }
        text half(all, 0, all.size() / 2, p_);
        half.shrink_to_fit();
        half.swap(all);
        require_right(half.size() == length && half.find(all) == 0, "strings");
    }
    void edits() {
        text page(p_);
        for (std::size_t i = 0; i < 100; ++i) {
            page.insert(below(page.size() + 1), word());
            page.erase(below(page.size()), below(50));
            if (below(10) == 0) { page.shrink_to_fit(); }
        }
        const auto front = text(page.rbegin(), page.rend(), p_);
        require_right(std::equal(front.begin(), front.end(), page.rbegin()), "edits");
    }
    void heaps() {
        std::priority_queue<number, std::vector<number, alloc<number>>> heap{
            std::less<number>(), std::vector<number, alloc<number>>(p_)};
        for (std::size_t i = 0; i < 200; ++i) { heap.push(below(1000)); }
        number before = 1000;
        while (!heap.empty()) {
            require_right(heap.top() <= before, "heaps");
            before = heap.top();
            heap.pop();
        }
    }
    void caches() { // the least recently used goes
        using entry = std::pair<number, text>;
        std::list<entry, alloc<entry>> recent(p_);
        using place = decltype(recent)::iterator;
        std::map<number, place, std::less<>, alloc<std::pair<const number, place>>> index(p_);
        for (std::size_t i = 0; i < 300; ++i) {
            const number key = below(40);
            if (const auto hit = index.find(key); hit != index.end()) {
                recent.splice(recent.begin(), recent, hit->second);
                continue;
            }
            recent.emplace_front(key, word());
            index[key] = recent.begin();
            if (recent.size() <= 20) { continue; }
            index.erase(recent.back().first);
            recent.pop_back();
        }
        require_right(recent.size() == index.size(), "caches");
    }

    at p_;
    dice random_;
};

} // namespace alloy::test
