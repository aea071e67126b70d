// SPDX-License-Identifier: BSL-1.0

#include "corpus.hpp"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace alloy::bench {
namespace {

namespace fs = std::filesystem;

// Empty for what cannot be read and for what is no text; offsets have 32 bits.
std::optional<std::string> read_text(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(in), {});
    if (!in || text.find('\0') != text.npos || text.size() > UINT32_MAX) { return {}; }
    return text;
}

} // namespace

fs::path standard_headers() {
    // Several directories hold headers; the one with <vector> is the library's.
    std::istringstream all(ALLOY_DEMO_INCLUDES);
    for (std::string part; std::getline(all, part, ':');) {
        const fs::path directory(part);
        std::error_code none;
        if (fs::is_regular_file(directory / "vector", none)) { return fs::canonical(directory); }
    }
    throw std::runtime_error("the standard headers of the compiler that built this program are not "
                             "on this machine; name a directory to index");
}

corpus read_corpus(const fs::path& root) {
    corpus found{.root = root, .files = {}, .bytes = 0, .skipped = 0};
    const auto add = [&](const fs::path& path, const fs::path& name) {
        std::optional<std::string> text = read_text(path);
        if (!text) {
            ++found.skipped;
        } else if (!text->empty()) {
            found.bytes += text->size();
            found.files.push_back({name.generic_string(), std::move(*text)});
        }
    };
    if (fs::is_regular_file(root)) {
        add(root, root.filename());
    } else if (fs::is_directory(root)) {
        constexpr auto options = fs::directory_options::skip_permission_denied;
        for (const fs::directory_entry& each : fs::recursive_directory_iterator(root, options)) {
            if (each.is_regular_file()) { add(each.path(), each.path().lexically_relative(root)); }
        }
    } else {
        throw std::runtime_error("there is no directory '" + root.string() + "'");
    }
    if (found.files.empty()) {
        throw std::runtime_error("there is no text in '" + root.string() + "'");
    }
    std::ranges::sort(found.files, {}, &text_file::path);
    return found;
}

} // namespace alloy::bench
