"""Telephone audio: 8 kHz mu-law and int16, levels, tones."""
