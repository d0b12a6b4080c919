"""Records of a converter in compiled loops: its constants and its states, in per unit of its own rating.

Space vectors of the network (`u`, `r1`) stand in the network's frame; what the controller integrates stands in the
controller's own frame, whose axis is at `angle` against the network's frame.
"""

from __future__ import annotations

import numpy as np

__all__ = ["CONSTANTS", "STATES"]

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
