"""
The room of who may change what: the house's own rules, the people who keep them, and the record of every change.

    register.py    what is in force: the file, with what the store has laid over it
    roles.py       what each role may do
    fields.py      which member of which object a role may write
    desk.py        where teams, use cases, routes, prices and budgets are changed
    keys.py        where callers' keys are made and ended
    tokens.py      where access tokens are made and ended, and whose a token is
    documents.py   budgets, rates, keys and tokens as JSON
    purposes.py    purposes that look like Annex III of the AI Act
"""
