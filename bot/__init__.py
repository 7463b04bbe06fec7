"""People: the chat platforms, the web page and the terminal, wired to the rest."""
