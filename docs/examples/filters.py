"""The fourth example of the site: decorated functions, and those of a library."""

# [filters]

from attrs import frozen

from regcache_functions import FunctionRegistry


@frozen
class Cost:
    """What is known of each filter beside its name and signature."""

    memory: float = 1.0
    gpu: bool = False


# In app/registry.py, with package="app.filters": then the modules of that package are searched.
filters = FunctionRegistry("filters", facts=Cost)


@filters.register(tags=["blur"], aliases=["gauss"], memory=2.0)
def gaussian(image: list[float], sigma: float = 1.0) -> list[float]:
    """Smooth an image; in ``app/filters/smooth.py``."""
    return [each / sigma for each in image]


print(list(filters.query(tag="blur")))  # from the cache; no module of app.filters is imported
print(filters.info("gauss").facts.memory)  # so is this: 2.0
print(filters["gaussian"]([1.0, 2.0], sigma=2.0))  # imports one module

statistics = FunctionRegistry.scan("statistics", exclude=["p*"])
print(statistics.info("quantiles").signature)  # (data, *, n=4, method='exclusive')
print(list(statistics.query(parameter="xbar")))  # ['stdev', 'variance']
print(list(statistics.search("harmonic mean")))  # ['harmonic_mean']
# [end]
