"""Records of converters and machines in compiled loops: constants and states, in per unit of their own rating.

Space vectors of the network (`u`, `r1`) stand in the network's frame; what the controller integrates stands in the
controller's own frame, whose axis is at `angle` against the network's frame.
"""

from __future__ import annotations

import numpy as np

from gridforming.machine_step import SYNCHRONOUS_STATES

__all__ = ["CONSTANTS", "KEPT", "MACHINE_CONSTANTS", "MACHINE_STATES", "STATES"]

_f, _c = np.float64, np.complex128

#: Constants of one converter, one record each; `gridforming.converter` fills them.
CONSTANTS = np.dtype(
    [
        ("nominal_speed", _f),  # [rad/s]
        ("period", _f),  # of the control [s]
        ("every", _f),  # network steps in one period
        ("offset", _f),  # network steps before its first sample
        ("frame_speed", _f),  # [pu]
        ("turn", _c),  # by which a held vector turns against the frame in one period
        ("turn_step", _c),  # the same in one network step
        ("hold", _f),  # factor by which the ends of a step give the mean of a vector that is held at rest
        ("scale", _f),  # network base over rating
        ("delay", _f),  # periods between sample and effect: 0 or 1
        ("modulation", _f),  # see `gridforming.modulation`
        # Filter
        ("filter_resistance", _f),
        ("filter_reactance", _f),
        ("filter_susceptance", _f),
        # Which control
        ("role", _f),  # 0 following, 1 forming
        ("law", _f),  # of a forming converter
        ("inner", _f),  # 0 direct voltage, 1 cascaded, 2 regulated terminal voltage
        ("i_max", _f),  # of the current reference
        # Current limit of a forming converter
        ("limiter", _f),  # see `gridforming.current_limit`
        ("limit", _f),
        ("threshold", _f),
        ("limit_resistance", _f),
        ("limit_reactance", _f),
        ("power_share", _f),  # of what voltage and limit allow, that the power reference keeps below; 0: off
        # Phase-locked loop
        ("pll_bandwidth", _f),  # [rad/s]
        ("pll_filter", _f),  # [rad/s]
        ("pll_kp", _f),
        ("pll_ki", _f),
        ("pll_freeze", _f),  # voltage below which it holds its speed
        ("pll_band", _f),  # largest deviation of its integral [pu]
        ("sequence_gain", _f),  # by which positive and negative sequence follow in one period; 0: not told apart
        # Current control
        ("current_bandwidth", _f),  # [rad/s]
        ("kpc", _f),
        ("kic", _f),
        ("kffv", _f),
        ("kad", _f),
        ("w_ad", _f),
        # Voltage control
        ("kpv", _f),
        ("kiv", _f),
        ("kffi", _f),
        ("virtual_resistance", _f),
        ("virtual_reactance", _f),
        # Laws
        ("active_resistance", _f),
        ("feedback_bandwidth", _f),  # [rad/s]
        ("droop", _f),
        ("power_filter", _f),  # [rad/s]
        ("reactive_droop", _f),
        ("reactive_filter", _f),  # [rad/s]
        ("acceleration_time", _f),  # 2 H [s]
        ("damping", _f),
        ("speed_droop", _f),
        ("transient_damping", _f),
        ("washout", _f),  # [rad/s]
        ("speed_band", _f),  # largest deviation of the speed
        ("terminal_kp", _f),
        ("terminal_ki", _f),  # [1/s]
        ("terminal_filter", _f),  # [rad/s]
        ("terminal_high", _f),
        ("oscillator_gain", _f),
        ("oscillator_rate", _f),
        # Outer control of a following converter
        ("active_control", _f),  # 0 power, 1 DC voltage
        ("dc_bandwidth", _f),  # [rad/s]
        ("voltage_gain", _f),
        ("voltage_rate", _f),  # [1/s]
        ("frequency_gain", _f),
        ("frequency_deadband", _f),
        ("support_gain", _f),
        ("support_below", _f),
        # DC link
        ("dc_source", _f),  # 0 stiff, 1 first order, 2 given from outside
        ("dc_nominal", _f),  # over the peak phase voltage
        ("dc_energy", _f),  # stored at nominal voltage [s]
        ("dc_share", _f),  # of its way to what is wanted that a source goes in one network step
        ("dc_gain", _f),
        ("dc_limit", _f),
        ("chopper_on", _f),
        ("chopper_power", _f),
        # Protection
        ("trip_current", _f),
        ("trip_voltage_low", _f),
        ("trip_voltage_high", _f),
        ("trip_speed_low", _f),
        ("trip_speed_high", _f),
        ("trip_dc_low", _f),
        ("trip_dc_high", _f),
        ("trip_time", _f, (3,)),  # of voltage, speed and DC voltage [s]
    ]
)

