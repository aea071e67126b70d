// SPDX-License-Identifier: BSL-1.0

#include "contender.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <sstream>
#include <stdexcept>

namespace alloy::bench {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> library_directories() {
    std::vector<fs::path> found;
    const char* const given = std::getenv("LD_LIBRARY_PATH");
    std::istringstream all(given == nullptr ? "" : given);
    for (std::string part; std::getline(all, part, ':');) { found.emplace_back(part); }
    // Debian's directory bears the machine's name; the C library tells it.
    Dl_info c_library{};
    if (::dladdr(::dlsym(RTLD_DEFAULT, "abort"), &c_library) != 0) {
        found.push_back(fs::canonical(c_library.dli_fname).parent_path());
    }
    for (const char* each : {"/usr/local/lib", "/usr/lib64", "/usr/lib"}) {
        found.emplace_back(each);
    }
    return found;
}

// Empty if it is nowhere.
fs::path find_library(std::string_view name) {
    for (const fs::path& each : library_directories()) {
        std::error_code none;
        if (fs::is_regular_file(each / name, none)) { return each / name; }
    }
    return {};
}

bool is_named(const contender& who, const std::vector<std::string>& only) {
    return only.empty() || who.role == role::base ||
           std::ranges::any_of(
               only, [&](const std::string& part) { return who.name.find(part) != who.name.npos; });
}

} // namespace

std::string_view name_of(role of) {
    constexpr std::array<std::string_view, 4> names{"base", "control", "alloy", "other"};
    return names[static_cast<std::size_t>(of)];
}

std::string terms_of(const contender& who, std::uint64_t alignment) {
    return fmt::format("{} thread, aligned to {}", who.threads == breadth::any ? "any" : "one",
                       alignment);
}

std::span<const contender> contenders() {
#define ALLOY_PEERS_CONTENDER(id, kind, threads, made_for, library, header, label, ...)            \
    contender{label, #id, "", role::kind, breadth::threads, blocks::made_for},
#define ALLOY_PEERS_PRELOADED(library, label)                                                      \
    contender{label, "std_allocator", library, role::other, breadth::any, blocks::any},
    static constexpr auto all = std::to_array<contender>({
#include "contenders.def"
    });
#undef ALLOY_PEERS_PRELOADED
#undef ALLOY_PEERS_CONTENDER
    return all;
}

roster roster_of(const std::vector<std::string>& only) {
    const fs::path programs = fs::canonical("/proc/self/exe").parent_path() / "peers";
    roster found;
    for (const contender& each : contenders()) {
        if (!is_named(each, only)) { continue; }
        const fs::path program = programs / fmt::format("peers_{}", each.program);
        const fs::path library = each.library.empty() ? fs::path{} : find_library(each.library);
        if (!fs::exists(program)) {
            found.missing.push_back(fmt::format(
                "{} is missing: its header or library was not found when this was configured",
                each.name));
        } else if (!each.library.empty() && library.empty()) {
            found.missing.push_back(
                fmt::format("{} is missing: there is no {}", each.name, each.library));
        } else {
            found.present.push_back({&each, program.string(), library.string()});
        }
    }
    if (found.present.empty() || found.present.front().who->role != role::base) {
        throw std::runtime_error(fmt::format("there is no program in {}", programs.string()));
    }
    return found;
}

} // namespace alloy::bench
