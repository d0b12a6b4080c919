"""Reference curves: reading and refusing them, and what the comparison makes of known ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fleet
from fleet.config import Farm
from fleet.curve_pair import MEASURED
from fleet.dataset import open_dataset
from fleet.errors import ConfigError, InputError
from fleet.farm_file import parse_farm
from fleet.inventory import inspect_folder
from fleet.reference import NO_TEST, reference_findings, reference_result
from fleet.reference_curve import ReferenceCurve, check_references, reference_curves
from fleet.report import write_report
from fleet.report.output import summary
from fleet.report.sections import section
from tests.farms import farm_rows, write_generic
from tests.html_page import check_page
from tests.report_fixture import RATED_KW, synthetic_results

GOOD = "wind_speed_m_s,power_kw\n" + "".join(f"{v},{p}\n" for v, p in ((3, 0), (8, 800), (12, 2000), (25, 2000)))


def farm_of(reference: object, *, density: float | None = None, models: tuple[str, ...] = ("A", "A")) -> Farm:
    return parse_farm(
        {
            "name": "f",
            "turbines": [
                {"name": f"T{i + 1}", "rated_power_kw": RATED_KW, "model": model} for i, model in enumerate(models)
            ],
            "power_curve": {"reference": reference, "reference_curve_density": density},
        },
        "farm.toml",
    )


def refused(folder: Path, text: str) -> str:
    (folder / "curve.csv").write_text(text)
    with pytest.raises(InputError) as caught:
        check_references(farm_of("curve.csv"), folder)
    return str(caught.value)


class TestReading:
    def test_a_file_is_in_the_form_of_the_machine_library(self, tmp_path: Path) -> None:
        (tmp_path / "curve.csv").write_text("# source: contract, annex 3\n" + GOOD)
        found = reference_curves(farm_of("curve.csv", density=1.2), tmp_path)
        assert sorted(found) == ["T1", "T2"]
        assert found["T1"].wind_speed.tolist() == [3.0, 8.0, 12.0, 25.0]
        assert found["T1"].power_kw.tolist() == [0.0, 800.0, 2000.0, 2000.0]
        assert (found["T1"].density, found["T1"].source) == (1.2, "contract, annex 3")

    def test_without_a_density_the_files_is_that_of_the_measured_curve(self, tmp_path: Path) -> None:
        (tmp_path / "curve.csv").write_text(GOOD)
        assert reference_curves(farm_of("curve.csv"), tmp_path)["T1"].density == 1.225

    def test_a_published_curve_of_the_library(self, tmp_path: Path) -> None:
        """Figures of NREL's flasc, as `turbine/machines/senvion_mm82_power_curve.csv` states them."""
        curve = reference_curves(farm_of("senvion_mm82"), tmp_path)["T1"]
        assert np.interp([8.0, 10.0, 16.0], curve.wind_speed, curve.power_kw) == pytest.approx(
            [767, 1439, 2050], abs=0.1
        )
        assert curve.density == 1.225

    @pytest.mark.slow
    def test_a_machine_without_one_gives_its_steady_states(self, tmp_path: Path) -> None:
        """Rated power and speed of the NREL 5 MW machine: Jonkman et al. 2009, NREL/TP-500-38060, table 1-1."""
        curve = reference_curves(farm_of("nrel_5mw"), tmp_path)["T1"]
        assert curve.power_kw.max() == pytest.approx(5000.0, rel=1e-3)
        assert np.interp(11.4, curve.wind_speed, curve.power_kw) == pytest.approx(5000.0, rel=0.03)

    def test_each_model_has_its_own(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_text(GOOD)
        farm = farm_of({"A": "a.csv", "B": "senvion_mm82"}, models=("A", "B", "C"))
        found = reference_curves(farm, tmp_path)
        assert {name: curve.name for name, curve in found.items()} == {"T1": "a.csv", "T2": "senvion_mm82"}
        only_b = farm.model_copy(update={"turbines": farm.turbines[1:2]})
        assert list(reference_curves(only_b, tmp_path)) == ["T2"]

    def test_a_model_that_no_turbine_is_of_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"no turbine is of the model 'MM28' \(did you mean \"MM82\"\?\)"):
            check_references(farm_of({"MM28": "senvion_mm82"}, models=("MM82",)), tmp_path)

    def test_an_unknown_machine_and_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"found 'nrel_5MW' \(did you mean \"nrel_5mw\"\?\), expected a machine"):
            check_references(farm_of("nrel_5MW"), tmp_path)
        with pytest.raises(ConfigError, match=r"warranted\.csv: no such file"):
            check_references(farm_of("warranted.csv"), tmp_path)

    @pytest.mark.parametrize("given", [3, True, ["a.csv"], {"A": 3}])
    def test_what_is_no_name_is_refused_with_the_key(self, given: object) -> None:
        with pytest.raises(
            ConfigError, match=r'key "power_curve\.reference": expected the name of a machine or file'
        ) as e:
            farm_of(given)
        assert str(e.value).count("\n") == 0

    def test_bad_files_are_refused_with_file_place_and_reason(self, tmp_path: Path) -> None:
        assert "expected columns wind_speed_m_s, power_kw" in refused(tmp_path, "speed,power_kw\n3,1\n")
        assert "line 4: wind_speed_m_s is 8 after 8 in line 3, expected" in refused(tmp_path, GOOD.replace("12,", "8,"))
        assert "line 4: wind_speed_m_s is 2 after 8 in line 3, expected" in refused(tmp_path, GOOD.replace("12,", "2,"))
        assert "line 3: power_kw is 'x', expected a number" in refused(tmp_path, GOOD.replace("8,800", "8,x"))
        assert "power falls from 2500 kW at 8 m/s to 2000 kW at 12 m/s" in refused(
            tmp_path, GOOD.replace("8,800", "8,2500").replace("25,2000", "25,2600")
        )
        assert "reaches 2,000,000 kW, the turbines have 2,000 kW; expected kW" in refused(
            tmp_path, GOOD.replace("2000", "2000000").replace("800", "800000")
        )
        assert "reaches 2 kW" in refused(tmp_path, GOOD.replace("2000", "2").replace("800", "0.8"))
        assert "up to 90, expected two or more up to 60 m/s" in refused(tmp_path, GOOD.replace("25,", "90,"))
        assert "found -900 kW at 3 m/s" in refused(tmp_path, GOOD.replace("3,0", "3,-900"))

    def test_lines_are_those_of_the_file_comments_and_empty_ones_counted(self, tmp_path: Path) -> None:
        """Seven lines as an editor numbers them; the header is in line 3, the rows in lines 4, 6 and 7."""
        good = "# source: annex 3\n\nwind_speed_m_s,power_kw\n3,0\n# from the second sheet\n8,800\n12,2000\n"
        (tmp_path / "curve.csv").write_text(good)
        check_references(farm_of("curve.csv"), tmp_path)
        assert "curve.csv, line 7: power_kw is 'x'" in refused(tmp_path, good.replace("12,2000", "12,x"))
        assert "curve.csv, line 7: power_kw is empty" in refused(tmp_path, good.replace("12,2000", "12,"))
        assert "curve.csv, line 6: power_kw is inf" in refused(tmp_path, good.replace("8,800", "8,inf"))
        assert "curve.csv, line 4: wind_speed_m_s is -3" in refused(tmp_path, good.replace("3,0", "-3,0"))
        assert "curve.csv, line 7: found 3 fields" in refused(tmp_path, good.replace("12,2000", "12,2000,1"))
        assert "line 6: wind_speed_m_s is 2 after 3 in line 4" in refused(tmp_path, good.replace("8,800", "2,800"))

    def test_the_mark_that_spreadsheets_begin_a_file_with_is_no_part_of_the_header(self, tmp_path: Path) -> None:
        (tmp_path / "curve.csv").write_text("\ufeff" + GOOD, encoding="utf-8")
        assert reference_curves(farm_of("curve.csv"), tmp_path)["T1"].wind_speed.tolist() == [3.0, 8.0, 12.0, 25.0]

    def test_a_curve_that_ends_at_cut_out_is_none_that_falls(self, tmp_path: Path) -> None:
        (tmp_path / "curve.csv").write_text(GOOD + "25.01,0\n50,-5\n")
        check_references(farm_of("curve.csv"), tmp_path)
        assert reference_curves(farm_of("curve.csv"), tmp_path)["T1"].wind_speed.tolist() == [3.0, 8.0, 12.0, 25.0]

    def test_the_file_is_no_data_of_the_farm(self, tmp_path: Path) -> None:
        folder = write_generic(tmp_path / "farm", farm_rows(1, 0.5), turbines=1)
        text = (folder / "farm.toml").read_text().replace('files = "data_*.csv"', 'files = "*.csv"')
        (folder / "farm.toml").write_text(text + '\n[power_curve]\nreference = "curve.csv"\n')
        (folder / "curve.csv").write_text(GOOD)
        assert [file.name for file in open_dataset(folder).files] == ["data_000.csv"]
        (entry,) = [entry for entry in inspect_folder(folder).files if entry.path == "curve.csv"]
        assert entry.why == "the reference curve that farm.toml names"
        (folder / "curve.csv").write_text("a,b\n1,2\n")
        with pytest.raises(InputError, match="expected columns wind_speed_m_s"):
            open_dataset(folder)


