"""What a run can be taken away as: code, tables, a report, the trained network."""
