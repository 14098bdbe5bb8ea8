"""Other people's files for our pages: which ones, and how they are installed. None is committed."""
