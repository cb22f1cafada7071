"""`python -m mmsa_tui` is `mmsa`."""

from mmsa_tui.cli import main

if __name__ == "__main__":
    main()
