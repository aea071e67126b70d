// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief A snapshot for people, for programs and for Prometheus.
///
///     to_text         a table: bytes and shares, then every policy that keeps bytes or counts
///     to_json         one object: `bytes`, `layers`, `bins` and what follows from them
///     to_prometheus   gauges and counters with a label for the composition
///
/// All three say the same, and take their memory from std::string.

#include <alloy/gauge/snapshot.hpp>

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace alloy::inline ALLOY_ABI {

namespace detail {

/// Text in quotes, as JSON and Prometheus both want it.
[[nodiscard]] inline std::string quoted(std::string_view text) {
    std::string all = "\"";
    for (const char each : text) {
        if (each == '"' || each == '\\') { all += '\\'; }
        if (each == '\n') {
            all += "\\n";
        } else {
            all += each;
        }
    }
    return all + '"';
}

/// `number` at the right end of `width` characters.
template <std::integral Number>
[[nodiscard]] std::string at_right(Number number, std::size_t width) {
    std::string text = std::to_string(number);
    if (text.size() < width) { text.insert(0, width - text.size(), ' '); }
    return text;
}

[[nodiscard]] inline std::string decimal(double number, int digits) {
    std::array<char, 32> text{};
    auto* const end = std::to_chars(text.data(), text.data() + text.size(), number,
                                    std::chars_format::fixed, digits)
                          .ptr;
    return {text.data(), end};
}

/// Puts `,` between what it is called for.
class comma {
public:
    std::string_view operator()() noexcept {
        const bool first = first_;
        first_ = false;
        return first ? "" : ",";
    }

private:
    bool first_ = true;
};

template <class Number>
[[nodiscard]] std::string bytes_as_json(const basic_byte_split<Number>& bytes) {
    std::string text = "{\"taken\":" + std::to_string(bytes.taken);
    bytes.for_each_part([&](std::string_view name, Number part) {
        text += "," + quoted(name) + ":" + std::to_string(part);
    });
    return text + "}";
}

[[nodiscard]] inline std::string traffic_as_json(const traffic& way) {
    return "{\"blocks\":" + std::to_string(way.blocks) +
           ",\"requested\":" + std::to_string(way.requested) +
           ",\"granted\":" + std::to_string(way.granted) + "}";
}

[[nodiscard]] inline std::string layer_as_json(const layer_view& layer) {
    const byte_account& own = layer.account;
    return "{\"name\":" + quoted(layer.name) + ",\"depth\":" + std::to_string(layer.depth) +
           ",\"taken\":" + std::to_string(own.taken) + ",\"used\":" + std::to_string(own.used()) +
           ",\"metadata\":" + std::to_string(own.metadata) +
           ",\"cached\":" + std::to_string(own.cached) +
           ",\"trapped\":" + std::to_string(own.trapped) +
           ",\"fresh\":" + std::to_string(own.fresh) + ",\"aside\":" + std::to_string(own.aside) +
           ",\"largest_free\":" + std::to_string(layer.largest_free) +
           ",\"came\":" + traffic_as_json(layer.counts.came) +
           ",\"went\":" + traffic_as_json(layer.counts.went) +
           ",\"peak\":" + std::to_string(layer.counts.peak) + "}";
}

} // namespace detail

/// Every part and its share of what is taken; differences with their sign. @throws std::bad_alloc.
template <class Number>
[[nodiscard]] std::string to_text(const basic_byte_split<Number>& bytes) {
    std::string text = "taken     " + detail::at_right(bytes.taken, 14) + " bytes\n";
    bytes.for_each_part([&](std::string_view name, Number part) {
        text += "  ";
        text += name;
        text.append(10 - name.size(), ' ');
        text += detail::at_right(part, 12);
        if constexpr (std::unsigned_integral<Number>) {
            const auto taken = static_cast<double>(bytes.taken);
            const double share = bytes.taken == 0 ? 0 : static_cast<double>(part) / taken;
            text += "  " + detail::decimal(100 * share, 1) + " %";
        }
        text += '\n';
    });
    return text;
}

/// @throws std::bad_alloc.
template <std::size_t Layers, std::size_t Bins>
[[nodiscard]] std::string to_text(const snapshot<Layers, Bins>& seen) {
    std::string text = to_text(seen.bytes);
    if (!seen.exact) { text += "  and what passes to a source that nobody counts\n"; }
    if (!seen.counted) {
        text += "  requested is all that is out: nothing counts what was asked\n";
    }
    for (const layer_view& each : seen.layers) {
        if (each.account == byte_account{} && each.counts == reading{}) { continue; }
        text.append(2 * std::size_t{each.depth}, ' ').append(each.name).append(":");
        const auto say = [&](std::string_view name, std::uint64_t number) {
            if (number == 0) { return; }
            text.append(" ").append(name).append(" ").append(std::to_string(number));
        };
        say("taken", each.account.taken);
        say("metadata", each.account.metadata);
        say("cached", each.account.cached);
        say("trapped", each.account.trapped);
        say("fresh", each.account.fresh);
        say("aside", each.account.aside);
        say("largest free", each.largest_free);
        say("came", each.counts.came.blocks);
        say("live", each.counts.live().blocks);
        say("peak", each.counts.peak);
        text += '\n';
    }
    return text;
}

/// @throws std::bad_alloc.
template <class Number>
[[nodiscard]] std::string to_json(const basic_byte_split<Number>& bytes) {
    return detail::bytes_as_json(bytes) + "\n";
}

/// @throws std::bad_alloc.
template <std::size_t Layers, std::size_t Bins>
[[nodiscard]] std::string to_json(const snapshot<Layers, Bins>& seen) {
    std::string text = "{\"bytes\":" + detail::bytes_as_json(seen.bytes);
    text += seen.exact ? ",\"exact\":true" : ",\"exact\":false";
    text += seen.counted ? ",\"counted\":true" : ",\"counted\":false";
    text += ",\"internal_fragmentation\":" + detail::decimal(seen.internal_fragmentation(), 6);
    text += ",\"external_fragmentation\":" + detail::decimal(seen.external_fragmentation(), 6);
    text += ",\"largest_free\":" + std::to_string(seen.largest_free());
    text += ",\"layers\":[";
    for (detail::comma next; const layer_view& each : seen.layers) {
        if (each.name.empty()) { continue; }
        text.append(next()).append(detail::layer_as_json(each));
    }
    text += "],\"bins\":[";
    for (detail::comma next; const bin_view& each : seen.bins) {
        if (each.size == 0) { continue; }
        text.append(next()).append("{\"layer\":" + std::to_string(each.layer));
        text += ",\"size\":" + std::to_string(each.size);
        text += ",\"free\":" + std::to_string(each.free);
        text += ",\"live\":";
        text += each.live == bin_account::unknown ? "null}" : std::to_string(each.live) + "}";
    }
    return text + "]}\n";
}

/// In Prometheus' text format, version 0.0.4, a page for each snapshot; `composition` is its name.
/// @throws std::bad_alloc.
template <std::size_t Layers, std::size_t Bins>
[[nodiscard]] std::string to_prometheus(const snapshot<Layers, Bins>& seen,
                                        std::string_view composition) {
    std::string text;
    const std::string label = "{composition=" + detail::quoted(composition);
    const auto head = [&](std::string_view name, std::string_view type, std::string_view help) {
        text.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ");
        text.append(name).append(" ").append(type).append("\n");
    };
    const auto line = [&](std::string_view name, const std::string& labels, auto value) {
        text.append(name).append(label).append(labels).append("} ");
        text += std::to_string(value) + "\n";
    };
    head("alloy_bytes", "gauge", "Bytes by what they are for; the sum is what was taken.");
    seen.bytes.for_each_part([&](std::string_view name, std::size_t part) {
        line("alloy_bytes", ",part=" + detail::quoted(name), part);
    });
    head("alloy_largest_free_bytes", "gauge",
         "The largest block that needs no source; 0: unknown.");
    line("alloy_largest_free_bytes", "", seen.largest_free());
    const auto each_counter = [&](std::string_view name, auto value) {
        for (std::size_t i = 0; i < Layers; ++i) {
            const layer_view& layer = seen.layers[i];
            if (layer.counts == reading{}) { continue; }
            line(name, ",layer=" + detail::quoted(std::to_string(i)), value(layer.counts));
        }
    };
    head("alloy_allocated_blocks_total", "counter", "Blocks that were handed out.");
    each_counter("alloy_allocated_blocks_total",
                 [](const reading& all) { return all.came.blocks; });
    head("alloy_released_blocks_total", "counter", "Blocks that came back.");
    each_counter("alloy_released_blocks_total", [](const reading& all) { return all.went.blocks; });
    head("alloy_peak_bytes", "gauge", "The most bytes granted at once; 0: unknown.");
    each_counter("alloy_peak_bytes", [](const reading& all) { return all.peak; });
    const auto each_bin = [&](std::string_view name, std::size_t bin_view::* blocks) {
        for (const bin_view& each : seen.bins) {
            if (each.size == 0 || each.*blocks == bin_account::unknown) { continue; }
            line(name,
                 ",layer=" + detail::quoted(std::to_string(each.layer)) +
                     ",size=" + detail::quoted(std::to_string(each.size)),
                 each.*blocks);
        }
    };
    head("alloy_bin_free_blocks", "gauge", "Free blocks of one size.");
    each_bin("alloy_bin_free_blocks", &bin_view::free);
    head("alloy_bin_live_blocks", "gauge", "Live blocks of one size, where that is known.");
    each_bin("alloy_bin_live_blocks", &bin_view::live);
    return text;
}

} // namespace alloy::inline ALLOY_ABI
