#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# Breaks the library on purpose, one defect at a time, and tells which ones the suite lets pass.
#   mutants.sh [REGEX]      the defects whose name matches; all by default
#
# The files in test/mutants/ list the defects:
#
#     policy/bump: a rewind keeps what came later
#         s/newest() != then/newest() == then/
#
# The header, what is broken, and, indented, the sed commands that break it. The test of the same
# path must notice. If it is another's task, or of several, these stand in parentheses behind the
# header: `core/row (adapt/vector)`. `asan:adapt/vector` is that test under AddressSanitizer;
# compile_fail/NAME, codegen/NAME and wipes/NAME are what test/CMakeLists.txt calls so. A defect
# that nobody could notice says, indented too, `equivalent: why`.
#
# Each is made in a copy of its header, in front of a copy of the tree. It is killed if it breaks a
# static_assert, if a test fails, or if one takes too long. What changes nothing, or is no longer
# C++, is an error: its header has moved on. So is a test that fails without a defect: it tells
# nothing.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit

limit=60 # seconds for a test
share=95 # percent that must be killed
jobs=$(nproc 2>/dev/null || echo 2)

if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
    bold=$'\e[1m' red=$'\e[31m' plain=$'\e[0m'
else
    bold='' red='' plain=''
fi

scratch=$(mktemp -d "${TMPDIR:-/tmp}/mutants.XXXXXX")
clean_up() {
    local running
    mapfile -t running < <(jobs -p)
    ((${#running[@]} == 0)) || kill "${running[@]}" 2>/dev/null
    wait
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

tree=$scratch/tree
mkdir "$tree"
cp -r include test "$tree"

# The list, and behind it a control for each of its tests: an entry that breaks nothing.
headers=() tests=() names=() edits=() excuses=()
add() { # header tests name
    headers+=("$1") tests+=("$2") names+=("$3") edits+=('') excuses+=('')
}
read_list() { # file regex
    local line at='' number=0
    while IFS= read -r line; do
        ((++number))
        if [[ -z $line || $line == '#'* ]]; then
            continue
        elif [[ $line =~ ^([a-z0-9_/]+)(\ \(([^()]+)\))?:\ (.+)$ ]]; then
            local header=${BASH_REMATCH[1]} test=${BASH_REMATCH[3]:-${BASH_REMATCH[1]}}
            local name="$header: ${BASH_REMATCH[4]}"
            at=none
            [[ ! $name =~ $2 ]] || { at=$((${#names[@]})) && add "$header" "$test" "$name"; }
        elif [[ $line =~ ^\ +(.+)$ && -n $at ]]; then
            line=${BASH_REMATCH[1]}
            if [[ $at == none ]]; then
                continue
            elif [[ $line == 'equivalent: '* ]]; then
                excuses[at]=$line
            else
                edits[at]+=$line$'\n'
            fi
        else
            echo "$1:$number: neither a defect nor part of one" >&2
            exit 1
        fi
    done <"$1"
}
for list in test/mutants/*; do read_list "$list" "${1:-}"; done
defects=${#names[@]}
((defects)) || { echo "no defect matches '${1:-}'" >&2 && exit 1; }
mapfile -t needed < <(printf '%s\n' "${tests[@]}" | tr ' ' '\n' | sort -u)
for test in "${needed[@]}"; do add none "$test" "no defect, $test"; done

compile=(g++ -std=c++20 -w -DALLOY_TEST_SHARED_BOOST "-I$tree/test")
prepare() { # flag: what all tests with it include and link
    local to=$scratch/prepared$1
    mkdir "$to"
    echo '#include "support/unit_test.hpp"' >"$to/unit_test.hpp"
    "${compile[@]}" ${1:+"$1"} -x c++-header "$to/unit_test.hpp" -o "$to/unit_test.hpp.gch" &&
        "${compile[@]}" ${1:+"$1"} -c "$tree/test/support/unit_test.cpp" -o "$to/unit_test.o"
}
asan=-fsanitize=address
prepare '' || exit
[[ "${tests[*]}" != *asan:* ]] || prepare "$asan" || exit

# A command with a time limit, in a process group that ends with this script's.
child=''
within() { # seconds command...
    timeout -k 2 "$@" >"$here/log" 2>&1 </dev/null &
    child=$!
    wait "$child" 2>/dev/null # no word of a signal
}

# Sets `verdict` to what a test makes of the header in $here; to nothing if it passes.
try() { # test
    local test=${1#asan:} flag='' more status=0
    [[ $test == "$1" ]] || flag=$asan
    verdict=''
    case $test in
        compile_fail/* | codegen/* | wipes/*)
            within 600 cmake -DSOURCE="$tree/test/${test/#wipes/codegen}.cpp" -DNUMBERS=1 \
                -DASSEMBLY="$here/code.s" -DOBJECT="$here/code.so" -DOBJDUMP=objdump \
                -DCOMPILE="g++;-std=c++20;-w;-I$here;-I$tree/include;-I$tree/test" \
                -P "$tree/test/support/${test%%/*}.cmake" || verdict="killed by $1"
            return
            ;;
    esac
    more=$(sed -n "s|^target_sources(test_${test//\//_} PRIVATE \(.*\))|$tree/test/\1|p" \
        "$tree/test/CMakeLists.txt")
    if ! within 600 "${compile[@]}" ${flag:+"$flag"} "-I$here" "-I$tree/include" \
        -include "$scratch/prepared$flag/unit_test.hpp" "$tree/test/$test.cpp" ${more:+"$more"} \
        "$scratch/prepared$flag/unit_test.o" -o "$here/test" -lboost_unit_test_framework -pthread; then
        verdict='ERROR: does not compile'
        # What it was to evaluate, it evaluated: the compiler noticed.
        ! grep -qE 'static assertion failed|constant expression|constexpr' "$here/log" ||
            verdict='killed by the compiler'
        return
    fi
    ASAN_OPTIONS=allocator_may_return_null=1 within "$limit" "$here/test" || status=$?
    if ((status == 124 || status == 137)); then
        verdict='killed by the clock'
    elif ((status)); then
        verdict="killed by $1"
    fi
}

# One entry, in a process of its own; its verdict is left in a file.
attempt() { # index
    local test verdict='' ink='' header=alloy/${headers[$1]}.hpp
    here=$scratch/$1
    trap '[[ -z $child ]] || kill "$child" 2>/dev/null; exit 1' TERM
    echo 1000 >/proc/self/oom_score_adj 2>/dev/null # what eats all memory is the one to go
    ulimit -c 0 -f 1000000
    mkdir -p "$here/${header%/*}"
    if (($1 >= defects)); then
        try "${tests[$1]}"
        verdict=${verdict:+ERROR: fails}
    elif ! sed "${edits[$1]}" "$tree/include/$header" >"$here/$header"; then
        verdict='ERROR: is not what sed understands'
    elif cmp -s "$tree/include/$header" "$here/$header"; then
        verdict='ERROR: changes nothing'
    else
        for test in ${tests[$1]}; do
            try "$test"
            [[ -z $verdict ]] || break
        done
        if [[ -z $verdict ]]; then
            verdict=${excuses[$1]:-SURVIVED}
        elif [[ -n ${excuses[$1]} ]]; then
            verdict="ERROR: said to be equivalent, but $verdict"
        fi
    fi
    [[ $verdict != ERROR:* || ! -s $here/log ]] || grep -m 3 -E 'error|ERROR' "$here/log"
    echo "$verdict" >"$scratch/verdict.$1"
    rm -rf "$here"
    [[ $verdict != [A-Z]* ]] || ink=$red
    echo "[$(find "$scratch" -maxdepth 1 -name 'verdict.*' -printf . | wc -c)/${#names[@]}]" \
        "${names[$1]}: $ink${verdict:-passes}$plain"
}

run=0
for ((i = ${#names[@]}; i-- > 0;)); do # the controls first
    ((run++ < jobs)) || wait -n
    attempt "$i" &
done
wait

killed=0 failed=()
for i in "${!names[@]}"; do
    verdict=$(cat "$scratch/verdict.$i" 2>/dev/null || echo 'ERROR: no verdict')
    case $verdict in
        killed*) ((++killed)) ;;
        [A-Z]*) failed+=("${names[i]}: $verdict") ;;
    esac
done
printf '%s%d of %d killed%s\n' "$bold" "$killed" "$defects" "$plain"
((${#failed[@]} == 0)) || printf "$red%s$plain\n" "${failed[@]}"
((${#failed[@]} == 0 && 100 * killed >= share * defects))
