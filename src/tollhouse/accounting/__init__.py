"""
The room where money is held, spent and written down. `books.py` is its door; the gateway knows nothing else of it.

    open_call.py   one call while it is open: reserve, journal, settle
    prices.py      which line prices a deployment
    bounds.py      the most that a request can be charged for
    slices.py      leased parts of budgets, and the reservations inside them
    journal.py     this process's append-only file, written before bytes leave
    records.py     how a journal's bytes are framed, and how they are read back
    posting.py     finished calls on their way to the ledger
    lock.py        who owns a journal's folder
    adoption.py    the journals of dead processes
    reconcile.py   the books against themselves
"""
