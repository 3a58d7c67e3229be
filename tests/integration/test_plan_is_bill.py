"""What a plan says is what the server bills, whatever is edited, lost, refused and asked for.

A state machine edits a small site and buys its covers through the engine, with a real store, ledger
and lockfile, from a real server that counts tokens by its own code. After each run it holds the
bill, the books, the lockfile and the published files against the plan.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import yaml
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from mkdocs_imagegen import report
from mkdocs_imagegen.engine import Engine
from mkdocs_imagegen.errors import OverBudgetError
from mkdocs_imagegen.keys import digest
from mkdocs_imagegen.lockfile import NAME, parse, write
from mkdocs_imagegen.locking import LockfilePlace
from mkdocs_imagegen.model import (
    Action,
    ActionKind,
    LedgerRow,
    Orders,
    Plan,
    PlanOptions,
    Priced,
    RowState,
    Size,
)
from mkdocs_imagegen.plan import EVERYTHING, read_saved, require_same
from mkdocs_imagegen.publish import Published
from mkdocs_imagegen.settings import Budget, Endpoint, Settings
from mkdocs_imagegen.timing import Timing
from tests.golden.test_golden import article_of
from tests.imageserver import Answer, Call, Fault, Hangup, ImageServer, NotAPicture, Picture

EXAMPLES, STEPS = 15, 30
"""Enough to go through every rule; try thousands by hand after a change of the plan."""
OnTheWire = tuple[str, str, str, str]
"""Model, prompt, size and quality: two takes of a prompt look the same to the server."""
MICRO = Decimal("0.000001")
OLD_MODEL, ITS_END = "gpt-image-1.5", datetime(2026, 12, 1, tzinfo=UTC)
NAMES = ("a.md", "b.md", "blog/c.md", "blog/d.md", "e.md", "f.md")
MODELS = ("gpt-image-2", "gpt-image-2.5-flare", "gpt-image-2.6-flare", OLD_MODEL)
SIZES = ("1024x640", "1024x1024")
QUALITIES = ("low", "medium", "low", "medium", "xhigh")
STYLES = ("Paper cut", "Ink")
WORDS = ("calm", "loud")
FIELDS: Mapping[str, Sequence[object]] = {
    "cover_prompt": ("a red fox", "a lighthouse", "a paper boat", "two owls"),
    "cover_size": (None, *SIZES),
    "cover_quality": (None, *QUALITIES),
    "cover_model": (None, *MODELS),
    "cover_variant": (None, 1, 2),
    "cover_style": (None, *STYLES),
    "cover_template": (None, "cover.j2", "site.j2"),
    "cover_alt": (None, "An animal"),
    "cover_pin": (None, True),
    "cover": (None, "own.png", False),
    "mood": (None, *WORDS),
    "title": (None, "One", "Two"),
}
"""What front matter may say; `None` leaves it out."""
OWN_LINES = ("", "Soft light.", "{{ article.title }}", "{{ article.mood | default('none') }}")
BUDGETS = (
    Budget(),
    Budget(max_images=2),
    Budget(per_build_usd=Decimal("0.02")),
    Budget(per_month_usd=Decimal("0.05")),
)
SITE: Mapping[str, Sequence[object]] = {
    "model": MODELS,
    "quality": ("low", "medium"),
    "size": tuple(map(Size.parse, SIZES)),
    "parts": tuple({"style": style} for style in (*STYLES, "{{ site.name }} colours")),
    "on_change": ("keep", "repaint"),
    "budget": BUDGETS,
    "template": ("site.j2", "cover.j2"),
}
ANSWERS: Sequence[Answer] = (
    Picture(),
    Picture(),
    Picture(usage=None),
    Picture(usage={"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}),
    Picture(size=(512, 320)),
    NotAPicture(b"no picture"),
    Fault.openai(400, "moderation_blocked", "No."),
    Fault.openai(500, "server_error", "Sorry."),
    Fault.openai(429, "slow_down", "Wait."),
    Fault(504, "<html>", paid=True),
    Hangup(paid=True),
    Hangup(paid=False),
)
TIMEOUT_S = 1.0
OF_SITE_ALONE = {"title", "cover_alt"}
"""Front matter that is no word of the author about the picture."""


@dataclass
class EditedSite:
    """A site in memory, and its store, ledger and lockfile on disk."""

    folder: Path
    server: ImageServer
    covers: bool = False
    articles: dict[str, dict[str, object]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=lambda: ["{{ cover.subject }}", "{{ cover.style }}"])
    settings: Settings = field(
        default_factory=lambda: Settings(
            quality="low", size=Size(1024, 640), template="site.j2", retries=0
        )
    )
    now: datetime = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

    @property
    def cache_dir(self) -> Path:
        return self.folder / ".cache"

    @property
    def covers_dir(self) -> Path:
        return self.folder / "covers"

    @contextmanager
    def engine(self, **changes: Any) -> Iterator[Engine]:
        """Yield what one process has."""
        engine = Engine(
            replace(self.settings, **changes),
            cache_dir=self.cache_dir,
            covers_dir=self.covers_dir if self.covers else None,
            lockfile=LockfilePlace(self.folder / NAME),
            endpoint=Endpoint(self.server.base_url, self.server.api_key, "IMAGEGEN_API_KEY"),
            templates={"site.j2": "\n".join(self.lines)},
            timing=Timing(lambda: self.now),
        )
        with closing(engine):
            yield engine

    def orders(self, engine: Engine) -> Orders:
        texts = {
            name: f"---\n{yaml.safe_dump(meta)}---\n# {name}\n\nText.\n"
            for name, meta in self.articles.items()
        }
        sources = [article_of(name, text) for name, text in texts.items()]
        own = digest(b"own picture")
        return engine.order(sources, lambda uris: {u: own for u in uris if u.endswith("own.png")})

    def locked(self) -> dict[str, dict[str, Any]]:
        """Return the lockfile's lines by article, read by nothing but json."""
        path = self.folder / NAME
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        rows = [json.loads(line) for line in lines]
        return {row["article"]: row for row in rows if "article" in row}


