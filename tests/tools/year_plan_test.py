#!/usr/bin/env python3
"""A seed gives one year, and the counts are those of what is written."""

import collections
import pathlib
import re
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tools/year"))
import plan as year


def values(words):
    return dict(word.split("=", 1) for word in words if "=" in word)


class PlanTest(unittest.TestCase):
    def setUp(self):
        self.plan = year.Plan(2025)

    def test_the_same_seed_gives_the_same_year(self):
        again = year.Plan(2025)
        self.assertEqual(self.plan.events, again.events)
        self.assertEqual(self.plan.counts, again.counts)
        self.assertNotEqual(self.plan.events, year.Plan(2026).events)

    def test_time_never_falls_and_the_year_ends(self):
        minutes = [event[0] for event in self.plan.events]
        self.assertEqual(minutes, sorted(minutes))
        self.assertGreaterEqual(minutes[0], 0)
        self.assertLess(minutes[-1], 365 * year.DAY)

    def test_nothing_is_named_before_it_is_there(self):
        known = {"note"}
        for _, _, _, words, name in self.plan.events:
            for ref in re.findall(r"\{([^}.]+)", " ".join(words)):
                self.assertIn(ref, known)
            if name:
                self.assertNotIn(name, known)
                known.add(name)

    def counted(self, what):
        return sum(number for key, number in self.plan.counts.items() if key.split(" ")[0] == what)

    def test_counts_are_those_of_what_is_written(self):
        written = collections.Counter()
        for _, _, _, words, _ in self.plan.events:
            said = values(words)
            if words[:2] == ["operation", "new"]:
                written["drills" if "--drill" in words else "operations"] += 1
            for word, form in (("trainings", "KH-TRAINING"), ("assessments", "KH-ASSESSMENT"),
                               ("accused", "KH-ACCUSED"), ("reintegrated", "KH-REINTEGRATION"),
                               ("incidents", "KH-INCIDENT"), ("campaigns", "KH-CAMPAIGN")):
                written[word] += form in words
            written["leads"] += words[:2] == ["lead", "new"]
            written["services"] += words[:2] == ["service", "add"]
            written["followups"] += words[:2] == ["followup", "add"]
            written["court_cases"] += words[:2] == ["justice", "new"]
            written["rescued"] += words[:2] == ["intake", "new"]
            written["charges_decided"] += "outcome" in said and "decided_at" in said
            written["plans_approved"] += said.get("status") == "approved"
        for what, number in written.items():
            if what != "rescued":
                self.assertEqual(self.counted(what), number, what)
        self.assertEqual(self.counted("rescued"), written["rescued"])
        self.assertGreater(self.counted("rescued"), 30)
        self.assertGreater(self.counted("operations"), 10)

    def test_everybody_is_there(self):
        who = {event[2] for event in self.plan.events}
        self.assertEqual(who, {f"{short.lower()}-{role}" for short in year.PROVINCES.values()
                               for role in year.PEOPLE})


if __name__ == "__main__":
    unittest.main()
