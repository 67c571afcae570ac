# SPDX-License-Identifier: GPL-2.0-only
"""What the raw values of "make bench" mean: figures, statistics, marks, and
the report as text, reStructuredText, CSV and SVG."""

import csv
import statistics

OURS, REF = "ours", "reference"
FLAVOURS = ("aggregation", "lite")
SIZES = (64, 512, 1400)
STALL = "stall"


# ---- raw values --------------------------------------------------------------

class Measure:
    """What one measure of one run printed: counters by name."""

    def __init__(self):
        self.values = {}

    def add(self, name, value):
        self.values.setdefault(name, []).append(value)

    def get(self, name, default=0.0):
        return self.values.get(name, [default])[0]

    def stalled(self):
        """Nothing moved for half of the window, or it did not end well."""
        window = self.get("w.ns") / 1e6
        return ("status" in self.values or "dead" in self.values or
                (window and self.get("w.still-ms") > window / 2))


def parse(text):
    """Yield (measure, name, value) of what the guest's script printed."""
    measure = None
    for line in text.splitlines():
        words = line.split()
        if len(words) == 2 and words[0] == "==":
            measure = words[1]
        elif len(words) == 2 and measure:
            try:
                yield measure, words[0], float(words[1])
            except ValueError:
                pass


def load(rows):
    """{(pair, driver, flavour): {measure: Measure}} of rows (pair, driver,
    flavour, measure, name, value)."""
    runs = {}
    for pair, driver, flavour, measure, name, value in rows:
        run = runs.setdefault((int(pair), driver, flavour), {})
        run.setdefault(measure, Measure()).add(name, float(value))
    return runs


# ---- figures -----------------------------------------------------------------

class Figure:
    """One line of the report: a value out of one run."""

    def __init__(self, key, title, unit, measure, value, up=False, floor=None):
        self.key = key
        self.title = title
        self.unit = unit
        self.measure = measure      # it stalls when that one has stalled
        self.value = value          # function of {measure: Measure}
        self.up = up                # more is better
        self.floor = floor          # function of the same, or None

    def detail(self):
        """Too much for the documentation."""
        return "512" in self.key or self.key.endswith(
            ("-doorbells", "-msis", "-tds", "64-flood-events"))

    def of(self, run):
        m = run.get(self.measure)
        if m is None:
            return None
        if m.stalled():
            return STALL
        return self.value(run)


def ratio(a, b):
    return a / b if b else None


def median_of(measure, name):
    def value(run):
        m = run.get(measure)
        return statistics.median(m.values[name]) \
            if m and name in m.values else None
    return value


def scaled(value, factor):
    def times(run):
        v = value(run)
        return None if v is None else v * factor
    return times


def counter(measure, name, scale=1.0):
    def value(run):
        m = run.get(measure)
        return m.values[name][0] * scale if m and name in m.values else None
    return value


def per(measure, above, below, scale=1.0):
    """Sum of some counters for one of another."""
    def value(run):
        m = run.get(measure)
        return m and ratio(sum(m.get(a) for a in above) * scale, m.get(below))
    return value


def minus(a, b):
    def value(run):
        x, y = a(run), b(run)
        return None if x is None or y is None else x - y
    return value


APP = "w.app.0.packets"
BYTES = "w.app.0.bytes"
SINK = "w.modem.session.0.sink.packets"
TCP_IN = "w.modem.session.0.tcp.in"
GUEST = ("w.cpu.guest",)
EVENTS = ("w.modem.msi", "w.modem.doorbell.0")


def lost_down(m):
    return (m.get("t.modem.session.0.dl.packets") - m.get("t.app.0.packets") -
            m.get("t.udp.rcvbuf") - m.get("t.softnet.dropped") -
            m.get("t.udp.csum"))


def lost_up(m):
    # The kernel sends some of its own: what reached the server counts.
    return m.get("t.app.0.packets") - m.get("t.modem.session.0.sink.packets")


def lost(measures, count):
    def value(run):
        found = [count(run[m]) for m in measures
                 if m in run and "t.ns" in run[m].values]
        return sum(found) if found else None
    return value


