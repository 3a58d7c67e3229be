"""Where the plugin's time goes in one build: `python benchmarks/hooks.py --pages 300`."""
