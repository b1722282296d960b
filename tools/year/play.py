#!/usr/bin/env python3
"""Plays a synthetic year of two provinces with the shipped programs; tools/demo --year.

Time passes for kapead, kapea-ca, kapea-admin and kapea by a library that is loaded before
them (clock_preload.cc): one file says how far their clock is from the machine's.
"""

import argparse
import collections
import datetime
import json
import mmap
import os
import pathlib
import re
import secrets
import signal
import socket
import struct
import subprocess
import sys
import time

import plan as year

FIRST_DAY = datetime.datetime(2025, 10, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=7)))
RENEW_EVERY = 60 * year.DAY  # a server's certificate lasts 90 days
SYNC_EVERY = 14 * year.DAY  # a device's lasts 30, and is renewed at a sync after 7
IDLE = "12h"
AGENTS_WAIT = 60


class Refused(Exception):
    """A program said no; what it said."""


class Clock:
    """What the programs believe, as minutes since midnight of the first day."""

    def __init__(self, file, library):
        self.file, self.library, self.offset = file, library, None
        file.write_bytes(bytes(8))
        with open(file, "r+b") as opened:
            self.page = mmap.mmap(opened.fileno(), 8)
        self.set(0)

    def set(self, minute):
        wanted = int((FIRST_DAY.timestamp() + 60 * minute) * 10**9) - time.time_ns()
        # It never goes back: what the commands before took stays spent.
        self.offset = wanted if self.offset is None else max(self.offset, wanted)
        struct.pack_into("=q", self.page, 0, self.offset)

    def variables(self):
        return {"LD_PRELOAD": str(self.library), "KAPEA_YEAR_CLOCK": str(self.file)}


