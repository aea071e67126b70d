// SPDX-License-Identifier: BSL-1.0

#include "answers.hpp"

#include "support/file_handle.hpp"

#include <algorithm>
#include <cstring>

namespace alloy::bench {

void answers::number(std::uint64_t value) {
    std::array<char, 10> digits{}; // seven bits a byte, the lowest first
    std::size_t length = 0;
    for (; value > 127; value >>= 7U) { digits[length++] = static_cast<char>(value | 128U); }
    digits[length++] = static_cast<char>(value);
    bytes({digits.data(), length});
}

void answers::text(std::string_view value) {
    number(value.size());
    bytes(value);
}

std::uint64_t answers::flush() {
    write_all(file_, {buffer_.data(), used_});
    written_ += used_;
    used_ = 0;
    return written_;
}

void answers::bytes(std::string_view from) {
    while (!from.empty()) {
        if (used_ == buffer_.size()) { flush(); }
        const std::size_t part = std::min(from.size(), buffer_.size() - used_);
        std::memcpy(buffer_.data() + used_, from.data(), part);
        used_ += part;
        from.remove_prefix(part);
    }
}

} // namespace alloy::bench
