def read_catalogue(*a, **k):
    raise NotImplementedError
