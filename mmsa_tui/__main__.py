"""What `mmsa` and `python -m mmsa_tui` run: the command line, with the current folder out of the way.

Imports nothing before that. A folder named `mmsa_tui` in the current folder is still this package's
rival for `python -m mmsa_tui`, which Python looks up before it runs a line of ours; `mmsa` has none.
"""

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    # `python -m` has put the current folder here.
    del sys.path[0]


def main() -> None:
    """Run one command and exit with its code."""
    from mmsa_tui.processes import heed_termination, leave_current_folder

    leave_current_folder()
    heed_termination()
    try:
        from mmsa_tui.cli import main

        main()
    except KeyboardInterrupt:
        # While it was still loading: nothing was begun that a message could be about.
        print("error: stopped", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