@dataclass
class Applied:
    """One run: what was asked, planned, sent and billed."""

    options: PlanOptions
    plan: Plan
    before: dict[str, dict[str, Any]]
    """The lockfile's lines."""
    calls: list[Call] = field(default_factory=list)
    rows: list[LedgerRow] = field(default_factory=list)
    sure: bool = True
    """Whether the server gave every request its picture and its count."""

    @property
    def billed_usd(self) -> Decimal:
        return sum(call.micro_usd + call.input_micro_usd for call in self.calls) * MICRO


def on_the_wire(action: Action) -> OnTheWire:
    assert action.request is not None
    request = action.request
    return request.model, request.prompt, str(request.size), request.quality


def as_received(call: Call) -> OnTheWire:
    body = call.body or {}
    return str(body["model"]), str(body["prompt"]), str(body["size"]), str(body["quality"])


def words_of(meta: Mapping[str, object]) -> dict[str, object]:
    """Return what the author says of the picture."""
    return {name: value for name, value in meta.items() if name not in OF_SITE_ALONE}


class PlanIsBill(RuleBasedStateMachine):
    """Edits and runs in any order. What it remembers, it learnt from the server or from disk."""

    server: ClassVar[ImageServer]
    folder: ClassVar[Path]
    """Where each example gets a folder of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.server.reset()
        self.site = EditedSite(Path(tempfile.mkdtemp(dir=self.folder)), self.server)
        self.cached: dict[str, str] = {}
        """By request key: the sha256 of the answer that the cache was given."""
        self.committed: dict[str, str] = {}
        """The same of the covers folder."""
        self.unusable: set[str] = set()
        """Requests that were answered with something that is no picture."""
        self.shown: dict[str, tuple[dict[str, object], str]] = {}
        """By article: the front matter that its cover was made for, and that cover's sha256."""
        self.month_usd = Decimal(0)
        """What this month's ledger must know of."""

    def teardown(self) -> None:
        shutil.rmtree(self.site.folder)

    @property
    def owned(self) -> dict[str, str]:
        return {**self.committed, **self.cached}

    # Edits

    @initialize(
        covers=st.booleans(),
        prompts=st.lists(st.sampled_from(FIELDS["cover_prompt"]), min_size=2, max_size=4),
    )
    def a_site(self, covers: bool, prompts: list[str]) -> None:
        self.site.covers = covers
        for name, prompt in zip(NAMES, prompts, strict=False):
            self.site.articles[name] = {"cover_prompt": prompt}

    @rule(name=st.sampled_from(NAMES), prompt=st.sampled_from(FIELDS["cover_prompt"]))
    def write_article(self, name: str, prompt: str) -> None:
        self.site.articles[name] = {"cover_prompt": prompt}

    @precondition(lambda self: self.site.articles)
    @rule(data=st.data(), key=st.sampled_from(sorted(FIELDS)))
    def edit_article(self, data: st.DataObject, key: str) -> None:
        meta = self.site.articles[data.draw(st.sampled_from(sorted(self.site.articles)))]
        meta[key] = value = data.draw(st.sampled_from(FIELDS[key]))
        if value is None:
            del meta[key]

    @precondition(lambda self: self.site.articles)
    @rule(data=st.data(), new=st.sampled_from((*NAMES, None)))
    def rename_or_delete_article(self, data: st.DataObject, new: str | None) -> None:
        old = data.draw(st.sampled_from(sorted(self.site.articles)))
        if new in self.site.articles:
            return
        meta, shown = self.site.articles.pop(old), self.shown.pop(old, None)
        if new is not None:
            self.site.articles[new] = meta
            if shown:
                self.shown[new] = shown

    @rule(data=st.data(), name=st.sampled_from((*sorted(SITE), "line", "month")))
    def edit_site(self, data: st.DataObject, name: str) -> None:
        if name == "line":
            self.site.lines[2:] = [data.draw(st.sampled_from(OWN_LINES))]
        elif name == "month":
            self.site.now, self.month_usd = ITS_END, Decimal(0)
        else:
            change: dict[str, Any] = {name: data.draw(st.sampled_from(SITE[name]))}
            self.site.settings = replace(self.site.settings, **change)

    @rule(what=st.sampled_from(("cache", "covers", "cache and covers", "lockfile", "all")))
    def lose(self, what: str) -> None:
        if what in ("cache", "cache and covers", "all"):
            shutil.rmtree(self.site.cache_dir, ignore_errors=True)
            self.cached.clear()
            self.month_usd = Decimal(0)  # the month's wall is as wide as its store
        if what in ("covers", "cache and covers", "all"):
            shutil.rmtree(self.site.covers_dir, ignore_errors=True)
            self.committed.clear()
        if what in ("lockfile", "all"):
            (self.site.folder / NAME).unlink(missing_ok=True)
            self.shown.clear()

    # Runs

    @rule()
    def apply(self) -> None:
        self._apply(EVERYTHING)

    @rule(
        outdated=st.booleans(),
        rebuy=st.booleans(),
        only=st.sampled_from(((), ("blog/*",), ("a.md", "e.md"))),
        max_cost=st.sampled_from((None, None, "0.006", "0.02")),
        retry=st.sampled_from((frozenset(), frozenset(NAMES))),
    )
    def apply_with_options(
        self,
        outdated: bool,
        rebuy: bool,
        only: tuple[str, ...],
        max_cost: str | None,
        retry: frozenset[str],
    ) -> None:
        usd = None if max_cost is None else Decimal(max_cost)
        self._apply(PlanOptions(rebuy, outdated, retry, only, usd))

    @rule(answers=st.lists(st.sampled_from(ANSWERS), min_size=1, max_size=4))
    def apply_to_a_faulty_server(self, answers: list[Answer]) -> None:
        self._apply(EVERYTHING, answers)

    @rule()
    def apply_to_a_silent_server(self) -> None:
        self._apply(EVERYTHING, silent=True)

    def _apply(
        self, options: PlanOptions, answers: Sequence[Answer] = (), *, silent: bool = False
    ) -> None:
        changes = {"timeout_s": TIMEOUT_S} if silent else {}
        # One request after the other, so that each answer is known to be whose.
        concurrency = 1 if answers else 4
        with self.site.engine(concurrency=concurrency, **changes) as engine:
            orders = self.site.orders(engine)
            run = self._planned(engine, orders, options)
            try:
                approved = engine.approve(run.plan, strict=False)
            except OverBudgetError:
                assert not self._is_within_walls(run.plan)
                return
            assert self._is_within_walls(run.plan)
            rows_before = len(list(engine.ledger.rows()))
            run.sure = not (answers or silent)
            self.server.script(*answers)
            if silent:
                self.server.gate.hold()
            outcomes = list(engine.buy(approved, orders))
            run.rows = list(engine.ledger.rows())[rows_before:]
            run.calls = self._calls_of(run.rows)
            if not outcomes:
                engine.lock(orders)
            self._hold_bill_against_plan(run)
            self._remember(run, silent=silent)
            self._hold_pages_against_lockfile(run, engine, orders)
        if run.sure:
            self._nothing_is_left_to_buy(options)

    def _calls_of(self, rows: Sequence[LedgerRow]) -> list[Call]:
        """Return what was sent, billed by now; of answers that nobody asked for none is left.

        A client that has given up may be ahead of the server, which still reads its request.
        """
        sent = sum(row.state is not RowState.RELEASED for row in rows)
        self.server.gate.release()
        self.server.wait_for(lambda: len(self.server.calls) >= sent and not self.server.in_flight)
        calls = self.server.calls
        self.server.reset()
        return calls

    def _planned(self, engine: Engine, orders: Orders, options: PlanOptions) -> Applied:
        """Make a plan, and check what holds before anything is bought."""
        plan = engine.plan(orders, options)
        saved = report.plan_json(plan, engine.outlook(plan), options)
        require_same(read_saved(saved, where="it"), engine.plan(orders, options), where="it")
        assert self.server.calls == [], "a plan sent a request"
        run = Applied(options, plan, self.site.locked())
        for action in plan.purchases:
            self._may_be_bought(action, run)
        keys = [action.request_key for action in plan.purchases]
        assert len(set(keys)) == len(keys)
        if options.max_cost_usd is not None:
            assert not plan.unpriced
            assert plan.bound_usd <= options.max_cost_usd
        return run

    def _may_be_bought(self, action: Action, run: Applied) -> None:
        """Check one purchase against what was paid for, approved and refused before."""
        key, options = action.request_key or "", run.options
        entry = run.before.get(action.article, {})
        if not options.rebuy:
            assert key not in self.owned, "bought again though a store has it"
            assert key not in {row.get("request_key") for row in run.before.values()}
        assert key not in self.owned or key in self.unusable
        refused = {row["refused"]["request_key"] for row in run.before.values() if "refused" in row}
        assert key not in refused or action.article in options.retry
        assert not (action.cover.model == OLD_MODEL and self.site.now >= ITS_END)
        if "request_key" in entry and not options.rebuy:
            assert not action.cover.pin
            repaints = options.outdated or self.site.settings.on_change == "repaint"
            shown = self.shown.get(action.article)
            if shown and shown[1] == entry["digest"] and not repaints:
                assert words_of(self.site.articles[action.article]) != words_of(shown[0])

    def _is_within_walls(self, plan: Plan) -> bool:
        budget, held_usd = self.site.settings.budget, plan.bound_usd
        if not plan.purchases:
            return True
        walls = [
            (budget.per_build_usd, held_usd),
            (budget.per_month_usd, held_usd + self.month_usd),
        ]
        fits = all(w is None or (usd <= w and not plan.unpriced) for w, usd in walls)
        return len(plan.purchases) <= budget.max_images and fits

    # Laws

    def _hold_bill_against_plan(self, run: Applied) -> None:
        planned, sent = run.plan.purchases, run.calls
        wanted = Counter(map(on_the_wire, planned))
        received = Counter(map(as_received, sent))
        assert received <= wanted
        assert len(sent) == len(run.rows)
        assert {row.request_key for row in run.rows} <= {a.request_key for a in planned}
        exact = {
            on_the_wire(action): int(action.price.output_usd / MICRO)
            for action in planned
            if isinstance(action.price, Priced) and action.price.confidence == "exact"
        }
        for call in sent:
            assert not call.paid or call.micro_usd == exact.get(as_received(call), call.micro_usd)
        if run.sure:
            assert received == wanted
            assert all(call.paid for call in sent)
            assert {row.state for row in run.rows} <= {RowState.SETTLED}
            if not run.plan.unpriced:
                assert sum(row.actual_usd or 0 for row in run.rows) == run.billed_usd
            if len(exact) == len(wanted):
                assert sum(call.micro_usd for call in sent) * MICRO == run.plan.output_usd
        budget = self.site.settings.budget
        assert len(run.rows) <= budget.max_images
        if budget.per_build_usd is not None:
            assert run.billed_usd <= budget.per_build_usd
        if run.options.max_cost_usd is not None:
            assert run.billed_usd <= run.options.max_cost_usd

    def _remember(self, run: Applied, *, silent: bool) -> None:
        """Take in what was sold, and hold each of the ledger's rows against it."""
        by_id = {call.request_id: call for call in run.calls if call.request_id}
        in_turn = [call.request_id for call in run.calls]
        held_usd = Decimal(0)
        for n, row in enumerate(run.rows):
            call = by_id.get(row.request_id)
            usd = row.bound_usd or Decimal(0)
            if row.state is RowState.RELEASED:
                assert call is not None
                assert not call.paid
                usd = Decimal(0)
            if call and not silent and call.status == 200:
                self._take_in(row.request_key, call)
                assert row.state is RowState.SETTLED
                if row.usage and row.usage.output_tokens and row.bound_usd is not None:
                    usd = (call.micro_usd + call.input_micro_usd) * MICRO
                    assert row.actual_usd == usd
            if not run.sure and not silent:
                assert row.request_id in ("", in_turn[n])
            held_usd += usd
        assert run.billed_usd <= held_usd or run.plan.unpriced
        self.month_usd += held_usd

    def _take_in(self, key: str, call: Call) -> None:
        self.cached[key] = call.picture_digest
        if self.site.covers:
            self.committed[key] = call.picture_digest
        self.unusable.discard(key)
        if not call.picture_digest:
            self.unusable.add(key)

    def _hold_pages_against_lockfile(self, run: Applied, engine: Engine, orders: Orders) -> None:
        after, plan = self.site.locked(), engine.plan(orders)
        published = engine.publish(plan)
        self._text_is_stable()
        shown = self._bought_covers(plan, published)
        for action in plan.actions:
            name, cover = action.article, shown.get(action.article)
            words = words_of(self.site.articles[name])
            if cover is not None:
                assert after[name]["digest"] == cover
                if self.site.covers:
                    assert engine.store.in_covers(cover)
                    self.committed.setdefault(after[name]["request_key"], cover)
            if action.keeps and action.kind in (ActionKind.OUTDATED, ActionKind.REUSE):
                assert cover in {row.get("digest") for row in (*run.before.values(), after[name])}
            before, entry = self.shown.get(name), run.before.get(name, {})
            still_so = before and before[1] == entry.get("digest") and words == words_of(before[0])
            if cover and before and still_so:
                self._is_a_good_reason(run, action, before[1], cover)
            if cover and not (action.keeps and before):
                self.shown[name] = (dict(self.site.articles[name]), cover)
            elif action.kind is ActionKind.OWN:
                self.shown.pop(name, None)

    def _is_a_good_reason(self, run: Applied, action: Action, before: str, now: str) -> None:
        """Check why a cover changed though its author did not."""
        if now == before or run.options.rebuy:
            return
        assert not action.cover.pin
        repaints = run.options.outdated or self.site.settings.on_change == "repaint"
        assert repaints or self.owned.get(action.request_key or "") == now

    def _bought_covers(self, plan: Plan, published: Published) -> dict[str, str]:
        """Return the published originals by article, each the one that was sold for its request."""
        shown: dict[str, str] = {}
        for action in plan.actions:
            file = published.main.get(action.article)
            if file is None or file.drawn:
                assert action.kind not in (ActionKind.REUSE, ActionKind.OUTDATED)
                continue
            key = action.keeps.request_key if action.keeps else action.request_key
            shown[action.article] = file.rendition.digest
            assert self.owned[key or ""] == file.rendition.digest
        return shown

    def _nothing_is_left_to_buy(self, options: PlanOptions) -> None:
        with self.site.engine() as engine:
            plan = engine.plan(self.site.orders(engine), options)
        if options.max_cost_usd is None:
            assert plan.purchases == ()

    @invariant()
    def _text_is_stable(self) -> None:
        path = self.site.folder / NAME
        if path.exists():
            text = path.read_bytes().decode()
            assert write(parse(text)) == text


def test_what_is_planned_is_billed_whatever_is_edited_and_lost(
    image_server: ImageServer, tmp_path: Path
) -> None:
    run_state_machine_as_test(
        type("PlanIsBill", (PlanIsBill,), {"server": image_server, "folder": tmp_path}),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking takes minutes
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )


def test_a_pinned_cover_stays_where_another_article_repaints_the_same_prompt(
    image_server: ImageServer, tmp_path: Path
) -> None:
    site = EditedSite(tmp_path, image_server)
    site.articles = {
        "a.md": {"cover_prompt": "two owls", "cover_pin": True},
        "b.md": {"cover_prompt": "two owls"},
    }
    bought = {}
    for line in ("", "Soft light."):
        site.lines[2:] = [line]
        with site.engine() as engine:
            orders = site.orders(engine)
            plan = engine.plan(orders, PlanOptions(outdated=True))
            assert len(list(engine.buy(engine.approve(plan, strict=True), orders))) == 1
        bought[line] = {name: row["digest"] for name, row in site.locked().items()}
    assert bought["Soft light."]["a.md"] == bought[""]["a.md"]
    assert bought["Soft light."]["b.md"] != bought[""]["b.md"]
