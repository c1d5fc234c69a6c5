"""Speed and memory, ours beside others', as ratios of one run."""
