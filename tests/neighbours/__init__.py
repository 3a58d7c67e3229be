"""Hosts, themes and plugins that this plugin works beside: real sites, built and looked at."""
