"""phototriage: which photo of a series would people keep?"""
