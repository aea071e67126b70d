// SPDX-License-Identifier: BSL-1.0

#include "image.hpp"

#include "split.hpp"

#include <span>
#include <stdexcept>
#include <string_view>

namespace alloy::bench {
namespace {

struct counts {
    std::size_t files;
    std::size_t tokens;
};

struct record {
    std::size_t path;   // bytes
    std::size_t text;   // bytes
    std::size_t tokens; // tokens
};

template <class T>
void write(const file_handle& to, std::span<const T> all) {
    write_all(to.get(), {reinterpret_cast<const char*>(all.data()), all.size_bytes()});
}

// The parts follow each other without gaps: each one's size is a multiple of 8 but the last one's.
template <class T>
std::span<const T> read(std::string_view& from, std::size_t count) {
    const std::span<const T> all(reinterpret_cast<const T*>(from.data()), count);
    from.remove_prefix(all.size_bytes());
    return all;
}

static_assert(sizeof(counts) % 8 == 0 && sizeof(record) % 8 == 0 && sizeof(token) % 8 == 0);

} // namespace

image write_image(const corpus& of) {
    std::vector<token> tokens;
    std::vector<record> records;
    for (const text_file& each : of.files) {
        const std::size_t before = tokens.size();
        split(each.text, tokens);
        records.push_back({each.path.size(), each.text.size(), tokens.size() - before});
    }
    if (tokens.empty()) {
        throw std::runtime_error("there is no identifier in '" + of.root.string() + "'");
    }
    image made{memory_file("corpus"), tokens.size()};
    const counts total{records.size(), tokens.size()};
    write(made.file, std::span<const counts>(&total, 1));
    write(made.file, std::span<const record>(records));
    write(made.file, std::span<const token>(tokens));
    for (const text_file& each : of.files) {
        write_all(made.file.get(), each.path);
        write_all(made.file.get(), each.text);
    }
    return made;
}

std::vector<source> read_image(const mapping& of) {
    std::string_view rest = of.bytes();
    const counts total = read<counts>(rest, 1).front();
    const auto records = read<record>(rest, total.files);
    auto tokens = read<token>(rest, total.tokens);
    std::vector<source> all;
    all.reserve(records.size());
    for (const record& each : records) {
        const std::string_view path = rest.substr(0, each.path);
        const std::string_view text = rest.substr(each.path, each.text);
        all.push_back({path, text, tokens.first(each.tokens)});
        tokens = tokens.subspan(each.tokens);
        rest.remove_prefix(each.path + each.text);
    }
    return all;
}

} // namespace alloy::bench
