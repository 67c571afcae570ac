#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Self-test of report.py: figures, statistics and marks of made-up runs."""

import csv
import io
import os
import subprocess
import sys
import tempfile
import unittest
import xml.dom.minidom

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import report   # noqa: E402


def run(pair, driver, flavour="aggregation", **measures):
    """Rows of a run: measure=text, as the guest's script prints it."""
    for measure, text in measures.items():
        out = f"== {measure.replace('_', '-')}\n{text}"
        for row in report.parse(out):
            yield (pair, driver, flavour, *row)


def ping(*times):
    return "".join(f"ping.ms {t}\n" for t in times)


def udp(received, cpu, sent=None, rcvbuf=0, softnet=0):
    """A second of it; in "t." twice as much."""
    sent = received if sent is None else sent
    return (f"w.ns 1000000000\nw.cpu.guest {cpu}\nw.app.0.packets {received}\n"
            f"w.modem.msi 30\nw.modem.doorbell.0 10\n"
            f"w.modem.session.0.dl.packets {sent}\n"
            f"w.modem.session.0.sink.packets {received}\n"
            f"t.ns 2\nt.app.0.packets {2 * received}\n"
            f"t.modem.session.0.dl.packets {2 * sent}\n"
            f"t.modem.session.0.sink.packets {2 * received}\n"
            f"t.udp.rcvbuf {rcvbuf}\nt.softnet.dropped {softnet}\n")


def tcp(bytes_, cpu, still=0):
    return (f"w.ns 1000000000\nw.cpu.guest {cpu}\nw.app.0.bytes {bytes_}\n"
            f"w.modem.session.0.tcp.in {bytes_}\nw.still-ms {still}\n")


def made(*runs):
    rows = [row for r in runs for row in r]
    # Values pass through a file, as they do in earnest.
    return report.Report(report.load([[str(x) for x in r] for r in rows]))


def mark(r, name):
    found = [m for m in r.marks if m[0].startswith(name)]
    return found[0] if found else None


