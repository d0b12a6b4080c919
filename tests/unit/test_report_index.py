"""Reports of many farms: the index, a farm that fails, names, what counts as a farm."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import fleet
from fleet.batch import farm_folders
from fleet.errors import ConfigError, OutputError
from fleet.report.index_page import farm_entry, folder_names, write_index
from tests.farms import farm_rows, run_cli, write_generic
from tests.html_page import check_page, links
from tests.report_fixture import inferred_too_high, synthetic_results

BROKEN = "bro<k>en & 'farm'"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of farms: two good ones, whose names have to be escaped, and a broken one."""
    root = tmp_path_factory.mktemp("reports") / "farms"
    for number, name in enumerate(("north", "south farm")):
        folder = write_generic(root / name, farm_rows(2, 1.0, seed=number))
        text = (folder / "farm.toml").read_text().replace("made up", f"<b>{name} & co</b>")
        (folder / "farm.toml").write_text(text)
    (root / BROKEN).mkdir()
    (root / BROKEN / "farm.toml").write_text('name = "x"\nhub = 3\n')
    (root / "letter.txt").write_text("not a farm")
    return root


@pytest.fixture(scope="module")
def index(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("index") / "out"
    result = run_cli("reports", str(root), "--out", str(out), "--quiet")
    assert result.code == 5
    assert f"Index: {out / 'index.html'}" in result.out
    assert f'{root / BROKEN}: no report: {root / BROKEN / "farm.toml"}: unknown key "hub"' in result.err
    assert "Traceback" not in result.err
    return out / "index.html"


def test_one_farm_that_fails_does_not_stop_the_others(index: Path) -> None:
    reports = sorted(path.name for path in (index.parent / "farms").iterdir())
    assert reports == ["north", "south_farm"]
    for name in reports:
        check_page(index.parent / "farms" / name / "index.html")
    check_page(index, ("<b>north & co</b>", "<b>south farm & co</b>", BROKEN))
    assert "farm.toml: unknown key &#34;hub&#34;" in index.read_text(encoding="utf-8")


@pytest.mark.usefixtures("undrawn")
def test_an_availability_that_is_too_high_is_marked(tmp_path: Path) -> None:
    results = synthetic_results(2, 1)
    high = inferred_too_high(results)
    write_index([farm_entry(results, "a", "a"), farm_entry(high, "b", "b")], tmp_path)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert page.count("97.00*") == 1
    assert "too high, inferred without 250 rows" in page


def test_links_lead_to_the_reports(index: Path) -> None:
    found = links(index)
    assert found == ["farms/north/index.html", "farms/south_farm/index.html"]
    assert all((index.parent / link).is_file() for link in found)


def test_the_summary_holds_figures_and_reasons(index: Path, root: Path) -> None:
    summary = json.loads((index.parent / "summary.json").read_text())
    assert summary["kind"] == "windform fleet reports"
    broken, north, _ = summary["farms"]
    assert (broken["name"], broken["report"], broken["figures"]) == (BROKEN, None, None)
    assert broken["reason"].startswith('farm.toml: unknown key "hub"')  # the page does not say where it was made
    assert str(root) not in index.read_text(encoding="utf-8")
    own = json.loads((index.parent / "farms" / "north" / "summary.json").read_text())
    assert north["figures"]["energy_mwh"] == own["turbines"]["fleet"]["energy_mwh"]
    assert north["figures"]["alarms"] == sum(finding["severity"] == "alarm" for finding in own["findings"])
    assert north["worst_finding"]["text"] in [finding["text"] for finding in own["findings"]]


@pytest.mark.usefixtures("undrawn")
def test_good_farms_alone_end_with_code_0_and_replace_the_earlier_index(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for _ in range(2):
        result = run_cli("reports", str(root / "north"), str(root / "south farm"), "--out", str(out), "--quiet")
        assert (result.code, result.err) == (0, "")
    assert sorted(path.name for path in out.iterdir()) == ["farms", "figures", "index.html", "summary.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    (out / "mine.txt").write_text("keep me")
    before = (out / "index.html").read_bytes()
    assert run_cli("reports", str(root / "north"), "--out", str(out), "--quiet").code == 4
    assert (out / "index.html").read_bytes() == before


def test_a_defect_is_the_reason_of_one_farm(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fleet import analysis

    usual = analysis.analyse

    def analyse(dataset: object, **rest: object) -> object:
        if dataset.folder.name == "north":  # type: ignore[attr-defined]
            raise ZeroDivisionError("by the north wind")
        return usual(dataset, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(analysis, "analyse", analyse)
    found = fleet.report_farms([root / "north", root / "south farm"], tmp_path / "out")
    assert [entry.reason for entry in found] == ["unexpected ZeroDivisionError: by the north wind", ""]


def test_a_wrong_option_is_no_farms_fault(root: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="from: found 'soon'"):
        fleet.report_farms([root], tmp_path / "out", start="soon")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("undrawn")
def test_the_command_names_what_is_there_and_the_page_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the folder above, where `wind-fleet inspect pics` would find nothing; the page may be read anywhere."""
    (tmp_path / "many" / "pics").mkdir(parents=True)
    (tmp_path / "many" / "pics" / "a.png").write_bytes(b"no table")
    monkeypatch.chdir(tmp_path)
    result = run_cli("reports", "many", "--out", "idx", "--quiet")
    assert result.code == 5
    assert "many/pics: no report: no file of a known format; `wind-fleet inspect many/pics` says" in result.err
    page = (tmp_path / "idx" / "index.html").read_text(encoding="utf-8")
    (farm,) = json.loads((tmp_path / "idx" / "summary.json").read_text())["farms"]
    assert farm["reason"] == "pics: no file of a known format"
    assert "pics: no file of a known format" in page
    assert "wind-fleet inspect" not in page


def test_no_index_lies_where_the_next_run_would_read_it(tmp_path: Path) -> None:
    farm = write_generic(tmp_path / "all" / "a", farm_rows(1, 0.1), turbines=1)
    root = farm.parent
    linked = tmp_path / "link"
    linked.symlink_to(root)
    before = sorted(tmp_path.rglob("*"))
    among, taken = f"lies in the farm's folder {farm}, where", f"lies in the folder of farms {root}, where the next run"
    for given, out, words in (
        (farm, farm / "out", among),
        (root, root / "out", taken),
        (root, linked / "out", taken),
        (root, farm / "out", taken),
    ):
        result = run_cli("reports", str(given), "--out", str(out), "--quiet")
        assert (result.code, result.out) == (4, "")
        assert words in result.err
    assert sorted(tmp_path.rglob("*")) == before


def test_without_a_good_farm_the_index_says_so(root: Path, tmp_path: Path) -> None:
    (entry,) = fleet.report_farms([tmp_path / "nowhere"], tmp_path / "out")
    assert "no such folder" in entry.reason
    check_page(tmp_path / "out" / "index.html", ("nowhere",))


def test_a_disk_that_is_full_stops_everything(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fleet.report.write.write_tables", full)
    with pytest.raises(OutputError, match="No space left on device"):
        fleet.report_farms([root / "north"], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


class TestFarmFolders:
    def test_a_folder_of_farms_stands_for_its_subfolders(self, root: Path) -> None:
        assert farm_folders([root]) == [root / BROKEN, root / "north", root / "south farm"]

    def test_a_farm_stands_for_itself_also_with_folders_inside(self, tmp_path: Path) -> None:
        farm = write_generic(tmp_path / "farm", farm_rows(1, 0.1), turbines=1)
        (farm / "2015").mkdir()
        assert farm_folders([farm]) == [farm]
        loose = tmp_path / "loose"
        (loose / "2015").mkdir(parents=True)
        (loose / "data.csv").write_text("a\n")
        assert farm_folders([loose]) == [loose]
        (loose / "2015" / "farm.toml").touch()
        assert farm_folders([loose]) == [loose / "2015"]
        (loose / "2015" / "farm.toml").unlink()
        (loose / "data.csv").unlink()
        assert farm_folders([loose]) == [loose / "2015"]

    def test_help_and_documentation_say_so_too(self) -> None:
        """The two conditions of the test before: a farm.toml in a subfolder, or nothing but folders."""
        rule = "every subfolder is a farm, where one of them has a farm.toml or nothing but folders lie there"
        assert fleet.report_farms.__doc__ is not None
        for text in (run_cli("reports", "--help").out, fleet.report_farms.__doc__):
            assert rule in " ".join(text.replace("`", "").split())

    def test_hidden_and_repeated_ones_are_left_out(self, root: Path, tmp_path: Path) -> None:
        (tmp_path / "all" / ".cache").mkdir(parents=True)
        (tmp_path / "all" / "a").mkdir()
        assert farm_folders([tmp_path / "all", tmp_path / "all" / "a"]) == [tmp_path / "all" / "a"]

    def test_samples_and_missing_ones_are_kept_for_their_own_message(self, tmp_path: Path) -> None:
        assert farm_folders(["la_haute_borne", "nowhere"]) == ["la_haute_borne", "nowhere"]
        (tmp_path / "empty").mkdir()
        assert farm_folders([tmp_path / "empty"]) == [tmp_path / "empty"]


def test_many_farms_are_listed_whole_and_drawn_in_part(tmp_path: Path) -> None:
    results = synthetic_results(1, 1)
    entries = [replace(farm_entry(results, "x", f"f{i}"), name=f"farm {i}") for i in range(60)]
    for i, entry in enumerate(entries):
        entry.figures["availability_time"] = 0.9 + i / 1000.0
    write_index(entries, tmp_path)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert len(links(tmp_path / "index.html")) == 60
    assert "Of 60 farms the 40 of the lowest availability are drawn." in page


def test_folder_names_are_safe_and_differ() -> None:
    given = ["Süd & Co", "../..", "A", "a", "a", "x" * 300, "con.toml", ""]
    made = folder_names(given)
    assert made[:5] == ["S_d_Co", "farm", "A", "a_2", "a_3"]
    assert len({name.lower() for name in made}) == len(given)
    assert max(map(len, made)) <= 60