def udp_figures():
    for size in SIZES:
        name = f"udp-dl-{size}"
        flood = name + "-flood"
        yield Figure(f"{name}-cpu", f"UDP down {size}, 10 k/s: CPU", "µs/packet",
                     name, per(name, GUEST, APP, 1e-3),
                     floor=minus(per(f"floor-udp-{size}", GUEST, APP, 1e-3),
                                 per(f"floor-send-{size}", GUEST, APP, 1e-3)))
        yield Figure(f"{flood}-rate", f"UDP down {size}, overload: received",
                     "k/s", flood, per(flood, (APP,), "w.ns", 1e6), up=True,
                     floor=per(f"floor-udp-{size}-flood", (APP,), "w.ns", 1e6))
        yield Figure(f"{flood}-cpu", f"UDP down {size}, overload: CPU",
                     "µs/packet", flood, per(flood, GUEST, APP, 1e-3),
                     floor=per(f"floor-udp-{size}-flood", GUEST, APP, 1e-3))
    for size in SIZES:
        name = f"udp-ul-{size}"
        flood = name + "-flood"
        yield Figure(f"{name}-cpu", f"UDP up {size}, 10 k/s: CPU", "µs/packet",
                     name, per(name, GUEST, SINK, 1e-3),
                     floor=per(f"floor-send-{size}", GUEST, APP, 1e-3))
        yield Figure(f"{flood}-rate", f"UDP up {size}, all it can: sent",
                     "k/s", flood, per(flood, (SINK,), "w.ns", 1e6), up=True,
                     floor=per(f"floor-send-{size}-flood", (APP,), "w.ns",
                               1e6))
        yield Figure(f"{flood}-cpu", f"UDP up {size}, all it can: CPU",
                     "µs/packet", flood, per(flood, GUEST, SINK, 1e-3),
                     floor=per(f"floor-send-{size}-flood", GUEST, APP, 1e-3))


def tcp_figures():
    floor_cpu = per("floor-tcp", GUEST, BYTES, 1.0)
    floor_rate = per("floor-tcp", (BYTES,), "w.ns", 8e3)
    for name, title, got in (("tcp-dl", "TCP down", BYTES),
                             ("tcp-ul", "TCP up", TCP_IN)):
        yield Figure(f"{name}-rate", f"{title}: throughput", "Mbit/s", name,
                     per(name, (got,), "w.ns", 8e3), up=True, floor=floor_rate)
        yield Figure(f"{name}-cpu", f"{title}: CPU", "ms/MB", name,
                     per(name, GUEST, got, 1.0), floor=floor_cpu)
    name = "tcp-sessions"
    yield Figure(f"{name}-rate", "TCP between two sessions: throughput",
                 "Mbit/s", name, per(name, (BYTES,), "w.ns", 8e3), up=True,
                 floor=floor_rate)
    yield Figure(f"{name}-cpu", "TCP between two sessions: CPU", "ms/MB", name,
                 per(name, GUEST, BYTES, 1.0), floor=floor_cpu)


def event_figures():
    # For packets that arrive: one that dies on its way has been no use.
    for name, title, packets in (
            ("udp-dl-64-flood", "down 64", APP),
            ("udp-dl-1400-flood", "down 1400", APP),
            ("udp-ul-64-flood", "up 64", "w.modem.session.0.ul.packets"),
            ("udp-ul-1400-flood", "up 1400", "w.modem.session.0.ul.packets")):
        for key, what, above in (
                ("events", "interrupts + doorbells", EVENTS),
                ("doorbells", "doorbells", EVENTS[1:]),
                ("msis", "interrupts", EVENTS[:1]),
                ("tds", "TDs", ("w.modem.pipe.0.tds", "w.modem.pipe.1.tds"))):
            yield Figure(f"{name}-{key}", f"UDP {title}, full rate: {what}",
                         "per 1000", name, per(name, above, packets, 1e3))


RATES = (500, 1000, 1500, 1900, 3000)     # packets a second


def rate_figures():
    for pps in RATES:
        name = f"udp-ul-{pps}-a-second"
        yield Figure(name, f"UDP up 1400, {pps} a second: interrupts + doorbells",
                     "per second", name, per(name, EVENTS, "w.ns", 1e9))


INSN_MEASURES = [*(f"{name}-{size}" for name in (
    "udp-dl", "udp-ul", "floor-udp", "floor-send") for size in (64, 1400)),
    "udp-dl-1400-flood", "udp-ul-1400-flood", "tcp-dl", "tcp-ul",
    "tcp-sessions", "floor-tcp"]


