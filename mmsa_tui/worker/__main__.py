"""`python -m mmsa_tui.worker model|sources`: a child process of the app; people have no use for it."""

from __future__ import annotations

import sys

from mmsa_tui.worker.conversation import Conversation


def main() -> None:
    side = sys.argv[1] if len(sys.argv) > 1 else ""
    if side not in ("model", "sources"):
        sys.exit("This is a part of mmsa; start `mmsa`.")
    parent = Conversation.with_parent()
    try:
        if side == "model":
            from mmsa_tui.worker import model_side

            model_side.serve(parent)
        else:
            from mmsa_tui.worker import source_side

            source_side.serve(parent)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
