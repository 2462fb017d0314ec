"""The contact policy: the one gate that says whether somebody may be called now, and if not, why and when."""
