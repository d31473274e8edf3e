#!/bin/sh
# Compiles lifecycle.bpf.c. Usage: build.sh [OUTPUT]. Needs Debian's clang-14 and llvm-14:
# another compiler makes other bytes, and the check in tests/process_object.rs compares bytes.
set -eu
cd "$(dirname "$0")"
output=${1:-lifecycle.bpf.o}
clang-14 -target bpf -mcpu=v2 -O2 -g -Wall -Werror -Wno-unused-function \
    -fdebug-compilation-dir=. -fno-ident \
    -c lifecycle.bpf.c -o "$output"
# Drops DWARF, keeps .BTF and .BTF.ext, which the loader needs.
llvm-strip-14 -g "$output"
