"""Lists and ranges in sentences."""

from fleet.wording import listed, natural, span


def test_long_lists_are_cut() -> None:
    assert listed(["T2", "T1"]) == "T1, T2"
    assert listed(f"T{i}" for i in range(1, 7)) == "T1, T2, T3, T4, T5, T6"
    assert listed(f"T{i}" for i in range(1, 9)) == "T1, T2, T3, T4, T5 and 3 more"


def test_equal_figures_are_written_once() -> None:
    assert span([1.0031, 1.0034], 3) == "1.003"
    assert span([1.02, 0.98], 2) == "0.98 to 1.02"
    assert span([0.215], 1, 100.0) == "21.5"


def test_numbers_in_names_count_as_numbers() -> None:
    names = ["WT10", "WT2", "10", "2", "WT2b", "WT", "A", "WT02"]
    assert sorted(names, key=natural) == ["2", "10", "A", "WT", "WT02", "WT2", "WT2b", "WT10"]
    assert listed(["10", "9", "1"]) == "1, 9, 10"
    assert sorted(["9" * 5001, "1" + 5001 * "0", "0"], key=natural) == ["0", "9" * 5001, "1" + 5001 * "0"]