class Town:
    """The deployment, its server and its people's devices."""

    def __init__(self, folder, programs, packs):
        self.folder, self.programs, self.packs = folder, programs, packs
        self.clock = Clock(folder / "clock", programs.parent / "lib/libkapea_year_clock.so")
        self.server = None
        self.note = folder / "note.txt"
        self.note.write_text("An invented document of the demonstration.\n")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"

    def run(self, *words, text=None):
        done = subprocess.run([str(word) for word in words], env=self.environment(), input=text,
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Refused((done.stderr or done.stdout).strip())
        return done.stdout

    def environment(self):
        return {**os.environ, **self.clock.variables()}

    def admin(self, *words):
        return self.run(self.programs / "kapea-admin", "--dir", self.folder / "deployment",
                        "--registrar-passphrase-file", self.folder / "registrars.pass", *words)

    def kapea(self, who, *words, text=None):
        home = self.folder / who
        return self.run(self.programs / "kapea", "--vault", home / "vault", "--passphrase-file",
                        home / "pass", *words, text=text)

    def secret(self, file):
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(18) + "\n")

    def found(self):
        for name in ("server.pass", "registrars.pass"):
            self.secret(self.folder / name)
        self.admin("init", "--server", self.address, "--passphrase-file", self.folder / "server.pass")
        self.admin("serve-config", "--passphrase-file", self.folder / "server.pass")
        self.give_time_to_the_ca()
        self.start()
        for short, province in ((short, code) for code, short in year.PROVINCES.items()):
            for unit, kind in year.UNITS.items():
                self.admin("unit", "add", "--code", f"{short}-{unit}", "--kind", kind, "--province", province)
        self.admin("pack", "sign", self.packs, "--out", self.folder / "kh.pack")
        self.admin("pack", "publish", self.folder / "kh.pack")
        self.enrol()

    def give_time_to_the_ca(self):
        """kapead starts kapea-ca without an environment: a script gives it ours."""
        script = self.folder / "kapea-ca"
        lines = [f"export {name}='{value}'" for name, value in self.clock.variables().items()]
        script.write_text("\n".join(["#!/bin/sh", *lines, f"exec '{self.programs}/kapea-ca' \"$@\"", ""]))
        script.chmod(0o755)
        config = self.folder / "deployment/server/kapead.textproto"
        # A device does here in seconds what it does in weeks.
        limits = "limits { calls_per_second: 10000 calls_burst: 10000 }\n"
        text = re.sub(r"^ca \{", f'ca {{\n  program: "{script}"', config.read_text(), flags=re.M)
        config.write_text(text + limits)

    def enrol(self):
        for province, short in year.PROVINCES.items():
            for role, roles in year.PEOPLE.items():
                who = f"{short.lower()}-{role}"
                (self.folder / who).mkdir()
                self.secret(self.folder / who / "pass")
                words = [word for text in roles for word in ("--role", text.format(short))]
                code = self.folder / who / "code"
                self.admin("enrol", *words, "--out", code)
                self.kapea(who, "enrol", "--code", code)
                code.unlink()
        self.admin("approve", "all")
        for who in self.people():
            self.kapea(who, "unlock", "--idle", IDLE)
            self.kapea(who, "sync")

    def people(self):
        return [f"{short.lower()}-{role}" for short in year.PROVINCES.values() for role in year.PEOPLE]

    def start(self):
        address = self.folder / "deployment/server/address"
        address.unlink(missing_ok=True)
        with open(self.folder / "kapead.out", "ab") as out:
            self.server = subprocess.Popen(
                [self.programs / "kapead", "--config", self.folder / "deployment/server/kapead.textproto"],
                env=self.environment(), stdout=out, stderr=out)
        (self.folder / "kapead.pid").write_text(f"{self.server.pid}\n")
        until = time.monotonic() + AGENTS_WAIT
        while not address.exists():
            if self.server.poll() is not None or time.monotonic() > until:
                raise Refused("kapead did not start: " + (self.folder / "kapead.out").read_text()[-500:])
            try:
                self.server.wait(0.05)
            except subprocess.TimeoutExpired:
                pass

    def stop(self):
        if self.server and self.server.poll() is None:
            self.server.send_signal(signal.SIGTERM)
            self.server.wait(AGENTS_WAIT)

    def renew(self):
        self.admin("renew-server", "--passphrase-file", self.folder / "server.pass")
        self.stop()
        self.start()

    def describe(self):
        """Where everything is, as the plain demonstration says it."""
        devices = []
        for who in self.people():
            home = self.folder / who
            self.kapea(who, "certificate", "--out-certificate", home / "tls.pem", "--out-key", home / "tls.key")
            me = json.loads(self.kapea(who, "--json", "whoami"))
            devices.append({"person": me["person"], "role": me["roles"][0]["role"],
                            "unit": me["roles"][0]["unit"], "device": me["device"], "name": who,
                            "vault": str(home / "vault"), "passphrase_file": str(home / "pass"),
                            "certificate": str(home / "tls.pem"), "key": str(home / "tls.key")})
        facts = {"server": self.address, "ca": str(self.folder / "deployment/ca/root.pem"),
                 "devices": devices}
        (self.folder / "deployment.json").write_text(json.dumps(facts, indent=1) + "\n")

    def lock(self):
        for who in self.people():
            if (self.folder / who / "vault").exists():
                try:
                    self.kapea(who, "lock")
                except Refused:
                    pass

    def close(self):
        self.lock()
        self.stop()


class Player:
    """Carries a plan out: what one person does at one moment is one batch."""

    def __init__(self, town, the_plan, tell):
        self.town, self.plan, self.tell = town, the_plan, tell
        self.names = {"note": str(town.note)}
        self.refused = collections.Counter()
        self.renewed = 0
        self.synced = dict.fromkeys(town.people(), 0)

    def play(self):
        began, month = time.monotonic(), 0
        for (minute, who), commands in self.batches():
            self.keep_alive(minute)
            day = FIRST_DAY + datetime.timedelta(minutes=minute)
            if day.month != month:
                month = day.month
                self.tell(f"[{time.monotonic() - began:6.1f} s] {day:%B %Y}")
            self.town.clock.set(minute)
            self.batch(who, commands)
            self.synced[who] = minute

    def batches(self):
        """Commands of one moment and person, cut where one needs what another will answer."""
        key, commands, made = None, [], set()
        for minute, _, who, words, name in self.plan.events:
            needs = {found.split(".")[0] for word in words for found in re.findall(r"\{([^}]+)\}", word)}
            if commands and ((minute, who) != key or needs & made):
                yield key, commands
                commands, made = [], set()
            key = (minute, who)
            commands.append((words, name))
            if name:
                made.add(name)
        if commands:
            yield key, commands

    def keep_alive(self, minute):
        if minute - self.renewed > RENEW_EVERY:
            self.renewed = minute
            self.town.clock.set(minute)
            self.town.renew()
        for who, last in self.synced.items():
            if minute - last > SYNC_EVERY:
                self.town.clock.set(minute)
                self.town.kapea(who, "sync")
                self.synced[who] = minute

    def batch(self, who, commands):
        lines = [["sync"]] + [[self.resolve(word) for word in words] for words, _ in commands] + [["sync"]]
        text = "".join(" ".join(self.quoted(word) for word in line) + "\n" for line in lines)
        answers = self.town.kapea(who, "--json", "--batch", "-", text=text).splitlines()
        if len(answers) != len(lines):
            raise Refused(f"{who}: {len(lines)} commands, {len(answers)} answers")
        for (_, name), answer in zip(commands, answers[1:-1]):
            if name:
                self.remember(name, json.loads(answer))

    def resolve(self, word):
        return re.sub(r"\{([^}]+)\}", lambda found: self.names[found.group(1)], word)

    @staticmethod
    def quoted(word):
        return "'" + word + "'" if re.search(r"[^A-Za-z0-9_=,.:/@+-]", word) else word

    def remember(self, name, answer):
        for number, person in enumerate(answer.get("persons", []), 1):
            if person.get("code"):
                self.names[f"{name}.{number}"] = person["code"]
        kind = name.split("-")[0]
        record = kind in ("assessment", "plan", "accused", "charge")
        self.names[name] = answer["record"] if record else answer.get("code", "")


