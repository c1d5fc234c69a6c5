"""Results of an evaluation: single answers on disk, and the tables made from them."""
