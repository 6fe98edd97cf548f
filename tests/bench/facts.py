"""facts.py -- numbers of a .heap file for cut.sh, read after gcprof-heap(5).

    facts.py FILE NAME...

Prints the INFO numbers of these names, then bytes and records of the sections
BLOCKS and EDGES, on one line.

SPDX-License-Identifier: MIT
"""
import struct
import sys

INFO, BLOCKS, EDGES = 1, 7, 11


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def numbers(data, count):
    found, at = {}, 0
    for _ in range(count):
        kind, length = data[at], data[at + 1]
        name = data[at + 2:at + 2 + length].decode()
        value, at = varint(data, at + 2 + length)
        if kind == 1:
            found[name] = value
        else:
            at += value
    return found


def main(file, *names):
    with open(file, "rb") as heap:
        header = heap.read(64)
        table, count = struct.unpack_from("<Q", header, 32)[0], struct.unpack_from("<I", header, 40)[0]
        heap.seek(table)
        sections = {}
        for _ in range(count):
            kind, _, offset, size, records = struct.unpack_from("<IIQQQ", heap.read(40))
            sections[kind] = (offset, size, records)
        heap.seek(sections[INFO][0])
        info = numbers(heap.read(sections[INFO][1]), sections[INFO][2])
    print(*(info.get(name, 0) for name in names), *sections[BLOCKS][1:], *sections[EDGES][1:])


main(*sys.argv[1:])
