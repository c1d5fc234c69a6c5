"""The library tab: the documents of a session and the ways to add some."""
