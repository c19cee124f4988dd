"""The report of a study, ready for JSON, of ``schema`` 1 and ``kind`` ``study``.

* ``name``, ``about`` and ``study``: what was to be done, as its config says
* ``rows`` and ``summary``: see :mod:`facefake.evaluation.study_table`
* ``runs``: what was trained, each with ``name``, ``recipe``, ``strategy``, ``per_class``, ``seed``, ``detector``
  (SHA-256 of its file), ``config`` (SHA-256), ``validation`` (``reals``, ``fakes`` and the AUC among them),
  ``threshold`` and ``threshold_source``, and ``damaged``, how many training pictures could not be read
* ``published``: the figures that ours are set beside, in full, or null
* ``not_run`` and ``failed``: sentences
* ``notes``: what a reader of these figures must know
* ``provenance``: see :func:`facefake.evaluation.provenance.provenance`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from facefake.evaluation.published import load_published
from facefake.evaluation.study import Study
from facefake.evaluation.study_table import summarise_rows

SCHEMA = 1


def make_study_report(
    name: str,
    study: Study,
    rows: Sequence[Mapping[str, Any]],
    runs: Sequence[Mapping[str, Any]],
    *,
    not_run: Sequence[str] = (),
    failed: Sequence[str] = (),
    notes: Sequence[str] = (),
    provenance: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The report; see the module.

    Args:
        name: Of the study.
        study: The study.
        rows: Of every run, clean and corrupted: :func:`facefake.evaluation.study_table.make_rows`.
        runs: What was trained, see the module.
        not_run: What was left out, and why, in sentences.
        failed: What failed, in sentences.
        notes: Of the data sets.
        provenance: How all this came about.

    Raises:
        FacefakeError: What reading the published figures raises.
    """
    published = load_published(study.published) if study.published else None
    return {
        "schema": SCHEMA,
        "kind": "study",
        "name": name,
        "about": study.about,
        "study": study.model_dump(mode="json"),
        "runs": [dict(run) for run in runs],
        "rows": [dict(row) for row in rows],
        "summary": summarise_rows(study, rows, published),
        "published": published.model_dump(mode="json") if published else None,
        "not_run": list(not_run),
        "failed": list(failed),
        "notes": [*_notes(study, rows), *_on_damage(runs), *notes, *(published.notes if published else ())],
        "provenance": dict(provenance or {}),
    }


def _notes(study: Study, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not rows:
        yield "Nothing was tested, so there are no figures."
        return
    yield (
        "A generator's fakes are measured against the reals that its release says belong to them. "
        "Means over generators are plain."
    )
    tested = {row["generator"] for row in rows}
    for merge, parts in study.merges.items():
        there = tested & set(parts)
        if there:
            some = "" if len(there) == len(parts) else f", of which only {' and '.join(sorted(there))} are there"
            yield f"{merge} is the mean of {', '.join(parts)}{some}, and counts as one."
        else:
            yield f"{merge} has no figures: none of {', '.join(parts)} was tested."
    if missing := [name for name in study.apart if name not in tested]:
        yield f"No mean is without {' and '.join(missing)}, for nothing of that name was tested."
    seeds = {len(group) for group in _seeds(rows).values()}
    if max(seeds) > 1:
        yield "Intervals are 95 % intervals of Student's t over seeds: what another seed may give."
    if 1 in seeds and study.resamples:
        yield "Intervals of single runs are 95 % bootstrap intervals over pictures; other seeds may differ by more."
    if study.published:
        yield "Published means stand beside ours where they are over as many sets, or can be averaged over the same."
    unread = {(row["generator"], row["unread"]) for row in rows if row["unread"] and row["kind"] == "generator"}
    if unread:
        named = ", ".join(f"{count} of {name}" for name, count in sorted(unread))
        yield f"Some pictures could not be read and are not in the figures: {named}."


def _on_damage(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    most = max((run["damaged"] for run in runs), default=0)
    if most:
        yield f"Up to {most} pictures could not be read in training and were left out of it."


def _seeds(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[Any, ...], set[int]]:
    found: dict[tuple[Any, ...], set[int]] = {}
    for row in rows:
        found.setdefault((row["recipe"], row["per_class"]), set()).add(row["seed"])
    return found
