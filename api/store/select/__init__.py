"""From a query to one statement: which terms lead, which are probed, which stretches are walked."""
