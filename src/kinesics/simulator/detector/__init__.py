"""How simulated people are detected: by a model of a landmark engine, or by the real one."""
