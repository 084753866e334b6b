"""Whether the words for what was learned are true of people whose taste is known, and absent for the others.

python benchmarks/personal_words.py SHARED_FOLDER [CACHE_FOLDER] [--draws 8]
"""

import argparse
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from personal_people import EVERY, POPULATIONS, WRONG, chosen, tastes, utility
from phototriage.personal.words import learned_words

STEPS = (50, 200, 400)
TRUE = {
    "sharp": "you prefer sharper frames",
    "bright": "you prefer brighter frames",
    "low noise": "you mind noise more than others",
    "warm": "you prefer warmer colors",
    "color": "you prefer more colorful frames",
}
NULLS = 3


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("shared", type=Path)
    parser.add_argument("cache", type=Path, nargs="?")
    parser.add_argument("--draws", type=int, default=8)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for name, make in POPULATIONS.items():
            said: dict[tuple[str, int], list[tuple[str, ...]]] = defaultdict(list)
            for draw in range(arguments.draws):
                rng = np.random.default_rng(300 + draw)
                population = make(arguments.shared, arguments.cache or Path(scratch), rng)
                known = np.concatenate(population.series)
                series = np.repeat(np.arange(len(population.series)), [len(e) for e in population.series])
                of_taste = tastes(population, rng)
                kinds = [("none", None)] * NULLS + [(taste, of_taste[taste]) for taste in TRUE]
                for number, (taste, values) in enumerate(kinds):
                    liked = utility(population, values)
                    wrong = WRONG[(draw + number) % len(WRONG)]
                    picks = chosen(liked, population.series, wrong, rng)
                    for step in STEPS:
                        taught = [each for each in range(step) if each % EVERY != EVERY - 1]
                        correction = population.learned(picks, taught)
                        words = learned_words(population.ranker, correction, population.rows[known], series)
                        said[taste, step].append(tuple(each.partition(":")[0] for each in words))
            print(f"\n{name}: people of whom their own word is said, and any other, %\n")
            print(f"| taste | people | {' | '.join(f'{step} choices' for step in STEPS)} | others, at any |")
            print(f"|---|---|{'---|' * (len(STEPS) + 1)}")
            for taste in ("none", *TRUE):
                cells = []
                others: Counter[str] = Counter()
                for step in STEPS:
                    people = said[taste, step]
                    own = np.mean([TRUE.get(taste, "") in words for words in people])
                    other = np.mean([any(each != TRUE.get(taste) for each in words) for words in people])
                    cells.append(f"{100 * own:.0f}, {100 * other:.0f}")
                    others.update(each for words in people for each in words if each != TRUE.get(taste))
                count = len(said[taste, STEPS[0]])
                print(f"| {taste} | {count} | {' | '.join(cells)} | {dict(others.most_common(3))} |")


if __name__ == "__main__":
    main()
