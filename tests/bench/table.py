"""table.py -- what run.sh has measured, as tables in Markdown.

    table.py DIRECTORY wall|cpu PROGRAMS TOOLS

In the directory: runs/PROGRAM.TOOL with a line for each run (wall ns, processor
ns, peak KiB, status of wait(2), "same" or "other" output), facts/PROGRAM with a
line for each snapshot (allocations, stacks, the profiler's bytes, live bytes),
versions, and what is not there: missing, left-out.

SPDX-License-Identifier: MIT
"""
import datetime
import math
import os
import statistics
import sys

MIB = 1 << 20
SHORT = ("jemalloc", "gperftools", "massif", "dhat")
NAMES = {
    "gcprof": "gcprof, every allocation",
    "sampled": "gcprof, `GCPROF_SAMPLE=512K`",
    "recording": "gcprof, no snapshot",
    "jemalloc": "jemalloc prof, every allocation",
    "jemalloc_sampled": "jemalloc prof, 512 KiB",
    "gperftools": "gperftools heap profiler",
    "lsan": "LeakSanitizer preloaded",
    "massif": "massif",
    "dhat": "DHAT",
}
# Those in which heaptrack's added time is compared with gcprof's: it takes at
# least half as long again.
HEAVY = 1.5


class Runs:
    """All runs of one program in one way."""

    def __init__(self, path):
        self.wall, self.cpu, self.peak, self.fault = [], [], [], None
        if not os.path.exists(path):
            self.fault = "not run"
            return
        for line in open(path):
            wall, cpu, peak, status, *output = line.split()
            self.wall.append(int(wall))
            self.cpu.append(int(cpu))
            self.peak.append(int(peak))
            self.fault = self.fault or fault(status, output)


def fault(status, output):
    if status == "timeout":
        return "too slow"
    if int(status) & 127:
        return "crashed"
    if int(status):
        return "failed"
    return "other output" if output == ["other"] else None


def ratios(runs, base):
    return [a / b for a, b in zip(runs, base)]


def mean(values):
    return math.exp(statistics.fmean(math.log(v) for v in values))


def spread(values):
    if len(values) == 1:
        return "%.2f" % values[0]
    return "%.2f (%.2f-%.2f)" % (statistics.median(values), min(values), max(values))


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|---" * len(head) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def facts(directory, program):
    """Of a program: allocations, stacks, and the profiler's own bytes beside the
    bound of a quarter of the live heap and 8 MiB, where they come nearest to it."""
    lines = [[int(x) for x in line.split()] for line in open(os.path.join(directory, "facts", program))]
    if not lines:
        return None
    worst = max(lines, key=lambda f: f[2] / (f[3] / 4 + 8 * MIB))
    last = max(lines, key=lambda f: f[0])
    return last[0], last[1], worst[2], worst[3]