def insn_figures():
    insns = ("w.insns",)

    def of(measure, below, scale):
        return per("insns-" + measure, insns, below, scale)

    for size in (64, 1400):
        udp, send = (of(f"floor-{x}-{size}", APP, 1e-3)
                     for x in ("udp", "send"))
        for way, name, got, floor in (
                ("down", f"udp-dl-{size}", APP, minus(udp, send)),
                ("up", f"udp-ul-{size}", SINK, send)):
            yield Figure(f"insns-{name}",
                         f"UDP {way} {size}, 10 k/s: instructions",
                         "1000/packet", "insns-" + name, of(name, got, 1e-3),
                         floor=floor)
    for way, name, got in (("down", "udp-dl-1400-flood", APP),
                           ("up", "udp-ul-1400-flood", SINK)):
        yield Figure(f"insns-{name}",
                     f"UDP {way} 1400, full rate: instructions",
                     "1000/packet", "insns-" + name, of(name, got, 1e-3))
    for title, name, got in (("TCP down", "tcp-dl", BYTES),
                             ("TCP up", "tcp-ul", TCP_IN),
                             ("TCP between two sessions", "tcp-sessions",
                              BYTES)):
        yield Figure(f"insns-{name}", f"{title}: instructions", "million/MB",
                     "insns-" + name, of(name, got, 1.0),
                     floor=of("floor-tcp", BYTES, 1.0))


def figures():
    yield Figure("ping", "Idle ping", "ms", "ping",
                 median_of("ping", "ping.ms"),
                 floor=median_of("floor-ping", "ping.ms"))
    yield Figure("machine", "  of it from doorbell to interrupt, for the guest",
                 "ms", "ping", scaled(median_of("ping", "machine.us"), 1e-3))
    yield Figure("turn", "  of it from doorbell to interrupt, in the modem",
                 "ms", "ping", counter("ping", "modem.turn.median", 1e-3))
    yield Figure("ping-loaded", "Ping, another session uploads", "ms",
                 "ping-loaded", median_of("ping-loaded", "ping.ms"))
    yield from udp_figures()
    yield from tcp_figures()
    yield from insn_figures()
    yield from event_figures()
    yield from rate_figures()
    yield Figure("ready", "Module loaded to modem ready", "ms", "probe",
                 counter("probe", "ready.us", 1e-3))
    before = counter("memory", "before", 1 / 1024)
    yield Figure("memory-idle", "Memory held, idle", "MiB", "memory",
                 minus(counter("memory", "idle", 1 / 1024), before))
    for key, title, name in (("dl", "down", "memory-dl"),
                             ("ul", "up", "memory-ul")):
        yield Figure(f"memory-{key}", f"Memory held, full rate {title}", "MiB",
                     name, minus(counter(name, "w.held", 1 / 1024), before))
    down = [f"udp-dl-{s}{f}" for s in SIZES for f in ("", "-flood")]
    up = [f"udp-ul-{s}{f}" for s in SIZES for f in ("", "-flood")]
    # Down and up have their own for a stall of one not to hide the other.
    yield Figure("lost-dl", "Packets lost in the driver, all UDP down", "",
                 down[-1], lost(down, lost_down))
    yield Figure("lost-ul", "Packets lost in the driver, all UDP up", "",
                 up[-1], lost(up, lost_up))
    yield Figure("died-dl", "Packets that died behind the driver, down", "",
                 down[-1], lost(down, lambda m: m.get("t.udp.rcvbuf") +
                                m.get("t.softnet.dropped")))


def measures(insns=False):
    """Names of all measures that a figure is made of, for the guest."""
    names = {x.measure for x in figures()}
    return sorted(x.removeprefix("insns-") for x in names
                  if x.startswith("insns-") == insns)


def unknown(names):
    """Those of names that neither a figure nor a floor is made of."""
    known = {*measures(), *measures(True)}
    return [x for x in names if x not in known and not x.startswith("floor-")]


# ---- statistics --------------------------------------------------------------

