"""How long to wait before the same deployment is asked again."""

FIRST_WAIT_MS = 250
MAX_DOUBLINGS = 10


def backoff_ms(retry: int, wait_max_ms: int, jitter: float) -> int:
    """
    Return the wait before a retry when the provider did not say: full jitter up to 250 ms x 2^n, capped.

    Args:
        retry: 0 for the first retry.
        jitter: in [0, 1); drawn by the caller so that this stays pure.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 (full jitter).
    """
    return int(min(FIRST_WAIT_MS * 2 ** min(retry, MAX_DOUBLINGS), wait_max_ms) * jitter)
