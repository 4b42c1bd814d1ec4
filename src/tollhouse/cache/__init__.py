"""
The exact cache: a question that was answered before gets the same answer again, for nothing.

    answers.py    the door: a call's visit, from its question to the answer that is found, shared, kept or stood in
    question.py   everything that makes the answer, as one key; canonical.py gives JSON one spelling
    flights.py    identical questions in the air share one answer
    shelf.py      where answers are kept: memory.py in front of a store that looks.py asks
    forms/        what an answer looks like at each endpoint: when it may be kept, and how it is given again
"""
