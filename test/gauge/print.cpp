// SPDX-License-Identifier: BSL-1.0
#include <alloy/gauge/print.hpp>

#include <alloy/compose/locked.hpp>
#include <alloy/gauge/observe.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/malloc.hpp>

#include "support/unit_test.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <regex>
#include <sstream>
#include <string>

using namespace alloy;

namespace {

constexpr counted_options in_bytes{.reads = gauge::bytes};
using whole = counted<locked<pool16<counted<malloc_source, in_bytes>>>, in_bytes>;

/// A pool with a block of 40 bytes and one of 3 that is released again.
struct example {
    whole all;
    void* one = all.allocate({40, 8});

    example() { all.deallocate(all.allocate({3, 1}), {3, 1}); }
    example(const example&) = delete;
    example& operator=(const example&) = delete;
    ~example() { all.deallocate(one, {40, 8}); }
};

} // namespace

BOOST_AUTO_TEST_CASE(text_shows_every_part_with_its_share) {
    const byte_split bytes{.taken = 2000, .requested = 1000, .cached = 1000};
    const std::string text = to_text(bytes);
    BOOST_TEST(text.starts_with("taken               2000 bytes\n"));
    BOOST_TEST(text.find("  requested         1000  50.0 %\n") != text.npos, text);
    BOOST_TEST(text.find("  rounding             0  0.0 %\n") != text.npos, text);
    BOOST_TEST(to_text(byte_split{}).find("  cached               0  0.0 %\n") != text.npos);
}

BOOST_AUTO_TEST_CASE(text_shows_a_difference_with_its_sign) {
    const std::string text =
        to_text(byte_split{.taken = 5, .fresh = 5} - byte_split{.taken = 8, .cached = 8});
    BOOST_TEST(text.find("  cached              -8\n") != text.npos, text);
    BOOST_TEST(text.find("  fresh                5\n") != text.npos, text);
}

BOOST_AUTO_TEST_CASE(text_names_the_layers_that_know_something) {
    example it;
    const std::string text = to_text(observe(it.all));
    BOOST_TEST(text.find("\ncounted: came 2 live 1 peak ") != text.npos, text);
    BOOST_TEST(text.find("\n    pool16: taken ") != text.npos, text);
    BOOST_TEST(text.find("malloc_source") == text.npos, text);
    BOOST_TEST(text.find("nobody counts") == text.npos, text);
    pool16<malloc_source> blind;
    BOOST_TEST(to_text(observe(blind)).find("nobody counts") != text.npos);
}

BOOST_AUTO_TEST_CASE(json_is_what_a_parser_reads_and_says_the_same) {
    example it;
    const auto seen = observe(it.all);
    const nlohmann::json all = nlohmann::json::parse(to_json(seen));
    BOOST_TEST(all["bytes"]["taken"] == seen.bytes.taken);
    std::size_t sum = 0;
    for (const auto& [name, part] : all["bytes"].items()) {
        if (name != "taken") { sum += part.get<std::size_t>(); }
    }
    BOOST_TEST(sum == seen.bytes.taken);
    BOOST_TEST(all["exact"] == true);
    BOOST_TEST(all["counted"] == true);
    BOOST_TEST(all["layers"].size() == seen.layers.size());
    BOOST_TEST(all["layers"][0]["came"]["blocks"] == 2);
    BOOST_TEST(all["layers"][0]["went"]["requested"] == 3);
    BOOST_TEST(all["layers"][2]["name"] == "pool16");
    const byte_account& own = seen.layers[2].account;
    BOOST_TEST(all["layers"][2]["taken"] == own.taken);
    BOOST_TEST(all["layers"][2]["used"] == own.used());
    BOOST_TEST(all["layers"][2]["metadata"] == own.metadata);
    BOOST_TEST(all["layers"][2]["cached"] == own.cached);
    BOOST_TEST(all["layers"][2]["trapped"] == own.trapped);
    BOOST_TEST(all["layers"][2]["fresh"] == own.fresh);
    BOOST_TEST(all["layers"][2]["aside"] == own.aside);
    BOOST_TEST(all["bins"].size() == seen.bins.size());
    BOOST_TEST(nlohmann::json::parse(to_json(seen.bytes - seen.bytes))["cached"] == 0);
    BOOST_TEST(nlohmann::json::parse(detail::quoted("a\"b\\c\nd")) == "a\"b\\c\nd");
}

BOOST_AUTO_TEST_CASE(prometheus_reads_every_line) {
    example it;
    const auto seen = observe(it.all);
    const std::string text = to_prometheus(seen, "a \"name\"");
    const std::regex comment("# (HELP|TYPE) alloy_[a-z_]+ .+");
    const std::regex sample(
        R"re((alloy_[a-z_]+)\{composition="a \\"name\\""(,[a-z]+="[a-z0-9]+")*\} (\d+))re");
    std::istringstream lines(text);
    std::size_t bytes = 0;
    std::size_t samples = 0;
    for (std::string line; std::getline(lines, line);) {
        std::smatch parts;
        const bool is_sample = std::regex_match(line, parts, sample);
        BOOST_TEST((is_sample || std::regex_match(line, comment)), line);
        if (!is_sample) { continue; }
        ++samples;
        BOOST_TEST(text.find("# TYPE " + parts[1].str() + " ") != text.npos, line);
        if (parts[1] == "alloy_bytes") { bytes += std::stoull(parts[3]); }
    }
    BOOST_TEST(bytes == seen.bytes.taken);
    BOOST_TEST(samples >= 7U + 1U + 3U * 2U);
    BOOST_TEST(
        text.find("alloy_allocated_blocks_total{composition=\"a \\\"name\\\"\",layer=\"0\"} 2") !=
        text.npos);
}
