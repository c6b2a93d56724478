"""Networks on the machines that people have: export to other runtimes, and the benchmark."""
