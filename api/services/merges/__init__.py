"""Two records of one human being are made one: who may do it, what is noted, and how it is taken back."""

from api.services.merges.acts import Act, MergeFate
from api.services.merges.persons import UNDO_DAYS, MergeReport, acts_of, merge_persons, purge_merges, undo_merge

__all__ = ["UNDO_DAYS", "Act", "MergeFate", "MergeReport", "acts_of", "merge_persons", "purge_merges", "undo_merge"]
