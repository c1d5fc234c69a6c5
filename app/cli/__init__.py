"""The command line: a file for each command or group of commands, and what they share.

It changes sessions through the service only. Nothing else in the application imports this package.
"""
