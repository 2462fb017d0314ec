"""Makes the Mandarin telephone recogniser that ships, in Vosk's format; see docs/speech.md."""
