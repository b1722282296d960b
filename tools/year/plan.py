"""A synthetic year of two provinces, as commands at moments.

Everybody in it is invented. The same seed gives the same plan: nothing here looks at the
clock, the machine or the order of a set. `Plan.events` says who gives which commands when;
`Plan.counts` says what a report over the year must find. play.py carries a plan out.
"""

import collections
import random

DAY = 24 * 60  # everything below is in minutes since midnight of the first day
LAST = 360 * DAY  # nothing happens later
PROVINCES = {"12": "PP", "17": "SR"}
PEOPLE = {
    # who: roles at units of her province; the first is the one acted under
    "lead": ["unit_lead@{}-POLICE"],
    "social": ["social_worker@{}-DOSVY"],
    "intake": ["intake_officer@{}-SHELTER"],
    "nurse": ["health_worker@{}-SHELTER"],
    "boss": ["supervisor@{}-POLICE", "supervisor@{}-SHELTER"],
}
UNITS = {"POLICE": "police", "DOSVY": "social_affairs", "SHELTER": "shelter"}
SOURCES = ["hotline", "ngo", "commune", "family", "online", "police"]
VARIANTS = {"venue": "sexual", "child_sexual": "sexual", "work_site": "forced_labour",
            "fishing": "forced_labour", "begging": "forced_begging",
            "scam_compound": "forced_criminality_scam"}
AGES = {"A_0_14": "2015-04-01", "A_15_17": "2009-06-01", "A_18_24": "2004-02-01",
        "A_25_29": "1998-02-01", "A_30_PLUS": "1988-02-01"}
CHILDREN = ("A_0_14", "A_15_17")
ADULT_DOMAINS = ("risk physical_health work_education income money trauma resilience values "
                 "family community legal_help").split()
SERVICES = ["SV_MED", "SV_PSY", "SV_LEGAL", "SV_VOC", "SV_EDU", "SV_DOC", "SV_SRH", "SV_CAREER"]
CHILDREN_EXPECTED = ("child_sexual", "work_site", "begging")  # by the variant
BEFORE = ("PLN-01 PLN-03 PLN-07", "PLN-02 PLN-04 PLN-05 PLN-10 PLN-11 PLN-12")
BRIEFING = "BRF-01 BRF-02 BRF-04 BRF-05 BRF-06 BRF-09 BRF-10"


class Plan:
    """Events of the year and what they add up to."""

    def __init__(self, seed):
        self.seed = seed
        self.dice = random.Random(seed)
        self.events = []  # (minute, place in the plan, who, [words], name of its result or None)
        self.counts = collections.Counter()
        for province, short in PROVINCES.items():
            Province(self, province, short).write()
        self.events.sort(key=lambda event: event[:2])

    def at(self, minute, who, words, name=None):
        self.events.append((minute, len(self.events), who, words, name))

    def count(self, what, province, **parts):
        tail = "".join(f" {key}={value}" for key, value in sorted(parts.items()))
        self.counts[f"{what} province={province}{tail}"] += 1

    def add(self, what, province, number):
        self.counts[f"{what} province={province}"] += number

    def likely(self, share):
        return self.dice.random() < share


def sets(**values):
    """--set words; an underscore at the end keeps Python's own words away."""
    words = []
    for key, value in values.items():
        words += ["--set", f"{key.rstrip('_')}={value}"]
    return words


