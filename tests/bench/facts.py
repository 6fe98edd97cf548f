"""facts.py -- numbers of a .heap file for the benchmarks, read after gcprof-heap(5).

    facts.py FILE NAME...

Prints the INFO numbers of these names, then bytes and records of the sections
BLOCKS and EDGES, on one line.  The name `sites` stands for the number of stacks
that have allocated.

SPDX-License-Identifier: MIT
"""
import struct
import sys

INFO, SITES, BLOCKS, EDGES = 1, 3, 7, 11


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


def sites(data, count):
    """Nodes of the tree of stacks whose own allocations are not 0."""
    n = at = 0
    for _ in range(count):
        for field in range(6):
            value, at = varint(data, at)
            n += field == 4 and value > 0
    return n


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
        if "sites" in names:
            heap.seek(sections[SITES][0])
            info["sites"] = sites(heap.read(sections[SITES][1]), sections[SITES][2])
    print(*(info.get(name, 0) for name in names), *sections[BLOCKS][1:], *sections[EDGES][1:])


main(*sys.argv[1:])