class Values:
    """One figure of one driver and flavour over all pairs."""

    def __init__(self, by_pair):
        self.by_pair = by_pair                  # {pair: number or STALL}
        self.stalls = sum(v == STALL for v in by_pair.values())
        self.numbers = [v for v in by_pair.values()
                        if v is not None and v != STALL]

    def median(self):
        return statistics.median(self.numbers) if self.numbers else None

    def text(self):
        if not self.numbers:
            return STALL if self.stalls else "n/a"
        t = number(self.median())
        if len(self.numbers) > 1:
            t += f" ({number(min(self.numbers))} to {number(max(self.numbers))})"
        if self.stalls:
            t += f", {self.stalls} of {len(self.by_pair)} stall"
        return t


def number(v):
    if v is None:
        return "n/a"
    if v == 0 or float(v).is_integer() and abs(v) < 1e6:
        return f"{v:.0f}"
    digits = 0 if abs(v) >= 100 else 1 if abs(v) >= 10 else 2
    if abs(v) < 0.1:
        digits = 3
    return f"{v:.{digits}f}"


class Line:
    """A figure in one flavour: both drivers, the floor, pair by pair."""

    def __init__(self, figure, flavour, runs):
        self.figure = figure
        self.flavour = flavour
        pick = {d: {p: figure.of(r) for (p, driver, f), r in runs.items()
                    if driver == d and f == flavour} for d in (OURS, REF)}
        self.ours = Values(pick[OURS])
        self.ref = Values(pick[REF])
        floors = [figure.floor(r) for (_, _, f), r in runs.items()
                  if f == flavour] if figure.floor else []
        self.floor = Values(dict(enumerate(floors)))
        # How many times better we are, in the pairs that have both.
        self.gains = []
        for p in sorted(pick[OURS]):
            a, b = pick[OURS][p], pick[REF].get(p)
            if None in (a, b) or STALL in (a, b):
                continue
            gain = ratio(a, b) if figure.up else ratio(b, a)
            if gain is not None and gain > 0:
                self.gains.append(gain)

    def gain(self):
        return statistics.median(self.gains) if self.gains else None

    def gain_text(self):
        if not self.gains:
            return "n/a"
        t = number(self.gain())
        if len(self.gains) > 1:
            t += f" ({number(min(self.gains))} to {number(max(self.gains))})"
        return t

    def cells(self):
        return [self.figure.title, self.figure.unit, self.ours.text(),
                self.ref.text(), self.gain_text(),
                number(self.floor.median())]

    def empty(self):
        return not (self.ours.numbers or self.ours.stalls or
                    self.ref.numbers or self.ref.stalls)


# ---- marks -------------------------------------------------------------------

GAIN_MARKS = (
    ("Idle ping", ("ping",), 5),
    ("Ping while another session uploads", ("ping-loaded",), 5),
    ("TCP down, CPU per MB", ("tcp-dl-cpu",), 2.5),
    ("UDP 1400 down, CPU per packet", ("udp-dl-1400-cpu",
                                       "udp-dl-1400-flood-cpu"), 2),
    ("UDP 64 and 1400 down, received under overload",
     ("udp-dl-64-flood-rate", "udp-dl-1400-flood-rate"), 1.5),
    ("TCP between two sessions", ("tcp-sessions-rate",), 3),
    ("TCP and UDP 1400 up, CPU per MB", ("tcp-ul-cpu",
                                         "udp-ul-1400-flood-cpu"), 2),
    ("Interrupts + doorbells at full rate", ("udp-dl-1400-flood-events",
                                             "udp-ul-1400-flood-events"), 2),
)


def by_insns(lines, line):
    """What the instructions say, which no other load of the machine moves."""
    key = line.figure.key
    other = lines.get((line.flavour, "insns-" + key.removesuffix("-cpu")))
    if not key.endswith("-cpu") or other is None or other.gain() is None:
        return ""
    return f" (instructions: {number(other.gain())})"


def marks(lines):
    """Yield (name, wanted, reached, met) where there is something to judge;
    lines is {(flavour, key): Line}."""
    for name, keys, want in GAIN_MARKS:
        found = [lines[FLAVOURS[0], k] for k in keys
                 if (FLAVOURS[0], k) in lines]
        found = [x for x in found if not x.empty()]
        if not found:
            continue
        good, words = True, []
        for line in found:
            gain = line.gain()
            if line.ours.stalls or not line.ours.numbers:
                good = False
                words.append("ours stalls")
            elif gain is None and line.ref.stalls:
                words.append("the reference stalls")
            else:
                good = good and gain is not None and gain >= want
                words.append(number(gain) + by_insns(lines, line))
        yield name, f"{want} times better", ", ".join(words), good
    yield from other_marks(lines)