class Figures(unittest.TestCase):
    def line(self, r, key, flavour="aggregation"):
        return r.lines[flavour, key]

    def test_parse(self):
        rows = list(report.parse("junk 1\n== a\nx 1\nfoo\ny 2.5\nz word\n"
                                 "== b\nx 3\n"))
        self.assertEqual(rows, [("a", "x", 1), ("a", "y", 2.5), ("b", "x", 3)])

    def test_median_over_pings_then_pairs(self):
        r = made(run(1, "ours", ping=ping(1, 2, 9)),
                 run(1, "reference", ping=ping(10, 20, 90)),
                 run(2, "ours", ping=ping(4)), run(2, "reference", ping=ping(8)),
                 run(3, "ours", ping=ping(3)),
                 run(3, "reference", ping=ping(30)))
        line = self.line(r, "ping")
        self.assertEqual(line.ours.median(), 3)
        self.assertEqual(line.ref.median(), 20)
        # Pair by pair: 10, 2, 10; not 20 / 3
        self.assertEqual(sorted(line.gains), [2, 10, 10])
        self.assertEqual(line.gain(), 10)
        self.assertEqual(line.gain_text(), "10 (2 to 10)")

    def test_more_is_better_turns_the_ratio(self):
        r = made(run(1, "ours", udp_dl_64_flood=udp(60000, 1e9)),
                 run(1, "reference", udp_dl_64_flood=udp(20000, 1e9)))
        line = self.line(r, "udp-dl-64-flood-rate")
        self.assertEqual(line.ours.median(), 60)
        self.assertEqual(line.gain(), 3)
        self.assertAlmostEqual(
            self.line(r, "udp-dl-64-flood-cpu").ours.median(), 1e6 / 60000)

    def test_events_per_thousand(self):
        r = made(run(1, "ours", udp_dl_1400_flood=udp(8000, 1, sent=20000)))
        self.assertEqual(
            self.line(r, "udp-dl-1400-flood-events").ours.median(), 5)

    def test_floor_of_the_way_up(self):
        floor = "w.cpu.guest {}\nw.app.0.packets 1000\n"
        r = made(run(1, "ours", udp_dl_64=udp(10, 1),
                     floor_udp_64=floor.format(40e6),
                     floor_send_64=floor.format(15e6)))
        self.assertEqual(self.line(r, "udp-dl-64-cpu").floor.median(), 25)

    def test_instructions(self):
        r = made(run(1, "ours", insns_udp_dl_1400="w.insns 6e6\n"
                     "w.app.0.packets 1000\n"),
                 run(1, "reference", insns_udp_dl_1400="w.insns 9e6\n"
                     "w.app.0.packets 500\n"))
        line = self.line(r, "insns-udp-dl-1400")
        self.assertEqual(line.ours.median(), 6)
        self.assertEqual(line.gain(), 3)

    def test_busy(self):
        text = ("w.ns 1000000000\nw.cpu.guest 1500000000\n"
                "w.cpu.modem 250000000\n")
        r = made(run(1, "ours", tcp_dl=text))
        self.assertEqual(list(report.busy(r.runs, "aggregation")),
                         [["tcp-dl", "150", "0", "25", "n/a", "n/a", "n/a"]])
        self.assertEqual(list(report.busy(r.runs, "lite")), [])

    def test_stall(self):
        r = made(run(1, "ours", tcp_sessions=tcp(9e6, 1e6)),
                 run(1, "reference", tcp_sessions=tcp(1e6, 1e6, still=900)),
                 run(2, "ours", tcp_sessions=tcp(9e6, 1e6, still=100)),
                 run(2, "reference", tcp_sessions=tcp(3e6, 1e6)))
        line = self.line(r, "tcp-sessions-rate")
        self.assertEqual(line.ref.stalls, 1)
        self.assertEqual(line.gains, [3])
        self.assertIn("1 of 2 stall", line.ref.text())
        self.assertIn("72", line.ours.text())

    def test_nothing_measured(self):
        r = made(run(1, "ours", ping=ping(1)))
        self.assertTrue(self.line(r, "tcp-dl-cpu").empty())
        self.assertEqual(self.line(r, "ping").gain_text(), "n/a")
        self.assertNotIn("TCP down", r.text())

    def test_unknown_measures(self):
        self.assertEqual(report.unknown(["ping", "floor-tcp", "udp-dl-64",
                                         "udp-ul-1900-a-second"]), [])
        self.assertEqual(report.unknown(["nosuch", "ping"]), ["nosuch"])

    def test_unknown_measure_leaves_the_report_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            old = os.path.join(folder, "report.txt")
            with open(old, "w", encoding="utf-8") as f:
                f.write("old")
            p = subprocess.run([os.path.join(HERE, "run"), "--out", folder],
                               env={**os.environ, "MEASURES": "nosuch"},
                               capture_output=True, text=True, check=False)
            self.assertEqual(p.returncode, 2)
            self.assertIn("no measure nosuch", p.stderr)
            with open(old, encoding="utf-8") as f:
                self.assertEqual(f.read(), "old")

    def test_help_names_all_measures(self):
        p = subprocess.run([os.path.join(HERE, "run"), "--help"],
                           capture_output=True, text=True, check=False)
        self.assertEqual(p.returncode, 0)
        self.assertEqual(set(report.measures()) - set(p.stdout.split()), set())

    def test_events_a_second(self):
        r = made(run(1, "ours", **{"udp-ul-1000-a-second": udp(1000, 1)}))
        self.assertEqual(self.line(r, "udp-ul-1000-a-second").ours.median(), 40)

    def test_measures(self):
        self.assertIn("tcp-sessions", report.measures())
        self.assertIn("probe", report.measures())
        self.assertNotIn("probe", report.measures(insns=True))
        self.assertTrue(set(report.measures(insns=True)) <=
                        set(report.INSN_MEASURES))

    def test_dead_and_killed_stall(self):
        for word in ("dead 1\n", "status 124\n"):
            r = made(run(1, "ours", tcp_dl=tcp(1e6, 1) + word))
            self.assertEqual(self.line(r, "tcp-dl-cpu").ours.stalls, 1)


class Lost(unittest.TestCase):
    def lost(self, key, **measures):
        return made(run(1, "ours", **measures)).lines[
            "aggregation", key].ours.numbers

    def test_down(self):
        # 100 sent and 80 received in the window: 40 are gone in all
        self.assertEqual(self.lost("lost-dl", udp_dl_1400_flood=udp(
            80, 1, sent=100, rcvbuf=30, softnet=9)), [1])
        self.assertEqual(self.lost("lost-dl", udp_dl_1400_flood=udp(
            80, 1, sent=100, rcvbuf=31, softnet=9), udp_dl_64=udp(5, 1)), [0])

    def test_up(self):
        self.assertEqual(self.lost("lost-ul", udp_ul_1400_flood=udp(80, 1)),
                         [0])
        self.assertEqual(self.lost(
            "lost-ul", udp_ul_1400_flood="t.ns 1\nt.app.0.packets 5\n"
            "t.modem.session.0.ul.packets 5\n"
            "t.modem.session.0.sink.packets 3\n"), [2])


