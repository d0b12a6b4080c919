"""Write the machine library, `turbine/machines/`, from the collection of published data that it was taken from.

The collection is one folder: `turbines.json` (parameters of public turbines with unit, source and status),
`rosco_discon.json` (controller constants that ROSCO 2.10.6 wrote for its tuning cases), rotor surfaces and power curves
as CSV. Every choice is in this file: which published value became which key, what was corrected, what was left out. The
result is the same bytes every time:

    python scripts/import_machines.py FOLDER            # write
    python scripts/import_machines.py FOLDER --check    # exit code 1 if a file differs
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "turbine" / "machines"

#: machine -> title, name in turbines.json, surface, power curve, ROSCO case, its deck among the sources
MACHINES: dict[str, tuple[str, str, str, str, str, str]] = {
    "nrel_5mw": ("NREL 5 MW, land-based", "nrel5mw", "nrel5mw", "", "nrel5", "ED5"),
    "iea_15mw": ("IEA 15 MW, 240 m rotor, direct drive", "iea15mw", "iea15mw", "", "iea15", "IEA15"),
    "iea_3p4mw": ("IEA 3.4 MW, 130 m rotor, land-based", "iea3p4_130", "iea3p4_130", "", "", "IEA34"),
    "nrel_2p8mw": ("NREL 2.8 MW, 127 m rotor", "nrel2p8_127", "nrel2p8_127", "", "nrel2p8", "N28"),
    "senvion_mm82": ("Senvion MM82", "mm82", "", "power_thrust_mm82.csv", "", ""),
    "senvion_mm92": ("Senvion MM92", "mm92", "", "", "", ""),
}

#: key -> name in turbines.json, unit there as the library writes it; taken where the machine has it
PARAMETERS: dict[str, tuple[str, str]] = {
    "rotor.radius": ("TipRad", "m"),
    "rotor.hub_radius": ("HubRad", "m"),
    "rotor.blade_length": ("blade_length", "m"),
    "rotor.blade_mass": ("blade_mass", "kg"),
    "rotor.hub_mass": ("HubMass", "kg"),
    "rotor.hub_inertia": ("HubIner", "kg m2"),
    "rotor.inertia": ("rotor_inertia", "kg m2"),
    "rotor.precone": ("PreCone(1)", "deg"),
    "rotor.tilt": ("ShftTilt", "deg"),
    "rotor.overhang": ("OverHang", "m"),
    "rotor.flap_frequency": ("bld_flap_freq", "rad/s"),
    "rotor.edge_frequency": ("bld_edge_freq", "rad/s"),
    "drive_train.gear_ratio": ("GBRatio", "1"),
    "drive_train.gearbox_efficiency": ("GBoxEff", "%"),
    "drive_train.shaft_stiffness": ("DTTorSpr", "N m/rad"),
    "drive_train.shaft_damping": ("DTTorDmp", "N m s/rad"),
    "drive_train.brake_torque": ("baseline_HSS_brake", "N m"),
    "generator.rated_power": ("rated_power", "W"),
    "generator.max_torque_rate": ("max_torque_rate", "N m/s"),
    "generator.efficiency": ("gen_eff", "1"),
    "generator.inertia": ("GenIner", "kg m2"),
    "pitch_actuator.max_rate": ("max_pitch_rate", "rad/s"),
    "tower.height": ("TowerHt", "m"),
    "tower.top_to_shaft": ("Twr2Shft", "m"),
    "tower.hub_height": ("hub_height", "m"),
    "tower.nacelle_mass": ("NacMass", "kg"),
    "tower.deck_damping": ("tower_fa1_damping", "%"),
    "operation.rated_rotor_speed": ("rated_rotor_speed", "rad/s"),
    "operation.min_rotor_speed": ("min_rotor_speed", "rad/s"),
    "operation.rated_wind_speed": ("rated_wind", "m/s"),
    "operation.cut_in_wind_speed": ("cut_in", "m/s"),
    "operation.cut_out_wind_speed": ("cut_out", "m/s"),
    "operation.optimal_tip_speed_ratio": ("tsr_operational", "1"),
}

#: keys that the two Senvion machines have under other names: name in turbines.json, unit, factor
SENVION: dict[str, tuple[str, str, float]] = {
    "rotor.radius": ("rotor_diameter", "m", 0.5),
    "rotor.hub_mass": ("hub_mass", "kg", 1.0),
    "drive_train.gear_ratio": ("gear_ratio", "1", 1.0),
    "tower.nacelle_mass": ("nacelle_mass", "kg", 1.0),
    "operation.rated_rotor_speed": ("rated_rotor_speed_rpm", "rpm", 1.0),
    "operation.min_rotor_speed": ("min_rotor_speed_rpm", "rpm", 1.0),
    "operation.fine_pitch": ("below_rated_pitch_deg", "deg", 1.0),
    "operation.parked_pitch": ("parked_pitch_deg", "deg", 1.0),
    "generator.rated_torque": ("gen_torque_rated_nm", "N m", 1.0),
}

#: key -> constant of a ROSCO input file, unit; speeds and torques there are the generator's
ROSCO: dict[str, tuple[str, str]] = {
    "generator.rated_torque": ("VS_RtTq", "N m"),
    "generator.max_torque": ("VS_MaxTq", "N m"),
    "pitch_actuator.natural_frequency": ("PA_CornerFreq", "rad/s"),
    "pitch_actuator.damping_ratio": ("PA_Damping", "1"),
    "pitch_actuator.min_angle": ("PC_MinPit", "rad"),
    "pitch_actuator.max_angle": ("PC_MaxPit", "rad"),
    "operation.optimal_tip_speed_ratio": ("VS_TSRopt", "1"),
    "operation.fine_pitch": ("PC_FinePit", "rad"),
    "operation.air_density": ("WE_RhoAir", "kg/m3"),
    "controller.torque_gain": ("VS_Rgn2K", "N m s2/rad2"),
    "controller.torque_proportional": ("VS_KP", "N m s/rad"),
    "controller.torque_integral": ("VS_KI", "N m/rad"),
    "controller.pitch_schedule": ("PC_GS_angles", "rad"),
    "controller.pitch_proportional": ("PC_GS_KP", "s"),
    "controller.pitch_integral": ("PC_GS_KI", "1"),
    "controller.speed_filter_order": ("F_LPFType", "1"),
    "controller.speed_filter_frequency": ("F_LPFCornerFreq", "rad/s"),
    "controller.speed_filter_damping": ("F_LPFDamping", "1"),
    "controller.smoothing_torque_gain": ("SS_VSGain", "1"),
    "controller.smoothing_pitch_gain": ("SS_PCGain", "1"),
    "controller.smoothing_filter_frequency": ("F_SSCornerFreq", "rad/s"),
    "controller.wind_filter_frequency": ("F_WECornerFreq", "rad/s"),
    "controller.reference_filter_frequency": ("F_VSRefSpdCornerFreq", "rad/s"),
    "controller.pitch_switch": ("PC_Switch", "rad"),
    "controller.estimator_wind_speed": ("WE_FOPoles_v", "m/s"),
    "controller.estimator_pole": ("WE_FOPoles", "1/s"),
}

#: the same, of the ROSCO case "default": the K omega^2 case above has no peak shaving, all its minimum angles are zero.
#: The gains and poles stay those of the K omega^2 case, tuned for constant torque above rated wind speed; the default
#: case of the NREL 5 MW is tuned for constant power.
ROSCO_DEFAULT: dict[str, tuple[str, str]] = {
    "controller.minimum_pitch_wind_speed": ("PS_WindSpeeds", "m/s"),
    "controller.minimum_pitch": ("PS_BldPitchMin", "rad"),
}
#: machine -> what to know of its minimum angles
SHAVING = {
    "nrel_2p8mw": (
        "0.8 of the thrust at 11.4 m/s, the NREL 5 MW's rated wind speed: 567 kN, not reached below rated power"
    ),
}

OPENFAST = "OF5"
#: sources besides those of turbines.json
SOURCES = {
    "OF5": "OpenFAST 5.0.0 (Apache-2.0) run on the deck of NREL/ROSCO Examples/Test_Cases (Apache-2.0)",
    "AD5": "NREL/ROSCO Examples/Test_Cases/NREL-5MW/NRELOffshrBsline5MW_Onshore_AeroDyn15.dat (Apache-2.0)",
    "AD15": (
        "NREL/ROSCO Examples/Test_Cases/IEA-15-240-RWT/IEA-15-240-RWT-Monopile/IEA-15-240-RWT-Monopile_AeroDyn15.dat "
        "(Apache-2.0)"
    ),
    "WELIB": "ebranlard/welib data/NREL5MW/NREL5MW_Oper_Onshore_Flexible_Discon.csv (MIT)",
}
_ROUND_TOWER = "fore-aft mode of the same tower"
_INERTIA = "with a generator inertia ten times too large"

Entry = dict[str, Any]


def entry(value: Any, unit: str, source: str, status: str, note: str = "") -> Entry:
    """Return one value as the library writes it."""
    return {"value": value, "unit": unit, "source": source, "status": status, **({"note": note} if note else {})}


#: machine -> key -> entry; overrides what the tables above gave, None removes it
CORRECTIONS: dict[str, dict[str, Entry | None]] = {
    "nrel_5mw": {
        "rotor.edge_frequency": entry(6.2831853, "rad/s", "TUNE5", "read"),
        "drive_train.effective_shaft_stiffness": entry(
            5.06e8, "N m/rad", OPENFAST, "derived", "two masses ring at the 1.70 Hz that flexible blades give"
        ),
        "drive_train.effective_damping_ratio": entry(0.0193114, "1", OPENFAST, "derived", "decay after a torque step"),
        "tower.base_diameter": entry(6.0, "m", "AD5", "read"),
        "tower.top_diameter": entry(3.87, "m", "AD5", "read"),
        "tower.fore_aft_frequency_hz": entry(
            0.324,
            "Hz",
            "JON",
            "recalled",
            "OpenFAST gives 0.3242; 0.4499 rad/s in ROSCO's tuning file is a floating version's",
        ),
        "tower.fore_aft_damping": entry(
            0.0036782, "1", OPENFAST, "derived", "decay of 0.5 m, no wind; the deck's 1 % is the bare tower's"
        ),
        "tower.side_side_frequency_hz": entry(0.312, "Hz", "JON", "recalled"),
        "tower.side_side_damping": entry(0.0036782, "1", OPENFAST, "derived", _ROUND_TOWER),
        "tower.modal_mass": entry(
            447500.0,
            "kg",
            "WELIB",
            "derived",
            "tower-top deflection over rotor thrust 4..25 m/s: 1.854e6 N/m, with 0.324 Hz",
        ),
        "operation.min_rotor_speed": entry(
            34.64286 / 97.0, "rad/s", "DISCON", "derived", "VS_MinOMSpd over the gear ratio"
        ),
    },
    "iea_15mw": {
        "tower.base_diameter": entry(
            10.0, "m", "AD15", "read", "foot at 15 m; not a cone: 10.0 m up to 28 m, 8.15 m at 80 m, 6.75 m at 119 m"
        ),
        "tower.top_diameter": entry(6.5, "m", "AD15", "read"),
        "tower.fore_aft_frequency_hz": entry(
            0.2375,
            "Hz",
            OPENFAST,
            "derived",
            "side-side mode of the same round tower, clamped at 15 m; on its monopile 0.17 Hz (recalled)",
        ),
        "tower.side_side_frequency_hz": entry(
            0.2375, "Hz", OPENFAST, "derived", "ringing after a torque step, tower clamped at 15 m, no monopile"
        ),
        "tower.fore_aft_damping": entry(0.0045, "1", OPENFAST, "derived", "side-side mode of the same tower"),
        "tower.side_side_damping": entry(
            0.0045, "1", OPENFAST, "derived", "ringing after a torque step at 8 m/s: 0.0042 to 0.0048"
        ),
        "tower.modal_mass": entry(
            1.15e6,
            "kg",
            OPENFAST,
            "derived",
            "tower-top deflection over thrust while the rotor slows: 2.57e6 N/m, with 0.2375 Hz; side-side under a "
            "step of moment gives 0.9e6 kg, nacelle, rotor and a quarter of the tower 1.12e6 kg",
        ),
    },
    "iea_3p4mw": {
        "tower.base_diameter": entry(
            5.99, "m", "IEA34", "read", "not a cone: 5.93 m up to 54 m, 4.36 m at 86 m, 3.61 m at 97 m"
        ),
        "tower.top_diameter": entry(3.0, "m", "IEA34", "read"),
        "operation.min_rotor_speed": entry(0.3948, "rad/s", "HAWC34", "read"),
        "drive_train.gearbox_efficiency": entry(0.955, "1", "IEA34", "read"),
    },
    "nrel_2p8mw": {
        "tower.base_diameter": entry(
            4.0, "m", "N28", "read", "lowest node, at 8.65 m; not a cone: 4.0 m up to 26 m, 3.13 m at 61 m"
        ),
        "tower.top_diameter": entry(2.324880163918676, "m", "N28", "read"),
        "generator.inertia": entry(
            494.0938090969189,
            "kg m2",
            "N28",
            "derived",
            "a tenth of the deck's 4940.9, which is 2.3 times the rotor's on the slow side and cannot be right; "
            "420 is as likely",
        ),
        "generator.rated_torque": entry(
            2.8e6 / (0.9394772808556249 * 1.260700470677899 * 97.0),
            "N m",
            "N28",
            "derived",
            "rated power, efficiency and speed; the 24248.5 of its ROSCO file goes with the NREL 5 MW's rated speed",
        ),
        "controller.torque_proportional": None,
        "controller.torque_integral": None,
        "controller.pitch_proportional": None,
        "controller.pitch_integral": None,
        "controller.pitch_schedule": None,
        "controller.estimator_wind_speed": None,
        "controller.estimator_pole": None,
        "operation.min_rotor_speed": entry(
            37.63564 / 97.0, "rad/s", "DISCON", "derived", "VS_MinOMSpd over the gear ratio"
        ),
    },
    "senvion_mm82": {
        "generator.efficiency": entry(
            0.9886, "1", "PINN", "derived", "electrical power over gear ratio, torque and rotor speed"
        ),
        "operation.optimal_tip_speed_ratio": entry(
            9.27, "1", "PINN", "derived", "median of measured records, against nacelle wind: not the free wind's"
        ),
        "pitch_actuator.max_angle": entry(92.5, "deg", "KEL", "derived", "parked pitch of the MM92, same pitch system"),
    },
    "senvion_mm92": {
        "tower.hub_height": entry(78.5, "m", "KEL", "read", "68.5 m as well"),
        "operation.min_rotor_speed": entry(7.8, "rpm", "REC", "recalled"),
        "operation.rated_rotor_speed": entry(15.0, "rpm", "REC", "recalled", "highest 10 min mean measured: 15.34 rpm"),
        "operation.parked_pitch": entry(92.55, "deg", "KEL", "read"),
        "pitch_actuator.max_angle": entry(92.55, "deg", "KEL", "read"),
    },
}

_UNPUBLISHED = "no published value"
_SCALE = "no published value; scaling of similar rotors to 41 m gives 3e6 to 4e6 kg m2"

#: machine -> key -> why it is unknown
MISSING: dict[str, dict[str, str]] = {
    "iea_3p4mw": {"tower.fore_aft_frequency_hz": "not in the sources used; the deck's 1 % damping is the bare tower's"},
    "nrel_2p8mw": {
        "controller.pitch_schedule": f"the published gains were tuned {_INERTIA}",
        "controller.torque_proportional": f"the published gains were tuned {_INERTIA}",
        "controller.estimator_wind_speed": f"the published poles were computed {_INERTIA}",
        "controller.estimator_pole": f"the published poles were computed {_INERTIA}",
        "tower.fore_aft_frequency_hz": "not in the sources used; the deck's 1 % damping is the bare tower's",
    },
    "senvion_mm82": {
        "surface": "none published with a licence; the one published fit misses the measured Cp (R2 = -0.2)",
        "rotor.inertia": _SCALE,
        "generator.inertia": _UNPUBLISHED,
        "drive_train.shaft_stiffness": _UNPUBLISHED,
        "tower.fore_aft_frequency_hz": _UNPUBLISHED,
    },
    "senvion_mm92": {
        "surface": "none published",
        "rotor.inertia": _UNPUBLISHED,
        "generator.inertia": _UNPUBLISHED,
        "drive_train.shaft_stiffness": _UNPUBLISHED,
        "tower.fore_aft_frequency_hz": _UNPUBLISHED,
    },
}

GROUPS = ("rotor", "drive_train", "generator", "pitch_actuator", "tower", "operation", "controller")


def collect(machine: str, folder: Path) -> tuple[dict[str, Entry], dict[str, str]]:
    """Return the values of one machine and the sources they name."""
    _, published, _, _, case, deck = MACHINES[machine]
    data = json.loads((folder / "turbines.json").read_text(encoding="utf-8"))
    sources: dict[str, str] = {**data["sources"], **SOURCES}
    raw: dict[str, Any] = data["turbines"][published]
    found: dict[str, Entry] = {}

    def take(key: str, name: str, unit: str, factor: float = 1.0) -> None:
        if not isinstance(raw.get(name, {}).get("value"), (int, float)):
            return
        given = raw[name]
        status = {"measured": "derived"}.get(given["status"], given["status"])
        if factor != 1.0 and status == "read":
            status = "derived"
        found[key] = entry(given["value"] * factor, unit, given["source"], status, given.get("note", ""))

    for key, (name, unit) in PARAMETERS.items():
        take(key, name, unit)
    if machine.startswith("senvion"):
        for key, (name, unit, factor) in SENVION.items():
            take(key, name, unit, factor)
    constants: dict[str, Any] = {}
    if case:
        written = json.loads((folder / "rosco_discon.json").read_text(encoding="utf-8"))["files"]
        file, default = f"DISCON_{case}_komega2.IN", f"DISCON_{case}_default.IN"
        constants, origin = written[file], "DISCON"
        for label, name in (("DISCON", file), ("DEFAULT", default)):
            text = f"{name} as written by ROSCO 2.10.6 write_DISCON from its tuning case (Apache-2.0)"
            sources = {**sources, label: text}
        for key, (name, unit) in ROSCO_DEFAULT.items():
            found[key] = entry(written[default][name], unit, "DEFAULT", "read", SHAVING.get(machine, ""))
    elif "controller_rosco" in raw:
        constants, origin = raw["controller_rosco"]["value"], raw["controller_rosco"]["source"]
    for key, (name, unit) in ROSCO.items():
        if name in constants:
            found[key] = entry(constants[name], unit, origin, "read")
    if found.get("controller.speed_filter_order", {}).get("value") == 1.0:
        found.pop("controller.speed_filter_damping", None)
    if deck:
        found["rotor.blade_count"] = entry(3.0, "1", deck, "recalled")
        height, top = found["tower.height"]["value"], found["tower.top_to_shaft"]["value"]
        hub = height + top + found["rotor.overhang"]["value"] * math.sin(math.radians(found["rotor.tilt"]["value"]))
        found["tower.hub_height"] = entry(
            round(hub, 3), "m", deck, "derived", "height, top_to_shaft, overhang and tilt"
        )
    for key, correction in CORRECTIONS.get(machine, {}).items():
        if correction is None:
            found.pop(key, None)
        else:
            found[key] = correction
    used = {one["source"] for one in found.values()}
    return found, {key: text for key, text in sources.items() if key in used}


def toml(value: Any) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, list):
        return "[" + ", ".join(toml(one) for one in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return repr(float(value))


def machine_file(machine: str, folder: Path) -> str:
    """Return the text of one machine's TOML file."""
    title, _, surface, curve, _, _ = MACHINES[machine]
    found, sources = collect(machine, folder)
    lines = ["# Written by scripts/import_machines.py; each value with its unit, source and status.", ""]
    lines += [f"name = {toml(machine)}", f"title = {toml(title)}"]
    if surface:
        lines.append(f"surface = {toml(f'{machine}_surface.csv')}")
    if curve:
        lines.append(f"power_curve = {toml(f'{machine}_power_curve.csv')}")
    lines += ["", "[sources]", *(f"{key} = {toml(text)}" for key, text in sorted(sources.items()))]
    for group in GROUPS:
        members = {key.partition(".")[2]: one for key, one in found.items() if key.startswith(f"{group}.")}
        if members:
            lines += ["", f"[{group}]"]
        for name in sorted(members):
            lines.append(f"{name} = {{ " + ", ".join(f"{k} = {toml(v)}" for k, v in members[name].items()) + " }")
    missing = {key: why for key, why in MISSING.get(machine, {}).items() if key not in found}
    if missing:
        lines += ["", "[missing]", *(f"{toml(key)} = {toml(why)}" for key, why in sorted(missing.items()))]
    return "\n".join(lines) + "\n"


def files(folder: Path) -> dict[str, str]:
    """Return name and text of every file of the library."""
    texts = {}
    for machine, (_, _, surface, curve, _, _) in MACHINES.items():
        texts[f"{machine}.toml"] = machine_file(machine, folder)
        if surface:
            texts[f"{machine}_surface.csv"] = (folder / f"cp_ct_cq_{surface}.csv").read_text(encoding="utf-8")
        if curve:
            texts[f"{machine}_power_curve.csv"] = (folder / curve).read_text(encoding="utf-8")
    return texts


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Write the machine library.")
    parser.add_argument("folder", type=Path, help="the collection of published data")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a file differs")
    arguments = parser.parse_args()
    different = []
    for name, text in files(arguments.folder).items():
        path = TARGET / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        different.append(name)
        if not arguments.check:
            path.write_text(text, encoding="utf-8")
    if different:
        print(f"{'differ' if arguments.check else 'written'}: {', '.join(different)}")
    sys.exit(1 if arguments.check and different else 0)


if __name__ == "__main__":
    main()
