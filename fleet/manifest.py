"""One entry of the cache for a whole farm: what is known of all its files and turbines, found by a look at the files.

It depends on the files' names, sizes and times of change only, so that a farm of thousands of files is opened in a
moment; `--verify` does without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from fleet.cache_keys import code_version, digest, time_zone_version
from fleet.converted import FileEntry, entry_from_json
from fleet.dataset import Dataset
from fleet.places import last_change
from fleet.prepare import Series, series_from_json
from fleet.store import Store

__all__ = ["keep_manifest", "manifest_key", "read_manifest"]


def manifest_key(dataset: Dataset) -> str:
    """Return the key of a farm's entry; empty where its files do not say when they were changed."""
    seen = []
    for file in dataset.of_kind("scada"):
        for path in (file.path, *file.format.companions(file.path)):
            change = last_change(path)
            if change is None:
                return ""
            seen.append([str(path), *change])
        seen.append([file.name, file.format.name, file.source.model_dump(mode="json")])
    farm = dataset.farm
    settings = [farm.averaging_period_s, farm.time_zone, farm.clock.model_dump(mode="json")]
    names = [turbine.name for turbine in farm.turbines]
    return digest(seen, settings, names, code_version(), time_zone_version())


def read_manifest(store: Store, key: str) -> tuple[list[FileEntry], list[Series]] | None:
    """Return all files and series of a farm as they were left, None where anything is missing."""
    found = store.find("farms", key) if key else None
    if found is None:
        return None
    entries = [entry_from_json(entry) for entry in found["entries"]]
    series = [series_from_json(one, store) for one in found["series"]]
    for kind, described in (("files", found["entries"]), ("series", found["series"])):
        for one in described:
            store.mark(kind, one["key"])
    return (entries, series) if all(one.path is None or one.path.exists() for one in series) else None


def keep_manifest(store: Store, key: str, entries: Sequence[FileEntry], series: Sequence[Series]) -> None:
    """Keep what is known of a farm."""
    if key and store.find("farms", key) is None:
        with store.new("farms", key) as (_, meta):
            meta |= {"entries": [asdict(entry) for entry in entries], "series": [one.described for one in series]}
