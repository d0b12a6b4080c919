"""Open a farm's folder: its settings, its turbines and the files that will be read, each with its format."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fleet import samples
from fleet.config import Farm, Source, Turbine, turbine_name_problem
from fleet.errors import ConfigError, InputError, nearest
from fleet.farm_file import entry_number, load_farm, parse_turbine
from fleet.places import entries_of, files_below, is_remote, matches, name_below, place, reading
from fleet.reference_curve import check_references, reference_files
from fleet.turbine_block import turbine_blocks
from fleet.wording import listed, natural

if TYPE_CHECKING:
    import pandas as pd

    from fleet.readers.base import Batch, Format

__all__ = [
    "CONFIG_NAME",
    "DataFile",
    "Dataset",
    "check_one_farm",
    "data_files",
    "farms_inside",
    "open_dataset",
    "resolve_folder",
    "source_format",
]

CONFIG_NAME = "farm.toml"
_OF_TURBINES = ("scada", "events", "timers")  # kinds of which one alone makes a farm


@dataclass(frozen=True, kw_only=True)
class DataFile:
    """One file to read."""

    path: Path
    name: str  #: relative to the farm's folder, with forward slashes
    format: Format
    source: Source

    def read(self) -> Batch:
        """Return the file in canonical form; a problem with it raises `InputError`."""
        return self.format.read(self.path, self.source)


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A farm with its files; nothing but the asset table has been read yet."""

    folder: Path
    farm: Farm  #: completed by the asset table
    files: tuple[DataFile, ...]  #: sorted by name: this is "file order"
    assets: tuple[DataFile, ...] = ()  #: the tables that the turbines come from
    not_read: tuple[str, ...] = ()  #: tables of no known format, where no source says how to read them
    set_aside: frozenset[str] = frozenset()  #: turbines of the farm that were not selected

    def of_kind(self, kind: str) -> tuple[DataFile, ...]:
        """Return the files of one kind of `fleet.readers.base.Kind`, but assets."""
        return tuple(file for file in self.files if file.format.kind == kind)


def open_dataset(folder: str | Path) -> Dataset:
    """Open a farm's folder, or a packaged sample by its name.

    Parameters
    ----------
    folder : str or Path
        A folder with SCADA exports and, where the formats are not enough, a `farm.toml`; or the name of a sample.

    Raises
    ------
    InputError
        The folder does not exist, holds no usable file, names no turbine, or holds farms instead of being one.
    ConfigError
        `farm.toml` is wrong.
    """
    root = resolve_folder(folder)
    config = root / CONFIG_NAME
    given = _has_settings(root)
    if not given:
        check_one_farm(root)
    farm = load_farm(config) if given else Farm.model_validate({"name": root.name or "farm"})
    files = _configured(root, farm) if farm.sources else _recognised(root)
    if not files:
        raise InputError(
            f"{root}: no file of a known format",
            f"`wind-fleet inspect {root}` says what is there and proposes settings for {CONFIG_NAME}",
        )
    assets = [file for file in files if file.format.kind == "assets"]
    if farm.assets:
        assets = [_asset_file(root, farm.assets)]
    if farm.turbines:
        assets = []
    turbines = farm.turbines or _turbines(assets, farm, config)
    if not turbines:
        raise InputError(
            f"{root}: no turbine is known: neither an asset table of a known format nor [[turbines]] in {CONFIG_NAME}."
            f"{_proposed(root, files)}"
        )
    farm = farm.model_copy(update={"turbines": turbines})
    if farm.power_curve.reference:
        check_references(farm, root)
    data = tuple(file for file in files if file.format.kind != "assets")
    if not any(file.format.kind in _OF_TURBINES for file in data):
        kinds = ", ".join(sorted({file.format.kind for file in files}))
        raise InputError(f"{root}: no SCADA data, no status log and no state timers, only {kinds}")
    return Dataset(
        folder=root,
        farm=farm,
        files=data,
        assets=tuple(assets),
        not_read=() if farm.sources else _not_read(root, {file.name for file in files}),
    )


def data_files(folder: Path) -> list[Path]:
    """Return the files below a folder in sorted order, without hidden ones and the settings; archives as their members.

    Raises
    ------
    InputError
        If there is no such folder, it cannot be read, or it holds no file.
    """
    with reading(folder):
        if not folder.is_dir():
            raise InputError(f"{folder}: there is no such folder; expected a farm's folder with its exports")
    files = [path for path in files_below(folder) if path.name != CONFIG_NAME]
    if not files:
        raise InputError(f"{folder}: the folder is empty; expected SCADA exports, status logs and an asset table")
    return files


def resolve_folder(folder: str | Path) -> Path:
    """Return the folder meant: an existing one, an object store's by its URL, or that of a packaged sample."""
    root = place(folder)
    with reading(root):
        if root.is_dir():
            return root
        if is_remote(root):
            raise InputError(f"{root}: no such folder or bucket, or it is empty")
        is_file = root.is_file()
    if str(folder) in samples.names():
        return samples.path(str(folder))
    if is_file:
        raise InputError(f"{root}: is a file; give the folder that holds the farm's exports")
    hint = nearest(str(folder), samples.names())
    raise InputError(f"{root}: no such folder, and no packaged sample of that name{hint}")


def _recognised(root: Path) -> list[DataFile]:
    from fleet import readers

    found = [(path, readers.recognise(path)) for path in data_files(root)]
    return [_data_file(root, path, known, Source(format=known.name)) for path, known in found if known]


