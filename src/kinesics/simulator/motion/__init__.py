"""How simulated people move: kinematics, a program a class, and the background around it."""
