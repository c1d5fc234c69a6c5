"""Tasks whose questions and texts are files of data sets that the user has."""
