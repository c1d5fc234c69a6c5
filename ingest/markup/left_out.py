"""The sentences that tell the user which text of a marked-up document was not read."""

DELETED = "Deleted text (tracked changes) was left out."
HIDDEN = "Hidden text was left out."
RUBY = "Readings above characters (ruby) were left out."
SURROUNDINGS = "Text around the page's main part (menus, headers, footers) was left out."
