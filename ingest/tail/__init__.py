"""Following a file that grows: what was appended, through rotations, as segments."""
