"""
The room of who may change what: the house's own rules, the people who keep them, and the record of every change.

    register.py    what is in force: the file, with what the store has laid over it
"""
