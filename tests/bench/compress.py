# compress.py N -- small texts compressed, each with buffers of many mebibytes.
#
# SPDX-License-Identifier: MIT
import lzma
import sys

total = 0
for i in range(int(sys.argv[1])):
    total += len(lzma.compress(b"text %d " % i * 100))
print(total)
