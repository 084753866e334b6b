def learned_words(*a, **k):
    return ()
