"""
What `tollhouse doctor` looks at: one file a group, small pure judgements behind a thin shell that looks.

    configuration.py   the settings load, and nothing important is left out
    storage.py         the store opens, is current, and has room
    journals.py        whose journals stand in the data folder
    providers.py       each provider answers, and takes our key
    clock.py           our clock against the providers', time zones
    books.py           the ledger against itself and the journals: the group `reconcile`

Nothing here spends, sends a prompt, changes a row or shows a secret, and all of it works beside a live server.
"""
