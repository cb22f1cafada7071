"""A head for labels of one's own, from some fifty of them: fitted on frozen features, judged by folds."""
