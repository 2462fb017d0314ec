"""Fixed prompts in the voice of the hospital's own staff."""
