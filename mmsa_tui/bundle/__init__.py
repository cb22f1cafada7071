"""Bundles as folders: their record, their registry, writing them, archives, the model card."""
