"""Stages on which two chapters try an answer alike."""
