"""What an installation lacks, and what to do about it: looked at from outside, and nothing is changed."""

from api.diagnosis.findings import Finding, Level
from api.diagnosis.looking import diagnose

__all__ = ["Finding", "Level", "diagnose"]
