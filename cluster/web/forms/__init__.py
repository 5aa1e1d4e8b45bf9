"""The forms of the staff pages; the base that all of them share."""