def _not_read(root: Path, read: set[str]) -> tuple[str, ...]:
    """Return the tables with time stamps that nothing reads: one of them may be a year that is missing."""
    from fleet.readers.unknown import may_hold_records

    others = [path for path in data_files(root) if name_below(root, path) not in read]
    return tuple(name_below(root, path) for path in others if may_hold_records(path))


def _configured(root: Path, farm: Farm) -> list[DataFile]:
    from fleet import readers

    files: list[DataFile] = []
    below = [path for path in files_below(root) if path.name != CONFIG_NAME]
    for number, source in enumerate(farm.sources):
        known = source_format(source, number, root / CONFIG_NAME)
        no_data = {root / CONFIG_NAME, *reference_files(farm, root)}
        paths = [path for path in below if matches(root, path, source.files) and path not in no_data]
        if known.name.startswith("generic"):
            matching = paths
        else:
            matching = [path for path in paths if readers.recognise(path) == known]
        if not matching:
            raise ConfigError(
                f'{root / CONFIG_NAME}: key "sources.{number}.files": {source.files!r} matches no file of the format '
                f"{known.name} ({len(paths)} files match the pattern){entry_number(('sources', number))}"
            )
        files += [_data_file(root, path, known, farm.read_with(source)) for path in matching]
    names = [file.name for file in files]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"{root / CONFIG_NAME}: {twice[0]} is named by two sources; its rows would count twice")
    return sorted(files, key=lambda file: file.name)


def source_format(source: Source, number: int, config: Path) -> Format:
    """Return the format of a source of `farm.toml` whose settings fit it.

    Raises
    ------
    ConfigError
        If there is no such format, or the settings do not fit; with the file and the number of the source.
    """
    from fleet import readers
    from fleet.readers.stamps import check_zone

    try:
        known = readers.format_named(source.format)
        known.check(source)
        check_zone(source.time_zone, 'key "time_zone"')
    except ConfigError as error:
        raise ConfigError(f"{config}: {error}{entry_number(('sources', number))}") from None
    return known


def _proposed(root: Path, files: list[DataFile]) -> str:
    """Return the turbines that the files name, as the blocks that `farm.toml` lacks."""
    frames = [file.read().frame for file in files if file.format.kind in _OF_TURBINES]
    names = sorted({str(name) for frame in frames for name in frame["turbine"].unique()} - {""}, key=natural)
    if not names:
        return " The files name none."
    return f" Add to {root / CONFIG_NAME} those of the files, with their rated power:\n\n{turbine_blocks(names)}"


def _data_file(root: Path, path: Path, found: Format, source: Source) -> DataFile:
    return DataFile(path=path, name=name_below(root, path), format=found, source=source)


def _asset_file(root: Path, name: str) -> DataFile:
    from fleet import readers

    path = next((path for path in files_below(root) if name_below(root, path) == name), None)
    if path is None:
        raise ConfigError(f'{root / CONFIG_NAME}: key "assets": no such file, found {name!r}')
    found = readers.recognise(path)
    if found is None or found.kind != "assets":
        raise ConfigError(f'{root / CONFIG_NAME}: key "assets": {name!r} is not an asset table of a known format')
    return _data_file(root, path, found, Source(format=found.name))


def farms_inside(root: Path, *, without_settings: bool = False) -> list[Path]:
    """Return the subfolders of a folder that holds farms instead of being one: where one of them has a `farm.toml`.

    Parameters
    ----------
    root : Path
        A folder; one with a `farm.toml` of its own is a farm. Hidden subfolders are left out.
    without_settings : bool
        Whether a folder of nothing but folders holds farms, too.

    Raises
    ------
    InputError
        If a folder cannot be read.
    """
    if _has_settings(root):
        return []
    folders, files = entries_of(root)
    return folders if (without_settings and not files) or any(map(_has_settings, folders)) else []


def check_one_farm(root: Path) -> None:
    """Refuse a folder of farms: the settings of its subfolders would go unread."""
    if farms := farms_inside(root):
        raise InputError(
            f"{root}: found a folder of farms ({listed(farm.name for farm in farms)}), expected one farm",
            f"{_reports(root)}; a {CONFIG_NAME} in {root} makes it one farm",
        )


def _has_settings(folder: Path) -> bool:
    with reading(folder):
        return (folder / CONFIG_NAME).exists()


def _reports(root: Path) -> str:
    return f"`wind-fleet reports {shlex.quote(str(root))} --out reports` makes a report of each"


def _turbines(assets: list[DataFile], farm: Farm, config: Path) -> tuple[Turbine, ...]:
    turbines: list[Turbine] = []
    for file in assets:
        batch = file.read()
        frame: pd.DataFrame = batch.frame
        # Two entries of one name are a choice that the user has to make; so is a table without one usable entry.
        if batch.rejected.get("turbine listed twice") or not len(frame):
            raise InputError("; ".join([f"{file.name}: no usable list of turbines", *batch.examples]))
        for row in frame.to_dict("records"):
            given = {str(key): value for key, value in row.items() if value == value}
            if "rated_power_kw" not in given:
                if farm.rated_power_kw is None:
                    raise InputError(
                        f"{file.name}: the table gives no rated power; set rated_power_kw = ... [kW] in {config}, or "
                        "list [[turbines]] there"
                    )
                given["rated_power_kw"] = farm.rated_power_kw
            turbines.append(parse_turbine(given, file.name))
    if problem := turbine_name_problem(turbines):
        root = config.parent
        several = farms_inside(root, without_settings=True) if len(assets) > 1 else []
        advice = f"if its subfolders are farms: {_reports(root)}" if several else ""
        raise InputError(f"{', '.join(file.name for file in assets)}: {problem}", advice)
    return tuple(sorted(turbines, key=lambda turbine: natural(turbine.name)))
