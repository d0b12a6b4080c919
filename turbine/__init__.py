"""One wind turbine: rotor, drive train, tower, controller, wind and loads."""