def check(town, the_plan, boss, province):
    """Whether the ledger has as many operations as the plan counted."""
    files = json.loads(town.kapea(boss, "--json", "file", "list"))["files"]
    there = sum(1 for file in files if file["kind"] == "operation")
    wanted = sum(number for key, number in the_plan.counts.items()
                 if re.match(rf"(operations|drills) province={province} ", key))
    if the_plan.whole and there != wanted:
        raise Refused(f"{there} operations are there, and {wanted} were planned")


def finish(town, the_plan, tell):
    """What supervisors see, and what everybody can check."""
    for who in town.people():
        town.kapea(who, "sync")
    for short, province in ((short.lower(), code) for code, short in year.PROVINCES.items()):
        boss = f"{short}-boss"
        tally = json.loads(town.kapea(boss, "--json", "report", "compliance"))["tally"]
        tell(f"province {province}: " + ", ".join(f"{tally[key]} {key}" for key in
             ("met", "met_late", "overdue", "pending", "waived")))
        tell("  " + town.kapea(boss, "report", "overdue", "--province", province).splitlines()[-1])
        check(town, the_plan, boss, province)
        rows = json.loads(town.kapea(f"{short}-lead", "--json", "justice", "register"))["register"]
        tell(f"  court register: {len(rows)} lines")
        tell("  " + town.kapea(boss, "ledger", "verify").splitlines()[1].strip())
    facts = {"seed": the_plan.seed, "first_day": FIRST_DAY.date().isoformat(),
             "counts": dict(sorted(the_plan.counts.items()))}
    (town.folder / "year.json").write_text(json.dumps(facts, indent=1) + "\n")
    town.stop()
    tell(town.run(town.programs / "kapead", "--config", town.folder /
                  "deployment/server/kapead.textproto", "--verify").strip())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", type=pathlib.Path, required=True, help="an empty folder")
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--packs", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=2025)
    parser.add_argument("--days", type=int, default=365, help="stop after so many days")
    parser.add_argument("--keep", action="store_true", help="leave the server running at the year's end")
    arguments = parser.parse_args()
    tell = lambda text: print("  " + text, flush=True)
    the_plan = year.Plan(arguments.seed)
    the_plan.whole = arguments.days >= 365
    if not the_plan.whole:
        the_plan.events = [event for event in the_plan.events if event[0] < arguments.days * year.DAY]
    town = Town(arguments.dir.resolve(), arguments.programs.resolve(), arguments.packs.resolve())
    try:
        tell(f"{len(the_plan.events)} commands of {len(town.people())} people, seed {arguments.seed}")
        town.found()
        Player(town, the_plan, tell).play()
        finish(town, the_plan, tell)
        if arguments.keep:
            town.start()
            town.describe()
            town.lock()
            tell(f"the server goes on at {town.address}, at the end of the year; before any program:")
            variables = town.clock.variables()
            tell("  export " + " ".join(f"{name}={value}" for name, value in variables.items()))
    except Refused as refused:
        print(f"tools/demo: the year stopped: {refused}", file=sys.stderr)
        return 1
    finally:
        if not arguments.keep:
            town.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
