"""Speed and memory as ratios against named peers and the raw limit, measured side by side in one run."""