def measured_as_reference(scale: float = 1.0, density: float = 1.225) -> dict[str, ReferenceCurve]:
    """Return each turbine's measured curve, its powers scaled, as its reference."""
    results = synthetic_results(2, 1)
    assert results.curves is not None
    made = {}
    for name in ("T01", "T02"):
        own = results.curves.bins[results.curves.bins["turbine"] == name]
        made[name] = ReferenceCurve(
            name=f"of {name}",
            wind_speed=own["wind_speed"].to_numpy() * (1.225 / density) ** (1.0 / 3.0),
            power_kw=scale * own["power_kw"].to_numpy(),
            density=density,
            source="",
        )
    return made


class TestComparison:
    @pytest.mark.parametrize("density", [1.225, 1.0])
    def test_a_reference_equal_to_the_measured_curve_gives_one(self, density: float) -> None:
        """At another density the same curve stands at winds that are (rho0 / rho)^(1/3) times as high."""
        results = synthetic_results(2, 1)
        assert results.curves is not None
        found = reference_result(results.curves, results.farm, measured_as_reference(density=density))
        assert found.bins["difference_kw"].abs().max() < 1e-9
        known = found.aep[found.aep["ratio"].notna()]
        assert len(known) == 18
        assert known["ratio"].to_numpy() == pytest.approx(np.ones(18), abs=1e-12)
        assert (found.table["bins_outside"] == 0).all() or density != 1.225
        assert ("is for an air density of 1 kg/m3" in " ".join(found.notes)) == (density != 1.225)
        assert found.notes[0] == NO_TEST

    def test_uncertainties_are_those_of_the_measured_curve(self) -> None:
        results = synthetic_results(2, 1)
        assert results.curves is not None
        found = reference_result(results.curves, results.farm, measured_as_reference(0.5))
        one = found.bins[found.bins["turbine"] == "T01"]
        assert one["u_kw"].to_numpy() == pytest.approx(np.full(len(one), np.hypot(4.0, 30.0)))
        assert one["in_u"].to_numpy() == pytest.approx(one["first_kw"].to_numpy() / np.hypot(4.0, 30.0))
        row = found.aep[(found.aep["turbine"] == "T01") & (found.aep["wind"] == MEASURED)].iloc[0]
        n = len(one)
        assert row["ratio"] == pytest.approx(2.0)
        # Equal records in n bins: category A falls with the root of n, category B does not fall.
        u = np.hypot(4.0 / np.sqrt(n), 30.0)
        assert row["u_change_mwh"] == pytest.approx(8.76 * u)
        assert row["u_ratio"] == pytest.approx(u / one["first_kw"].mean())

    def test_bins_beyond_the_reference_are_counted_and_not_compared(self) -> None:
        results = synthetic_results(1, 1)
        assert results.curves is not None
        short = ReferenceCurve(
            name="short", wind_speed=np.array([5.0, 10.0]), power_kw=np.array([0.0, 1000.0]), density=1.225, source=""
        )
        found = reference_result(results.curves, results.farm, {"T01": short})
        row = found.table[found.table["turbine"] == "T01"].iloc[0]
        assert (row["bins_compared"], row["bins_outside"]) == (11, 19)
        assert found.bins["wind_speed"].between(5.0, 10.0).all()
        # The common bins begin more than one bin above cut-in: no annual energy.
        assert found.aep.loc[found.aep["wind"] != MEASURED, "ratio"].isna().all()

    @pytest.mark.parametrize("reference", ["senvion_mm82", "curve.csv"])
    def test_bins_above_the_cut_out_lie_outside(self, reference: str, tmp_path: Path) -> None:
        """Both curves cut out at 25 m/s and have zeros up to 50 m/s: 2 MW there are no 2 MW more than expected."""
        (tmp_path / "curve.csv").write_text(GOOD + "25.01,0\n50,0\n")
        results = synthetic_results(1, 1)
        assert results.curves is not None
        # The bins of 25.0 and 25.5 m/s, the first with its mean exactly on the cut-out.
        above = results.curves.bins[results.curves.bins["bin"] == 30].assign(power_kw=2000.0)
        own = pd.concat(
            [above.assign(bin=number, wind_speed=wind) for number, wind in ((50, 25.0), (51, 25.4), (60, 30.0))]
        )
        bins = pd.concat([results.curves.bins, own], ignore_index=True)
        farm = farm_of(reference, models=("A",))
        curves = {"T01": reference_curves(farm, tmp_path)["T1"]}
        found = reference_result(replace(results.curves, bins=bins), results.farm, curves)
        counted = found.table.set_index("turbine")["bins_outside"]
        before = reference_result(results.curves, results.farm, curves).table.set_index("turbine")["bins_outside"]
        assert counted["T01"] - before["T01"] == 2
        assert found.bins["wind_speed"].max() == 25.0
        assert found.bins["first_kw"].iloc[-1] == pytest.approx(2050.0 if reference == "senvion_mm82" else 2000.0, 1e-4)

    def test_the_fleet_is_compared_only_where_all_have_one_reference(self) -> None:
        results = synthetic_results(2, 1)
        assert results.curves is not None
        both = measured_as_reference()
        assert set(reference_result(results.curves, results.farm, both).table["turbine"]) == {"T01", "T02"}
        same = dict.fromkeys(both, both["T01"])
        assert set(reference_result(results.curves, results.farm, same).table["turbine"]) == {"T01", "T02", "fleet"}
        alone = reference_result(results.curves, results.farm, {"T01": both["T01"]})
        assert "No reference for the model of T02." in alone.notes

    def test_findings_name_the_figure_and_another_machine(self) -> None:
        results = synthetic_results(2, 1)
        assert results.curves is not None
        near = reference_result(results.curves, results.farm, measured_as_reference(1.001))
        assert reference_findings(replace(results, reference=near)) == []
        far = reference_result(results.curves, results.farm, measured_as_reference(2.0))
        found = reference_findings(replace(results, reference=far))
        assert [finding.severity for finding in found] == ["warning"] * 4
        assert "it is another machine's" in found[0].text
        assert found[-1].text.startswith("T02: on nacelle wind 50.0 % of the reference curve's energy")
        assert reference_findings(results) == []

    def test_the_section_is_honest_about_the_wind(self) -> None:
        results = synthetic_results(2, 1)
        assert results.curves is not None
        curves = measured_as_reference()
        part = reference_result(results.curves, results.farm, dict.fromkeys(curves, curves["T01"]))
        made = section(replace(results, reference=part), "reference")
        assert [figure.name for figure in made.figures] == ["reference_differences", "reference_ratios"]
        assert "no certified power performance test" in str(made.blocks[0])
        ratio = summary(replace(results, reference=part))["energy_against_reference"]["T01"]
        assert ratio["ratio_fraction"] == pytest.approx(1.0)
        assert ratio["ratio_standard_uncertainty_fraction"] > 0.0
        assert summary(results)["energy_against_reference"] is None
        empty = section(results, "reference")
        assert empty.absent == "No reference curve is set; [power_curve] reference in farm.toml names one."


