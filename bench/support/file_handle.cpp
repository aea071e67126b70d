// SPDX-License-Identifier: BSL-1.0

#include "file_handle.hpp"

#include <cerrno>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace alloy::bench {
namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

} // namespace

file_handle::file_handle(file_handle&& from) noexcept : file_(std::exchange(from.file_, -1)) {}

file_handle& file_handle::operator=(file_handle&& from) noexcept {
    std::swap(file_, from.file_);
    return *this;
}

file_handle::~file_handle() {
    if (file_ >= 0) { ::close(file_); }
}

file_handle memory_file(const char* label) {
    file_handle made(::memfd_create(label, 0));
    if (made.get() < 0) { fail("making a file in memory"); }
    return made;
}

void write_all(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t put = ::write(file, bytes.data(), bytes.size());
        if (put >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(put));
        } else if (errno != EINTR) {
            fail("writing to a file in memory");
        }
    }
}

mapping::mapping(int file) {
    struct stat about{};
    if (::fstat(file, &about) != 0) { fail("asking for the size of a file"); }
    if (about.st_size == 0) { return; }
    size_ = static_cast<std::size_t>(about.st_size);
    void* const at = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
    if (at == MAP_FAILED) { fail("mapping a file"); }
    at_ = static_cast<const char*>(at);
}

mapping::mapping(mapping&& from) noexcept
    : at_(std::exchange(from.at_, nullptr)), size_(std::exchange(from.size_, 0)) {}

mapping& mapping::operator=(mapping&& from) noexcept {
    std::swap(at_, from.at_);
    std::swap(size_, from.size_);
    return *this;
}

mapping::~mapping() {
    if (at_ != nullptr) { ::munmap(const_cast<char*>(at_), size_); }
}

} // namespace alloy::bench