class Province:
    """One province: a police unit, Social Affairs, a shelter."""

    def __init__(self, plan, province, short):
        self.plan, self.dice = plan, plan.dice
        self.province, self.short = province, short
        self.serial = 0

    def who(self, role):
        return f"{self.short.lower()}-{role}"

    def name(self, kind):
        self.serial += 1
        return f"{kind}-{self.short}-{self.serial}"

    def do(self, minute, role, *words, name=None):
        self.plan.at(minute, self.who(role), [str(word) for word in words], name)

    def count(self, what, **parts):
        self.plan.count(what, self.province, **parts)

    def write(self):
        self.shelter()
        self.programme()
        for i in range(12):
            self.tip(i * 29 * DAY + 9 * 60)
        for i in range(8):
            self.operation(6 * DAY + i * 42 * DAY, drill=i == 3)
        for i in range(4):
            self.other_survivor(15 * DAY + i * 80 * DAY + 10 * 60)

    # --- Leads ---

    def tip(self, minute):
        name = self.name("tip")
        source = self.dice.choice(SOURCES)
        self.do(minute + 30, "lead", "lead", "new", *sets(
            received_at="-20m", source=source, province=self.province, persons=self.dice.randint(1, 6),
            account="An invented account.", child_at_risk=self.dice.choice(["yes", "no"]),
            urgency=self.dice.choice(["normal", "high", "immediate"])), name=name)
        self.count("leads", source=source)
        if self.plan.likely(0.9):
            self.do(minute + 50, "lead", "lead", "edit", "{" + name + "}", *sets(acknowledged_at="now"))
        if self.plan.likely(0.8):
            self.do(minute + DAY, "lead", "lead", "add", "{" + name + "}", "--form", "KH-LEAD-CHECK",
                    *sets(checked_at="now", method="call_back", result="partly"))
        decision = self.dice.choice(["refer", "watch", "no_action"])
        if self.plan.likely(0.85):
            self.do(minute + 2 * DAY, "lead", "lead", "edit", "{" + name + "}",
                    *sets(decision=decision, decided_at="now", told_source_at="now"))
            self.count("lead_decisions", decision=decision)

    # --- Operations ---

    def operation(self, first, drill):
        dice, name = self.dice, self.name("op")
        variant = dice.choice(sorted(VARIANTS))
        entry = first + 2 * DAY + dice.choice([5 * 60, 10 * 60, 14 * 60, 22 * 60])
        ref = "{" + name + "}"
        self.do(first + 8 * 60, "lead", "operation", "new", "--variant", variant,
                "--member", f"{self.short}-POLICE:unit_lead:LEAD,JPO,VLO,EXH,COMMS",
                "--member", f"{self.short}-DOSVY:social_worker:SW,MED",
                "--member", f"{self.short}-POLICE:supervisor:SUP",
                *(["--drill"] if drill else []), name=name)
        self.ticks(first + 9 * 60, "lead", ref, BEFORE[0], 1)
        self.ticks(first + 9 * 60, "lead", ref, BEFORE[1], 0.95, "--evidence", "{note}")
        self.ticks(first + 11 * 60, "social", ref, "PLN-06", 0.9, "--evidence", "{note}")
        self.ticks(first + 12 * 60, "boss", ref, "AUT-01 AUT-05 AUT-07", 0.95)
        self.ticks(first + 13 * 60, "lead", ref, "AUT-02", 0.9, "--evidence", "{note}")
        self.ticks(entry - 90, "lead", ref, BRIEFING, 0.95)
        if variant in CHILDREN_EXPECTED:
            self.ticks(entry - 85, "lead", ref, "BRF-07", 0.95)
        self.ticks(entry, "lead", ref, "ENT-01", 1)
        self.ticks(entry + 4, "lead", ref, "ENT-02", 0.9)
        self.ticks(entry + 20, "lead", ref, "SAF-01 SAF-02", 1)
        people = [self.person() for _ in range(dice.randint(2, 5))]
        found = self.name("found")
        self.do(entry + 30, "lead", "person", "new", "--op", ref, "--count", len(people), name=found)
        for number, (sex, age) in enumerate(people, 1):
            self.do(entry + 32, "lead", "person", "edit", number, "--op", ref, *sets(
                sex=sex, age_band=age, language="km", presumptive_status="possible",
                presumed_child="yes" if age in CHILDREN else "no"))
        everybody = [word for n in range(1, len(people) + 1) for word in ("--for", str(n))]
        self.ticks(entry + 40, "lead", ref, "SAF-04 IDN-01 IDN-02", 0.95, *everybody)
        self.ticks(entry + 50, "social", ref, "SAF-05", 0.9, *everybody)
        self.ticks(entry + 80, "lead", ref, "NED-01", 0.9, *everybody)
        self.ticks(entry + 90, "lead", ref, "TRF-01", 0.9)
        self.do(entry + 95, "lead", "operation", "muster", "--op", ref,
                *sets(point="scene", expected=len(people), found=len(people)))
        for number in range(1, len(people) + 1):
            self.do(entry + 100, "lead", "person", "edit", number, "--op", ref, *sets(off_at="now"))
        self.count("drills" if drill else "operations", variant=variant)
        self.hand_over(entry + 180, ref, found, people)
        if drill:
            return
        for number, (sex, age) in enumerate(people, 1):
            self.count("rescued", sex=sex, age=age)
            self.life(entry + 200, "{" + f"{found}.{number}" + "}", sex, age, VARIANTS[variant])
        if self.plan.likely(0.75):
            self.court(entry + DAY, len(people), any(age in CHILDREN for _, age in people))

    def person(self):
        sex = self.dice.choices(["F", "M"], [7, 3])[0]
        return sex, self.dice.choices(sorted(AGES), [2, 4, 6, 3, 3])[0]

    def ticks(self, minute, role, ref, items, share, *options):
        done = [item for item in items.split() if self.plan.likely(share)]
        for item in done:
            self.do(minute, role, "operation", "tick", item, "--op", ref, *options)

    def hand_over(self, minute, ref, found, people):
        name = self.name("handover")
        self.do(minute, "lead", "handover", "offer", "--all", "--op", ref,
                "--to", f"{self.short}-SHELTER", name=name)
        self.do(minute + 15, "intake", "handover", "accept", "{" + name + "}", "--counted", len(people))
        for number in range(1, len(people) + 1):
            self.do(minute + 20, "lead", "person", "edit", number, "--op", ref,
                    *sets(outcome="handed_over", handed_over_at="now", destination="ngo_shelter"))

    # --- A person in the shelter and after it ---

    def life(self, arrival, ref, sex, age, exploitation):
        dice, likely = self.dice, self.plan.likely
        self.do(arrival, "intake", "intake", "new", ref, *sets(arrival_at="now", brought_by="police"))
        self.do(arrival + 60, "intake", "intake", "fill", ref, *sets(
            given_name_latin="Invented", family_name_latin="Person", sex=sex, birth_date=AGES[age],
            language="km", placement_type="ngo_shelter", housing_separate="yes",
            age_basis="self_statement", form_of_exploitation=exploitation, threat_level="low",
            danger_from="none", presumptive_status="possible"))
        for kind in ("food", "water", "clothes", "hygiene", "rest"):
            if likely(0.95):
                self.do(arrival + 70, "intake", "intake", "fill", ref, "--form", "KH-NEED",
                        *sets(kind=kind, met_at="now"))
        if likely(0.9):
            self.do(arrival + dice.choice([120, 300, 1600]), "intake", "intake", "fill", ref,
                    *sets(rights_explained_at="now", complaint_channel_given_at="now"))
        if likely(0.9):
            self.do(arrival + dice.choice([200, 600, 1800]), "nurse", "intake", "fill", ref,
                    *sets(medical_exam_offered_at="now"))
        giver = {"giver_role": "self"}
        if age in CHILDREN:
            giver = {"giver_role": "social_affairs", "child_assent": "yes"}
        self.do(arrival + 400, "intake", "intake", "fill", ref, "--form", "KH-CONSENT", *sets(
            purpose="services", answer="yes", given_at="now", explained="yes", **giver))
        if likely(0.15):
            self.do(arrival + 5 * DAY, "intake", "case", "add", ref, "--form", "KH-INCIDENT", *sets(
                happened_at="-3h", kind="threat", supervisor_notified_at=dice.choice(["-2h", "now"])))
            self.count("incidents")
        self.care(arrival, ref, age)

    def care(self, arrival, ref, age):
        dice, likely = self.dice, self.plan.likely
        day = arrival + dice.randint(6, 18) * DAY
        if likely(0.85):
            name = self.name("assessment")
            scale = "child" if age in CHILDREN else "adult"
            self.do(day, "intake", "case", "add", ref, "--form", "KH-ASSESSMENT",
                    *sets(assessed_at="now", scale=scale, occasion="first"), name=name)
            for domain in ADULT_DOMAINS:
                self.do(day, "intake", "case", "add", ref, "--form", "KH-ASSESSMENT-DOMAIN", "--below",
                        "{" + name + "}", *sets(domain=domain, score=dice.randint(2, 4), low_score="in_plan"))
            self.count("assessments", scale=scale)
        if likely(0.8):
            self.plan_of(arrival + dice.randint(20, 36) * DAY, ref)
        for _ in range(dice.randint(1, 4)):
            service, day = dice.choice(SERVICES), arrival + dice.randint(2, 90) * DAY
            if day > LAST:
                continue
            self.do(day, "intake", "service", "add", ref, *sets(
                given_at="now", service=service, quantity=dice.randint(1, 12), counted_in="sessions",
                first_time="yes", result="completed"))
            self.count("services", service=service)
        if likely(0.6):
            self.way_back(arrival + dice.randint(60, 120) * DAY, ref)

    def plan_of(self, minute, ref):
        name = self.name("plan")
        self.do(minute, "intake", "plan", "add", ref, *sets(
            made_at="now", client_goal="An invented goal", status="pending", client_signed_at="now",
            wishes_at="now"), name=name)
        self.do(minute + 30, "intake", "case", "add", ref, "--form", "KH-PLAN-ITEM", "--below",
                "{" + name + "}", *sets(service="SV_VOC", plan_type="livelihood", planned_end="+60d"))
        if self.plan.likely(0.9):
            self.do(minute + DAY, "boss", "plan", "edit", ref, "{" + name + "}",
                    *sets(status="approved", approved_at="now", approved_by="me"))
            self.count("plans_approved")

    def way_back(self, minute, ref):
        likely = self.plan.likely
        if minute > LAST - 20 * DAY:
            return
        self.do(minute - 20 * DAY, "intake", "case", "add", ref, "--form", "KH-TRACING",
                *sets(began_at="-5d", done_at="now", result="found_safe"))
        self.do(minute, "intake", "case", "add", ref, "--form", "KH-REINTEGRATION", *sets(
            returned_at="now", place_type="family", province=self.province, wishes_at="-1d",
            family_work="held", pre_form_at="-1d", form_at="now", package_at="now"))
        self.count("reintegrated")
        for occasion, days in (("w1", 7), ("m1", 32), ("m3", 92), ("m6", 183)):
            if minute + days * DAY > LAST:
                break
            if likely(0.75):
                reached = "yes" if likely(0.9) else "no"
                self.do(minute + days * DAY, "intake", "followup", "add", ref, *sets(
                    visited_at="now", occasion=occasion, means="visit", reached=reached, problem="no"))
                self.count("followups", occasion=occasion, reached=reached)

    # --- People who were in no operation ---

    def other_survivor(self, minute):
        name, status = self.name("case"), self.dice.choice(["other_crime", "at_risk"])
        sex = self.dice.choice(["F", "M"])
        ref = "{" + name + "}"
        self.do(minute, "intake", "case", "new", *sets(
            opened_at="now", person_status=status, source="community", sex=sex,
            province=self.province, danger="low"), name=name)
        self.count("cases", status=status)
        if status == "other_crime":
            self.do(minute + DAY, "intake", "case", "add", ref, "--form", "KH-LEGAL-AID",
                    *sets(taken_at="now", client_status=status, case_class="other_crime"))
            self.count("legal_aid")
            return
        self.do(minute + DAY, "intake", "case", "add", ref, "--form", "KH-SCHOLARSHIP",
                *sets(granted_at="now", kind="survivor_or_at_risk_woman", terms=2, amount=200, currency="USD"))
        self.do(minute + 60 * DAY, "intake", "case", "add", ref, "--form", "KH-VOCATIONAL",
                *sets(began_at="-50d", course="hospitality", ended_at="now", completed="yes"))
        self.do(minute + 65 * DAY, "intake", "case", "add", ref, "--form", "KH-JOB",
                *sets(began_at="now", sector="hospitality", contract="yes"))
        for what in ("scholarships", "trained", "jobs"):
            self.count(what)

    # --- The court ---

    def court(self, minute, victims, child):
        dice, name = self.dice, self.name("court")
        ref = "{" + name + "}"
        self.do(minute, "lead", "justice", "new", *sets(
            complaint_at="now", source="operation", province=self.province, case_class="trafficking",
            court="first_instance"), name=name)
        self.count("court_cases")
        verdict = minute + dice.randint(90, 240) * DAY
        for number in range(1, dice.randint(1, 2) + 1):
            self.accused(minute, verdict, ref, number)
        for number in range(1, victims + 1):
            self.do(minute + DAY, "lead", "justice", "add", ref, "--form", "KH-VICTIM-PARTY", *sets(
                number=number, role="civil_party", is_child="yes" if child else "no",
                has_lawyer="yes" if self.plan.likely(0.8) else "no"))
        if verdict > LAST:
            return
        self.do(verdict - DAY, "lead", "justice", "add", ref, "--form", "KH-HEARING", *sets(
            held_at="now", kind="trial", child_heard="yes" if child else "no", closed="yes",
            screen="yes", result="held"))
        self.do(verdict, "lead", "justice", "edit", ref, *sets(trial_at="-1d", verdict_at="now"))
        if self.plan.likely(0.7):
            self.do(verdict + DAY, "lead", "justice", "add", ref, "--form", "KH-AWARD", *sets(
                kind="compensation", ordered_at="-1d", amount=dice.choice([2000, 5000]),
                currency="USD", to_victim=1))
            self.count("compensations_ordered")

    def accused(self, minute, verdict, ref, number):
        dice, accused, charge = self.dice, self.name("accused"), self.name("charge")
        self.do(minute + 60, "lead", "justice", "add", ref, "--form", "KH-ACCUSED", *sets(
            number=number, sex=dice.choice(["M", "M", "F"]), birth_date="1980", state="custody",
            arrested_at="-2h", unit_arrival_at="-1h", prosecutor_told_at="now"), name=accused)
        hours = dice.choice([30, 40, 47, 52])
        self.do(minute + hours * 60, "lead", "justice", "edit", ref, "{" + accused + "}",
                *sets(custody_ended_at="now", state="detention"))
        self.count("accused")
        article = dice.choice(["A10", "A12", "A25"])
        self.do(minute + 3 * DAY, "lead", "justice", "add", ref, "--form", "KH-CHARGE", "--below",
                "{" + accused + "}", *sets(article=article), name=charge)
        if verdict <= LAST:
            outcome = dice.choices(["convicted", "acquitted", "dropped"], [7, 2, 1])[0]
            prison = {"sentence_months": dice.choice([60, 96, 120])} if outcome == "convicted" else {}
            self.do(verdict + 30, "lead", "justice", "edit", ref, "{" + charge + "}",
                    *sets(outcome=outcome, decided_at="now", **prison))
            self.count("charges_decided", outcome=outcome)

    # --- The shelter and the work of prevention ---

    def shelter(self):
        name = self.name("actor")
        self.do(8 * 60, "boss", "actor", "new", *sets(
            kind="shelter", unit=f"{self.short}-SHELTER", province=self.province, authorised_by="mosvy",
            authorised_from="-30d", authorised_until="+300d"), name=name)
        ref = "{" + name + "}"
        for group, places in (("women", 20), ("girls", 15), ("men", 6), ("boys", 6)):
            self.do(8 * 60 + 5, "boss", "actor", "add", ref, "--form", "KH-CAPACITY",
                    *sets(group=group, places=places))
            for month in range(12):
                taken = self.dice.randint(places // 3, places)
                self.do(month * 30 * DAY + 17 * 60, "boss", "actor", "add", ref, "--form",
                        "KH-OCCUPANCY", *sets(counted_at="now", group=group, taken=taken, places=places))
        self.do(40 * DAY, "boss", "actor", "add", ref, "--form", "KH-INSPECTION",
                *sets(inspected_at="now", result="good", findings=0))
        self.count("inspections")

    def programme(self):
        name = self.name("programme")
        ref = "{" + name + "}"
        self.do(9 * 60, "boss", "programme", "new", *sets(
            began_at="now", kind="prevention", title="An invented programme", provinces=self.province),
            name=name)
        for month in range(12):
            noon = (month * 30 + 12) * DAY + 12 * 60
            audience = self.dice.choice(["police", "teachers", "responders", "commune_councils"])
            women, men = self.dice.randint(4, 25), self.dice.randint(4, 25)
            self.do(noon, "boss", "programme", "add", ref, "--form", "KH-TRAINING", *sets(
                held_at="now", topic="identification", audience=audience, province=self.province,
                days=2, women=women, men=men))
            self.count("trainings", audience=audience)
            self.plan.add("trained_women", self.province, women)
            self.plan.add("trained_men", self.province, men)
            self.do(noon + 60, "boss", "programme", "add", ref, "--form", "KH-MIGRATION", *sets(
                month_from="-30d", province=self.province, place=self.province + "02",
                to_country="TH",
                women=self.dice.randint(5, 60), men=self.dice.randint(5, 60)))
        for quarter in range(4):
            reached = self.dice.randint(500, 3000)
            self.do((quarter * 90 + 40) * DAY, "boss", "programme", "add", ref, "--form", "KH-CAMPAIGN",
                    *sets(held_at="now", kind="public_event", topic="safe_migration",
                          province=self.province, reached=reached))
            self.count("campaigns")
            self.plan.add("campaign_reached", self.province, reached)
            kind = self.dice.choice(["community", "youth"])
            self.do((quarter * 90 + 50) * DAY, "boss", "programme", "add", ref, "--form", "KH-NETWORK",
                    *sets(formed_at="now", kind=kind, province=self.province, women=9, men=6, active="yes"))
            self.count("networks", kind=kind)