def test_tables_have_the_columns_that_results_declares() -> None:
    results = synthetic_results(1, 1)
    assert results.curves is not None
    found = reference_result(results.curves, results.farm, {"T01": measured_as_reference()["T01"]})
    assert isinstance(found.curve, pd.DataFrame)
    assert list(found.curve) == ["turbine", "wind_speed", "power_kw"]
    assert list(found.bins)[:2] == ["turbine", "bin"]


def test_a_farm_with_a_reference_from_end_to_end(tmp_path: Path) -> None:
    """The made-up farm's own law of power as its reference, at the density of its records."""
    folder = write_generic(
        tmp_path / "farm", farm_rows(2, 12.0, seed=2), extra='[power_curve]\nreference = "law.csv"\n'
    )
    text = (folder / "farm.toml").read_text()
    (folder / "farm.toml").write_text(text.replace("[power_curve]", '[power_curve]\ndensity = "none"'))
    wind = np.arange(3.0, 25.5, 0.5)
    power = 2000.0 * np.clip((wind**3 - 30.0) / (12.0**3 - 30.0), 0.0, 1.0)
    (folder / "law.csv").write_text(pd.DataFrame({"wind_speed_m_s": wind, "power_kw": power}).to_csv(index=False))
    found = fleet.open(folder).results
    assert found.reference is not None
    rows = found.reference.aep[found.reference.aep["wind"] == MEASURED]
    assert set(rows["turbine"]) == {"T1", "T2", "fleet"}
    assert rows["ratio"].to_numpy() == pytest.approx(np.ones(3), abs=0.01)
    assert any("density = none" in note for note in found.reference.notes)
    page = write_report(found, tmp_path / "out")
    check_page(page, ("Against the reference curve",))
    assert (page.parent / "tables" / "reference_aep.parquet").is_file()
