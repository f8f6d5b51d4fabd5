#!/bin/sh
# Makes starter-x86_64 and starter-aarch64 from starter.c (gcc, gcc-aarch64-linux-gnu). Only needed after a change of starter.c.
set -eu
cd "$(dirname "$0")"
for target in x86_64 aarch64; do
  "$target-linux-gnu-gcc" -Os -Wall -Wextra -Werror -std=gnu11 -static -nostdlib -ffreestanding -fno-stack-protector \
    -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns -fno-pie -no-pie -Wl,-z,noexecstack,--build-id=none -o "starter-$target" starter.c
  "$target-linux-gnu-strip" --strip-all --remove-section=.comment "starter-$target"
done
# So that a test can tell a source that was changed from programs that were not made again.
sha256sum starter.c build.sh > built-from