def other_marks(lines):
    def line(flavour, key):
        found = lines.get((flavour, key))
        return found if found and not found.empty() else None

    # The modem's turnaround is what the guest has to wait for: the doorbell's
    # and the interrupt's way through the machine are in it.
    ping, turn = (line(FLAVOURS[0], k) for k in ("ping", "machine"))
    if ping and turn and ping.ours.numbers and turn.ours.numbers:
        have, limit = ping.ours.median(), 2 * turn.ours.median()
        yield ("Idle ping within 2 x doorbell to interrupt",
               f"{number(limit)} ms", f"{number(have)} ms", have <= limit)
    for size in (64, 1400):
        flood = line("lite", f"udp-dl-{size}-flood-rate")
        if flood:
            have = min(flood.ours.numbers) if flood.ours.numbers else 0
            yield (f"No collapse in Lite, UDP {size} down", "10 k/s or more",
                   f"{number(have)} k/s", have >= 10 and not flood.ours.stalls)
    found = [x for x in (line(f, "tcp-sessions-rate") for f in FLAVOURS)
             if x and x.ours.by_pair]
    if found:
        stalls = sum(x.ours.stalls for x in found)
        yield ("TCP between two sessions, stalls in both flavours", "0",
               str(stalls), stalls == 0)
    gone = [v for f in FLAVOURS for k in ("lost-dl", "lost-ul")
            if line(f, k) for v in line(f, k).ours.numbers]
    if gone:
        worst = max(gone, key=abs)
        yield ("Packets lost inside the driver", "0", number(worst),
               worst == 0)


# ---- output ------------------------------------------------------------------

HEAD = ("", "unit", "ours", "reference", "times better", "floor")


def text_table(rows):
    width = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    for r in rows:
        yield "  ".join(c.ljust(w) for c, w in zip(r, width)).rstrip()


def quoted(cell):
    """A cell of csv-table: a comma and a quote must not end it."""
    return '"' + cell.strip().replace('"', '""') + '"'


def rst_table(rows, title):
    yield f".. csv-table:: {title}"
    yield "   :header: " + ", ".join(quoted(c) for c in rows[0])
    yield ""
    for r in rows[1:]:
        yield "   " + ", ".join(quoted(c) for c in r)
    yield ""


def busy(runs, flavour):
    """Who used the processors in each window, in percent of one: the guest,
    the rest of QEMU, the modem; of ours, then of the reference."""
    found = {}
    for (_, driver, f), run in runs.items():
        for name, m in run.items():
            if f != flavour or "w.cpu.guest" not in m.values:
                continue
            if name.startswith(("insns-", "floor-")):
                continue
            found.setdefault(name, {}).setdefault(driver, []).append(
                [100 * ratio(m.get("w.cpu." + who), m.get("w.ns"))
                 for who in ("guest", "qemu", "modem")])
    for name, by_driver in found.items():
        row = [name]
        for driver in (OURS, REF):
            shares = by_driver.get(driver)
            row += [f"{statistics.median(x):.0f}" for x in zip(*shares)] \
                if shares else ["n/a"] * 3
        yield row


