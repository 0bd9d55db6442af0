from tests.fresh.cases import town

__all__ = ["town"]
