"""How the workbench's database became what it is, step by step."""
