#!/usr/bin/env bash
# python.sh -- python3 at work on dictionaries, text, files and a child process.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"
. "${srcdir:-.}/tests/real/real.sh"

# The system's python: a wrapper script would start others first.
python=/usr/bin/python3
[ -x "$python" ] || skip_all "$python is not installed"
cat >"$T/work.py" <<'END'
import collections, hashlib, json, re, sys, zlib

words = [hashlib.md5(str(i).encode()).hexdigest()[:i % 9 + 1] for i in range(40000)]
count = collections.Counter(words)
print(count.most_common(5))
tree = {}
for word in words:
    node = tree
    for letter in word:
        node = node.setdefault(letter, {})
text = json.dumps(tree, sort_keys=True)
assert json.loads(text) == tree
print(len(text), hashlib.sha256(text.encode()).hexdigest())
print(len(zlib.compress(text.encode(), 9)))
print(len(re.findall(r'"([0-9a-f])": \{"\1"', text)))


class Node:
    def __init__(self, parent):
        self.parent = parent
        self.children = []


def grow(parent, depth):
    node = Node(parent)
    if depth:
        node.children = [grow(node, depth - 1) for _ in range(4)]
    return node


for _ in range(3):
    root = grow(None, 6)
    del root
big = [bytes(1000 + i) for i in range(3000)]
print(sum(map(len, big)))
sys.stderr.write("done\n")
sys.exit(3)
END
export PYTHONMALLOC=malloc
counted python "$python" -S -s "$T/work.py"
unset PYTHONMALLOC
counted python-arenas "$python" -S -s "$T/work.py"

cat >"$T/children.py" <<'END'
import multiprocessing, subprocess, threading

def square(n):
    return n * n

if __name__ == "__main__":
    print(subprocess.run(["/bin/echo", "from a child"], capture_output=True, text=True).stdout, end="")
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(sum(pool.map(square, range(1000))))
    results = []
    threads = [threading.Thread(target=lambda i=i: results.append(sum(range(i * 1000)))) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print(sorted(results))
END
same children "$python" "$T/children.py"
whole children 2
done_testing
