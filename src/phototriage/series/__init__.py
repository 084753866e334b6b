"""Series of near-identical photos: finding and ranking them."""

from phototriage.series.folders import series_by_folder
from phototriage.series.ranking import RankedPhoto, RankedSeries, rank_series

__all__ = ["RankedPhoto", "RankedSeries", "rank_series", "series_by_folder"]
