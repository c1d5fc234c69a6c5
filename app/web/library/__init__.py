"""The library tab: the documents of a session, and adding to them."""