class Bench:
    def __init__(self, directory, clock, programs, tools):
        self.directory, self.clock, self.programs = directory, clock, programs
        self.tools = [t for t in tools if t not in SHORT]
        self.short = [t for t in tools if t in SHORT]
        self.runs = {(p, t): Runs(os.path.join(directory, "runs", "%s.%s" % (p, t)))
                     for p in programs for t in ["alone", "short"] + tools}
        self.facts = {p: facts(directory, p) for p in programs}

    def ratio(self, program, tool, what=None):
        """Ratios to the run alone in the same turn; None if the tool could not run it."""
        runs = self.runs[program, tool]
        base = self.runs[program, "short" if tool in SHORT else "alone"]
        if runs.fault or base.fault:
            return None
        return ratios(getattr(runs, what or self.clock), getattr(base, what or self.clock))

    def cell(self, program, tool, what=None, show=spread):
        values = self.ratio(program, tool, what)
        return self.runs[program, tool].fault or self.runs[program, "alone"].fault if values is None else show(values)

    def means(self, tools, what=None):
        """Two rows: over the programs that each tool could run, and that all could."""
        medians = {t: {p: statistics.median(r) for p in self.programs if (r := self.ratio(p, t, what))}
                   for t in tools}
        common = [p for p in self.programs if all(p in m for m in medians.values())]
        own = ["**%.2f**" % mean(m.values()) if m else "" for m in medians.values()]
        shared = ["%.2f" % mean([m[p] for p in common]) if common else "" for m in medians.values()]
        return own, shared, len(common)

    def factor(self, program):
        """How many times gcprof's added time is heaptrack's."""
        if "heaptrack" not in self.tools or "gcprof" not in self.tools:
            return ""
        pair = [self.ratio(program, t) for t in ("heaptrack", "gcprof")]
        if None in pair:
            return ""
        theirs, ours = (statistics.median(r) - 1 for r in pair)
        if theirs < HEAVY - 1:
            return ""
        return "%.1f" % (theirs / ours) if ours > 0.005 else "> %.0f" % (theirs / 0.005)

    def alone(self, program):
        runs, counted = self.runs[program, "alone"], self.facts[program]
        if runs.fault or not runs.wall:
            return [runs.fault or "not run", "", ""]
        seconds = "%.2f s" % (statistics.median(getattr(runs, self.clock)) / 1e9)
        if counted is None:
            return [seconds, "", ""]
        return [seconds, "%.1f M" % (counted[0] / statistics.median(runs.cpu) * 1e3), "{:,}".format(counted[1])]

    def times(self):
        head = ["program", "alone", "allocations a second, alone", "stacks"]
        head += [NAMES.get(t, t) for t in self.tools] + ["heaptrack's added time over gcprof's"]
        rows = [[p] + self.alone(p) + [self.cell(p, t) for t in self.tools] + [self.factor(p)]
                for p in self.programs]
        own, shared, n = self.means(self.tools)
        rows.append(["geometric mean", "", "", ""] + own + [""])
        rows.append(["of the %d that all could run" % n, "", "", ""] + shared + [""])
        table(head, rows)

    def memory(self):
        def show(values):
            return "%.2f" % statistics.median(values)

        head = ["program", "peak alone", "gcprof's own", "live then", "of what it may take"]
        head += [NAMES.get(t, t) for t in self.tools]
        rows = []
        for p in self.programs:
            row = [p, "%.0f MiB" % (statistics.median(self.runs[p, "alone"].peak or [0]) / 1024)]
            if self.facts[p]:
                _, _, own, live = self.facts[p]
                row += ["%.1f MiB" % (own / MIB), "%.1f MiB" % (live / MIB),
                        "%.0f %%" % (100 * own / (live / 4 + 8 * MIB))]
            else:
                row += [""] * 3
            rows.append(row + [self.cell(p, t, "peak", show) for t in self.tools])
        own, shared, n = self.means(self.tools, "peak")
        rows.append(["geometric mean"] + [""] * 4 + own)
        rows.append(["of the %d that all could run" % n] + [""] * 4 + shared)
        table(head, rows)

    def slow(self):
        head = ["program", "alone, shortened"] + ["%s: time" % NAMES[t] for t in self.short] + [
            "%s: peak memory" % NAMES[t] for t in self.short]
        rows = []
        for p in self.programs:
            seconds = statistics.median(self.runs[p, "short"].wall or [0]) / 1e9
            rows.append([p, "%.3f s" % seconds] + [self.cell(p, t) for t in self.short] +
                        [self.cell(p, t, "peak") for t in self.short])
        rows.append(["geometric mean", ""] + self.means(self.short)[0] + self.means(self.short, "peak")[0])
        table(head, rows)

    def start_up(self):
        alone = Runs(os.path.join(self.directory, "runs", "true.alone")).wall
        rows = []
        for tool, name in (("alone", "alone"), ("gcprof", "gcprof, with a snapshot at exit"),
                           ("recording", "gcprof, no snapshot")):
            wall = Runs(os.path.join(self.directory, "runs", "true." + tool)).wall
            added = [(a - b) / 1e6 for a, b in zip(wall, alone)]
            rows.append([name, "%.2f ms" % (statistics.median(wall) / 1e6),
                         "" if tool == "alone" else "%.2f ms" % statistics.median(added)])
        table(["/bin/true, medians of %d" % len(alone), "time", "added"], rows)


def lines_of(directory, name):
    path = os.path.join(directory, name)
    return open(path).read().splitlines() if os.path.exists(path) else []


def main(directory, clock, programs, tools):
    bench = Bench(directory, clock, programs.split(), tools.split())
    memory = next(int(line.split()[1]) for line in open("/proc/meminfo") if line.startswith("MemTotal"))
    n_runs = {t: max((len(bench.runs[p, t].wall) for p in bench.programs), default=0) for t in ["alone"] + bench.tools}
    print("%s, %d processors, %.0f GiB of memory; medians of %d runs%s, smallest and largest in parentheses:"
          % (datetime.datetime.now(datetime.timezone.utc).date(), len(os.sched_getaffinity(0)), memory / MIB,
             n_runs["alone"], "".join(" (%s: %d)" % (NAMES.get(t, t), n) for t, n in n_runs.items()
                                      if n != n_runs["alone"])))
    print("ratios to the same program alone, in the same turn.  %s." % "".join(lines_of(directory, "versions")))
    for line in lines_of(directory, "missing"):
        name, _, reason = line.partition(": ")
        print("Without %s: %s." % (NAMES.get(name, name), reason))
    for name in lines_of(directory, "left-out"):
        print("Left out: %s, whose program is not installed." % name)
    if bench.tools and bench.programs:
        print("\n%s time.\n" % {"wall": "Wall", "cpu": "Processor"}[clock])
        bench.times()
        print("Peak memory, and gcprof's own bytes beside a quarter of the live heap and 8 MiB.\n")
        bench.memory()
    if bench.short and bench.programs:
        print("Tens of times slower: one run on a shortened input.\n")
        bench.slow()
    print("Start-up.\n")
    bench.start_up()


main(*sys.argv[1:])
