# dict.py -- dictionaries, objects and strings.
#
#     python3 dict.py [ENTRIES]
#
# SPDX-License-Identifier: MIT
import json
import sys


class Node:
    __slots__ = ("name", "children")

    def __init__(self, name):
        self.name = name
        self.children = {}


def build(n):
    root = Node("root")
    for i in range(n):
        node = root
        for part in (i % 97, i % 89 * 1000, i):
            node = node.children.setdefault(part, Node("name %d" % part))
    return root


entries = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
total = 0
for size in (entries, entries * 3 // 5, entries):
    root = build(size)
    table = {str(i): [i, str(i * 7)] * (i % 5) for i in range(size)}
    text = json.dumps(table)
    total += len(text) + len(json.loads(text)) + len(root.children)
    words = sorted(text.split(", "), key=len)
    total += len(words)
print(total)
