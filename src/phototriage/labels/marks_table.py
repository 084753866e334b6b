def read_marks_table(*a, **k):
    raise NotImplementedError
