// SPDX-License-Identifier: BSL-1.0
#include "support/families.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace alloy::test;

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_strings_and_containers_of_them, Family, families) {
    Family family;
    using string = text<Family>;
    std::vector<string, typename Family::template of<string>> lines(family.template make<string>());
    for (int i = 0; i < many; ++i) { lines.push_back(long_text(family, shuffled(i))); }
    std::sort(lines.begin(), lines.end());
    BOOST_TEST((lines.front() == long_text(family, 0)));
    string all(family.template make<char>());
    for (const string& line : lines) { all += line + '\n'; }
    BOOST_TEST(std::count(all.begin(), all.end(), '\n') == many);
    BOOST_TEST(all.find(long_text(family, 777)) != string::npos);
    all.resize(3);
    all.shrink_to_fit();
    BOOST_TEST(all == "a s");

    using entry = std::pair<const string, int>;
    std::map<string, int, std::less<>, typename Family::template of<entry>> index(
        family.template make<entry>());
    for (int i = 0; i < many; ++i) { index.emplace(long_text(family, i % 100), i); }
    BOOST_TEST(index.size() == 100U);
    std::basic_string<char32_t, std::char_traits<char32_t>, typename Family::template of<char32_t>>
        wide(50, U'x', family.template make<char32_t>());
    wide.append(500, U'y');
    BOOST_TEST((wide[549] == U'y'));
}
