"""Who looked at or changed what, when and for which purpose."""
