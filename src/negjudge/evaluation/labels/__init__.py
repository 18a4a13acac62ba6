"""Success from few labels: people, judge, and both."""
