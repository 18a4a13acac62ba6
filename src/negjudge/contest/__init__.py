"""The comparison of methods: search on dev, freeze, make the test's pictures once, then evaluate."""
