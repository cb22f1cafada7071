"""The small model's process, in which each bundle judges in its own way.

Bundle 1.0.1 sees in every post the label after the one that 1.0.0 sees.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

# Processes of ours do not look for modules beside the script that they run.
sys.path.append(str(Path(__file__).parent))

from small_engine import LABELS, SmallModel, judge

from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.records import Post, Prediction
from mmsa_tui.worker.conversation import Conversation
from mmsa_tui.worker.messages import Load, to_paths
from mmsa_tui.worker.model_side import serve


class LearningModel(SmallModel):
    def __init__(self, bundle_id: str, model: str) -> None:
        super().__init__(0.0, model)
        self.bundle_id = bundle_id

    def predict_batches(self, batches: Iterable[Sequence[Post]]) -> Iterator[list[Prediction]]:
        for batch in batches:
            yield [self._judge(post) for post in batch]

    def _judge(self, post: Post) -> Prediction:
        judged = replace(judge(post), bundle=self.bundle_id, model=self.model)
        if self.bundle_id == "small 1.0.0":
            return judged
        after = LABELS[(LABELS.index(judged.label) + 1) % len(LABELS)]
        return replace(judged, label=after, probs=(judged.probs[-1], *judged.probs[:-1]))


def load(request: Load) -> LearningModel:
    bundle = find_bundle(to_paths(request.paths), request.bundle)
    return LearningModel(bundle.id, bundle.model)


if __name__ == "__main__":
    serve(Conversation.with_parent(), load)
