// SPDX-License-Identifier: BSL-1.0

#include "memory_in_use.hpp"

#include <array>
#include <charconv>
#include <fcntl.h>
#include <stdexcept>
#include <string_view>
#include <unistd.h>

namespace alloy::bench {
namespace {

// Reads without a stream: asking must not move the heap that is asked about.
std::int64_t status_bytes(std::string_view key) {
    std::array<char, 8192> buffer;
    const int file = ::open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    const ssize_t got = ::read(file, buffer.data(), buffer.size());
    ::close(file);
    const std::string_view all(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    const std::size_t at = all.find(key);
    const std::size_t digits = all.find_first_of("0123456789", at);
    if (at == all.npos || digits == all.npos) {
        throw std::runtime_error("/proc/self/status does not tell the memory in use");
    }
    std::int64_t kibibytes = 0;
    std::from_chars(all.data() + digits, all.data() + all.size(), kibibytes);
    return kibibytes * 1024;
}

} // namespace

std::int64_t resident_bytes() { return status_bytes("VmRSS:"); }

std::int64_t peak_resident_bytes() { return status_bytes("VmHWM:"); }

} // namespace alloy::bench
