"""What a report shows of the results."""
