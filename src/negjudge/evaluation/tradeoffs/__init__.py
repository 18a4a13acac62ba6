"""What a method buys at which price: frontiers, matched levels, best of n, cost."""
