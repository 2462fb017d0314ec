"""`python -m huifang`."""

from huifang.cli import main

main()