#: States and references of one converter.
STATES = np.dtype(
    [
        # References
        ("p_ref", _f),
        ("q_ref", _f),
        ("v_ref", _f),
        ("w_ref", _f),
        # Controller
        ("angle", _f),
        ("angle_now", _f),  # at the sample
        ("speed", _f),  # of the controller's frame [pu]
        ("u_next", _c),  # computed one period ago
        ("u", _c),  # that acts now, at the sample's time
        ("r1", _c),
        ("r2", _c),
        ("current_integral", _c),
        ("current_filter", _c),
        ("v_before", _c),  # voltage one sample ago
        ("voltage_integral", _c),
        ("damping_filter", _c),
        ("p_filter", _f),
        ("q_filter", _f),
        ("law_speed", _f),
        ("law_voltage", _f),
        ("wash", _f),  # [pu]
        ("terminal", _f),  # filtered voltage magnitude [pu]
        ("pll_angle", _f),
        ("pll_speed", _f),
        ("pll_voltage", _c),
        ("pll_integral", _f),
        ("positive", _c),  # sequences of the voltage
        ("negative", _c),
        # DC link
        ("dc_voltage", _f),
        ("dc_power", _f),  # of its source
        ("dc_integral", _f),
        ("q_integral", _f),
        # What is measured, for results and protection
        ("i_ref", _c),
        ("p", _f),
        ("q", _f),
        ("blocked", _f),
        ("limited", _f),
        ("trip", _f),
        ("trip_clock", _f, (3,)),
    ]
)

#: Constants of a synchronous machine or a motor; `gridforming.machine` fills them.
MACHINE_CONSTANTS = np.dtype(
    [
        ("kind", _f),  # see `gridforming.machine_step`
        ("states", _f),  # how many are integrated
        ("nominal_speed", _f),  # [rad/s]
        ("frame_speed", _f),
        ("time_step", _f),  # [s]
        ("scale", _f),  # network base over rating
        ("acceleration_time", _f),  # 2 H [s]
        ("damping", _f),
        ("branch_resistance", _f),  # between the voltage that the rotor makes and the terminals
        ("branch_reactance", _f),
        # Windings of a synchronous machine, by axis
        ("stator_resistance", _f),
        ("rotor_resistance", _f),  # mean resistance of the rotor's windings as the stator sees them at once
        ("gap_d", _f),  # synchronous less transient reactance
        ("gap_q", _f),
        ("inner_d", _f),  # transient reactance less leakage
        ("inner_q", _f),
        ("share_d", _f),  # of subtransient in transient reactance, both less leakage [-]
        ("share_q", _f),
        ("slow_d", _f),  # transient time constants [s]
        ("slow_q", _f),
        ("fast_d", _f),  # subtransient ones [s]
        ("fast_q", _f),
        # Exciter
        ("exciter", _f),  # 0: none
        ("exciter_gain", _f),
        ("exciter_lead", _f),  # [s]
        ("exciter_lag", _f),  # [s]
        ("exciter_time", _f),  # [s]
        ("field_low", _f),
        ("field_high", _f),
        # Governor and turbine
        ("governor", _f),  # 0: none
        ("droop", _f),
        ("valve_time", _f),  # [s]
        ("turbine_lead", _f),  # [s]
        ("turbine_lag", _f),  # [s]
        ("valve_low", _f),
        ("valve_high", _f),
        ("turbine_damping", _f),
        # Motor
        ("coupling", _f),  # of stator flux and rotor flux [-]
        ("turn", _c),  # of a frame at nominal speed against the network's in a step
        ("rotor_rate", _f),  # resistance over reactance of the rotor
        ("magnetising", _f),
        ("load_exponent", _f),
    ]
)

#: States and references of a machine.
MACHINE_STATES = np.dtype(
    [
        ("s", _f, (len(SYNCHRONOUS_STATES),)),  # what is integrated: `SYNCHRONOUS_STATES` or `MOTOR_STATES`
        ("current_before", _c),  # current one step ago, in the network's frame
        ("p_ref", _f),  # of a motor: the torque of its load at nominal speed
        ("v_ref", _f),
        ("w_ref", _f),
        ("p_bias", _f),  # that makes references those of the terminals
        ("v_bias", _f),
        # For results
        ("p", _f),
        ("q", _f),
        ("mechanical", _f),  # power of the turbine; of a motor's load, negative
    ]
)
#: States of a converter that every row of a run keeps.
KEPT = np.dtype(
    [
        (name, STATES[name])
        for name in ("p_ref", "p", "q", "speed", "angle_now", "dc_voltage", "pll_voltage", "i_ref", "limited")
    ]
)
