"""Tables: delimited text (CSV, TSV) and workbooks, row by row.

Every segment that has rows has the header line of its table before them.
"""