class Marks(unittest.TestCase):
    def test_gain(self):
        for times, met in ((5.0, True), (4.9, False)):
            r = made(run(1, "ours", ping=ping(1)),
                     run(1, "reference", ping=ping(times)))
            self.assertEqual(mark(r, "Idle ping")[3], met)

    def test_all_of_a_mark_count(self):
        for up, met in ((3e6, True), (1.9e6, False)):
            r = made(run(1, "ours", tcp_ul=tcp(1e6, 1e6),
                         udp_ul_1400_flood=udp(1000, 1e6)),
                     run(1, "reference", tcp_ul=tcp(1e6, up),
                         udp_ul_1400_flood=udp(1000, 2e6)))
            self.assertEqual(mark(r, "TCP and UDP 1400 up")[3], met)

    def test_only_aggregation_has_gain_marks(self):
        r = made(run(1, "ours", "lite", ping=ping(1)),
                 run(1, "reference", "lite", ping=ping(50)))
        self.assertIsNone(mark(r, "Idle ping"))

    def test_our_stall_misses(self):
        r = made(run(1, "ours", tcp_sessions=tcp(0, 1, still=1000)),
                 run(1, "reference", tcp_sessions=tcp(1e6, 1)))
        self.assertFalse(mark(r, "TCP between two sessions")[3])
        self.assertFalse(mark(r, "TCP between two sessions, stalls")[3])

    def test_stall_of_the_reference_meets(self):
        r = made(run(1, "ours", tcp_sessions=tcp(1e6, 1)),
                 run(1, "reference", tcp_sessions=tcp(0, 1, still=1000)))
        self.assertTrue(mark(r, "TCP between two sessions")[3])

    def test_a_stall_in_lite_misses(self):
        r = made(run(1, "ours", tcp_sessions=tcp(1e6, 1)),
                 run(1, "ours", "lite", tcp_sessions=tcp(0, 1, still=1000)))
        self.assertFalse(mark(r, "TCP between two sessions, stalls")[3])

    def test_collapse(self):
        for packets, met in ((20000, True), (1400, False)):
            r = made(run(1, "ours", "lite",
                         udp_dl_1400_flood=udp(packets, 1)))
            self.assertEqual(mark(r, "No collapse in Lite, UDP 1400")[3], met)

    def test_lost(self):
        r = made(run(1, "ours", udp_dl_1400_flood=udp(10, 1, sent=11)))
        self.assertFalse(mark(r, "Packets lost")[3])
        r = made(run(1, "ours", udp_dl_1400_flood=udp(10, 1)))
        self.assertTrue(mark(r, "Packets lost")[3])
        # What the reference loses is not our mark.
        r = made(run(1, "reference", udp_dl_1400_flood=udp(10, 1, sent=11)))
        self.assertIsNone(mark(r, "Packets lost"))


class Output(unittest.TestCase):
    def setUp(self):
        self.r = made(*(run(p, d, f, ping=ping(p), tcp_dl=tcp(1e6 * p, 1e6))
                        for p in (1, 2) for d in ("ours", "reference")
                        for f in ("aggregation", "lite")))

    def test_text(self):
        text = self.r.text()
        self.assertIn("Aggregation, 2 pairs", text)
        self.assertIn("Lite, 2 pairs", text)
        self.assertRegex(text, r"\d+ of \d+ marks met")

    def test_rst_tables(self):
        rst = self.r.rst()
        self.assertEqual(rst.count(".. csv-table::"), 3)
        tables = rst.split(".. csv-table::")[1:]
        for table, width in zip(tables, (6, 6, 4)):
            lines = [x.strip() for x in table.split("\n")[1:] if x.strip()]
            lines[0] = lines[0].replace(":header: ", "")
            for row in csv.reader(lines, skipinitialspace=True):
                self.assertEqual(len(row), width)

    def test_svg(self):
        doc = xml.dom.minidom.parseString(report.svg(self.r))
        self.assertGreater(len(doc.getElementsByTagName("circle")), 4)

    def test_csv(self):
        out = io.StringIO()
        self.r.csv(out)
        self.assertIn("lite,ping,ms,reference,2,2.0", out.getvalue())


if __name__ == "__main__":
    unittest.main()