class Report:
    def __init__(self, runs, about=()):
        self.runs = runs
        self.about = list(about)
        self.lines = {(f, x.key): Line(x, f, runs)
                      for f in FLAVOURS for x in figures()}
        self.flavours = [f for f in FLAVOURS
                         if any(k[2] == f for k in runs)]
        self.pairs = len({k[0] for k in runs})
        self.marks = list(marks(self.lines))

    def of(self, flavour):
        return [x for (f, _), x in self.lines.items()
                if f == flavour and not x.empty()]

    def title(self, flavour):
        return (f"{flavour.capitalize()}, {self.pairs} pair"
                f"{'s' * (self.pairs != 1)}: median (least to most)")

    def mark_rows(self):
        return [("mark", "wanted", "reached", "")] + [
            (name, want, have, "met" if good else "MISSED")
            for name, want, have, good in self.marks]

    def text(self):
        out = list(self.about)
        for f in self.flavours:
            out += ["", self.title(f)]
            out += text_table([HEAD] + [x.cells() for x in self.of(f)])
            out += ["", f"{f.capitalize()}: who was busy, percent of one "
                    "processor (ours, then the reference)"]
            out += text_table([["", "guest", "QEMU", "modem"] +
                               ["guest", "QEMU", "modem"],
                               *busy(self.runs, f)])
        if self.marks:
            out += [""] + list(text_table(self.mark_rows()))
            met = sum(m[3] for m in self.marks)
            out += ["", f"{met} of {len(self.marks)} marks met"]
        return "\n".join(out) + "\n"

    def rst(self):
        out = []
        if self.about:
            out += [". ".join(self.about) + ".", ""]
        for f in self.flavours:
            out += rst_table([HEAD] + [x.cells() for x in self.of(f)
                                       if not x.figure.detail()],
                             self.title(f))
        if self.marks:
            out += rst_table(self.mark_rows(), "Marks, in Aggregation where "
                             "nothing else is said")
        return "\n".join(out)

    def csv(self, file):
        w = csv.writer(file)
        w.writerow(("flavour", "figure", "unit", "driver", "pair", "value"))
        for (flavour, key), line in self.lines.items():
            for driver, values in ((OURS, line.ours), (REF, line.ref)):
                for pair, v in sorted(values.by_pair.items()):
                    if v is not None:
                        w.writerow((flavour, key, line.figure.unit, driver,
                                    pair, v))


# ---- picture -----------------------------------------------------------------

COLOURS = {"aggregation": "#1b6ca8", "lite": "#d1702f"}


def svg(report):
    """For every figure, how many times better we are: the median as a dot,
    the pairs as a line; logarithmic."""
    import math
    rows = [(x, [report.lines[f, x.key] for f in report.flavours
                 if report.lines[f, x.key].gains]) for x in figures()
            if x.key not in ("turn", "machine")]
    rows = [r for r in rows if r[1]]
    wanted = {k: want for _, keys, want in GAIN_MARKS for k in keys}
    left, right, step, top = 330, 620, 18, 58
    height = top + step * len(rows) + 30
    low, high = math.log(0.1), math.log(100)

    def x_of(v):
        return left + (min(max(math.log(v), low), high) - low) \
            / (high - low) * right

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right + 30}"'
           f' height="{height}" font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>',
           '<text x="10" y="20" font-size="15">Times better than the reference'
           f' driver ({report.pairs} pairs: median, least to most)</text>']
    for i, f in enumerate(report.flavours):
        out.append(f'<circle cx="{left + 110 * i}" cy="36" r="4" '
                   f'fill="{COLOURS[f]}"/><text x="{left + 8 + 110 * i}" '
                   f'y="40">{f}</text>')
    out.append(f'<line x1="{left + 230}" y1="30" x2="{left + 230}" y2="42" '
               'stroke="#2a2" stroke-width="3"/>'
               f'<text x="{left + 238}" y="40">mark</text>')
    for v in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100):
        x = x_of(v)
        out.append(f'<line x1="{x:.1f}" y1="{top - 8}" x2="{x:.1f}" '
                   f'y2="{height - 22}" stroke="{"#555" if v == 1 else "#ddd"}"'
                   f'/><text x="{x:.1f}" y="{height - 8}" '
                   f'text-anchor="middle">{v:g}</text>')
    for i, (figure, lines) in enumerate(rows):
        y = top + step * i + 4
        out.append(f'<text x="{left - 10}" y="{y + 4}" text-anchor="end">'
                   f'{figure.title.strip().replace("&", "&amp;")}</text>')
        if figure.key in wanted:
            x = x_of(wanted[figure.key])
            out.append(f'<line x1="{x:.1f}" y1="{y - 7}" x2="{x:.1f}" '
                       f'y2="{y + 7}" stroke="#2a2" stroke-width="3"/>')
        for j, line in enumerate(lines):
            yy = y + (j * 6 - 3 if len(lines) > 1 else 0)
            colour = COLOURS[line.flavour]
            a, b = x_of(min(line.gains)), x_of(max(line.gains))
            out.append(f'<line x1="{a:.1f}" y1="{yy}" x2="{b:.1f}" y2="{yy}" '
                       f'stroke="{colour}" stroke-width="2"/>'
                       f'<circle cx="{x_of(line.gain()):.1f}" cy="{yy}" '
                       f'r="3.5" fill="{colour}"/>')
    out.append("</svg>")
    return "\n".join(out) + "\n"
