"""
The room where money is held, spent and written down. `books.py` is its door; the gateway knows nothing else of it.

    prices.py      what a token costs at a deployment       bounds.py     the most that a request can consume
    slices.py      reserve inside leased parts of budgets   journal.py    append-only file, written before bytes leave
    records.py     how a journal's bytes are framed         lock.py       who owns a journal's folder
    adoption.py    the journals of dead processes           posting.py    finished calls on their way to the ledger
    reconcile.py   ledger against journal against calls
"""
