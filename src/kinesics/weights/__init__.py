"""Files of weights: their specification, loading, the tables of encoders, and the ledger of published ones."""
