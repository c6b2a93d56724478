"""Ready-made models of group differences, fitted by statsmodels, each with what it assumes."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kinesics.progress import Progress

if TYPE_CHECKING:
    import pandas as pd

LEAST_EVENTS = 10  # of all groups together, and one in each
_LEAST_CLUSTERS = 3  # in each group
_FEW = 50  # clusters; below, the sandwich is corrected for their number
_ITEM = ["measure", "level", "label"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """What a model says of each group against the reference.

    Attributes
    ----------
    effect : (G − 1,) differences, or logarithms of ratios.
    error : (G − 1,) their standard errors.
    note : what went wrong, "" if nothing.
    """

    effect: Array
    error: Array
    note: str = ""


@dataclass(frozen=True)
class StudyModel:
    """A kind of model.

    Attributes
    ----------
    name : as the table calls it.
    effect : what the table's `estimate` is.
    assumes : in sentences.
    fit : called with the rows of one label (numerator, denominator, cluster) and (N, G − 1) which group each row is in.
    scale : from the model's effects to the table's.
    """

    name: str
    effect: str
    assumes: str
    fit: Callable[[pd.DataFrame, Array], Fit]
    scale: Callable[[Array], Array]


def _gee_poisson(rows: pd.DataFrame, groups: Array) -> Fit:
    """GEE with log link and log minutes as offset; the estimate is the ratio of pooled rates.

    The working correlation is independence: an exchangeable one runs away where people differ much more than their
    recordings, and the sandwich holds for either.
    """
    import statsmodels.api as sm

    clusters = rows["cluster"].astype("category").cat.codes.to_numpy()
    few = len(np.unique(clusters)) < _FEW
    counts, design = rows["numerator"].to_numpy(float), sm.add_constant(groups, has_constant="add")
    shared = {"family": sm.families.Poisson(), "offset": np.log(rows["denominator"].to_numpy(float))}
    start = sm.GLM(counts, design, **shared).fit().params
    model = sm.GEE(counts, design, groups=clusters, cov_struct=sm.cov_struct.Independence(), **shared)
    found = model.fit(start_params=start, cov_type="bias_reduced" if few else "robust")
    return Fit(found.params[1:], found.bse[1:], "" if found.converged else "did not converge")


def _linear(rows: pd.DataFrame, groups: Array) -> Fit:
    """A random intercept a person where people recur, else least squares with errors that may differ (HC3)."""
    import statsmodels.api as sm

    values = (rows["numerator"] / rows["denominator"]).to_numpy(float)
    design = sm.add_constant(groups, has_constant="add")
    kept = slice(1, 1 + groups.shape[1])
    if rows["cluster"].nunique() == len(rows):
        found = sm.OLS(values, design).fit(cov_type="HC3")
        return Fit(found.params[kept], found.bse[kept])
    found = sm.MixedLM(values, design, groups=rows["cluster"].to_numpy()).fit(reml=True)
    return Fit(found.params[kept], found.bse[kept], "" if found.converged else "did not converge")


_POISSON = StudyModel(
    "Poisson GEE",
    "ratio of rates",
    "Counts of events with the minutes seen as exposure, log link: the ratio of pooled rates. People are independent "
    "of one another, recordings of one person may be alike (where no subjects are named, recordings are independent). "
    "Sandwich errors hold where counts vary more than Poisson's; below 50 people they are corrected (Mancl & DeRouen, "
    "2001). Intervals and p are by Student's t with as many degrees of freedom as people less groups.",
    _gee_poisson,
    np.exp,
)
_LINEAR = StudyModel(
    "linear mixed model",
    "difference",
    "One value a person and recording, all weighted alike; a random intercept a person, normal and of one variance in "
    "all groups, and normal residuals (REML). Where nobody recurs it is least squares with errors that may differ "
    "between groups (HC3). Shares and lengths are skewed: believe it for means of many recordings, not for tails. "
    "Intervals and p are by Student's t with as many degrees of freedom as people less groups.",
    _linear,
    np.asarray,
)
MODELS = {"rate": _POISSON, "share": _LINEAR, "length": _LINEAR, "mean": _LINEAR}


def model_table(measures: pd.DataFrame, groups: tuple[str, ...], progress: Progress | None = None) -> pd.DataFrame:
    """Fit the model of each measure to each label.

    Parameters
    ----------
    measures : as `measure_table` gives them; people without a group are left out.
    groups : at least two; the first is the reference.
    progress : called with the share done, 0..1.

    Returns
    -------
    A row a group, measure, level and label: the model's name, its effect, estimate with 95 % interval (low, high), p,
    p_adjusted (Benjamini & Hochberg, 1995, over the labels of a measure and level), rows, clusters, and a note where
    there was too little to fit, or the fit went wrong.
    """
    import pandas as pd

    grouped = measures[measures["group"].isin(groups)].groupby(_ITEM, sort=False)
    tables = []
    for number, (item, rows) in enumerate(grouped, 1):
        model = MODELS[item[0]]
        dummies = (rows["group"].to_numpy()[:, None] == np.array(groups[1:])).astype(np.float64)
        fit, clusters = _fitted(model, rows, dummies, groups), rows["cluster"].nunique()
        table = pd.DataFrame({"group": groups[1:], "reference": groups[0]})
        table[[*_ITEM, "model", "effect"]] = [*item, model.name, model.effect]
        table = table.assign(**_inference(model, fit, clusters - len(groups)))
        tables.append(table.assign(rows=len(rows), clusters=clusters, note=fit.note))
        if progress is not None:
            progress(number / grouped.ngroups)
    table = pd.concat(tables, ignore_index=True)
    adjusted = table.groupby(["group", "measure", "level"], sort=False)["p"].transform(_false_discovery)
    table.insert(int(table.columns.get_loc("p")) + 1, "p_adjusted", adjusted)
    return table


def _inference(model: StudyModel, fit: Fit, freedom: int) -> dict[str, Array]:
    """Estimate, low, high and p by Student's t."""
    from scipy.stats import t

    half = t.ppf(0.975, freedom) * fit.error if freedom > 0 else np.full(len(fit.effect), np.nan)
    p = 2 * t.sf(np.abs(fit.effect / fit.error), freedom)
    ends = {"estimate": fit.effect, "low": fit.effect - half, "high": fit.effect + half}
    return {name: model.scale(values) for name, values in ends.items()} | {"p": p}


def _fitted(model: StudyModel, rows: pd.DataFrame, dummies: Array, groups: tuple[str, ...]) -> Fit:
    nothing = np.full(len(groups) - 1, np.nan)
    if too_few := _too_few(rows, groups):
        return Fit(nothing, nothing, too_few)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fit = model.fit(rows, dummies)
        except (ValueError, np.linalg.LinAlgError) as error:
            return Fit(nothing, nothing, f"could not be fitted ({error})")
    if not (np.isfinite(fit.effect).all() and np.isfinite(fit.error).all() and fit.error.min() > 0):
        return Fit(nothing, nothing, "could not be fitted")
    if fit.note:
        return Fit(nothing, nothing, fit.note)
    boundary = any("boundary" in str(warning.message) for warning in caught)
    return Fit(fit.effect, fit.error, "people do not differ from each other" if boundary else "")


def _too_few(rows: pd.DataFrame, groups: tuple[str, ...]) -> str:
    """Why there is nothing to fit, or ""."""
    clusters = rows.groupby("group")["cluster"].nunique().reindex(list(groups), fill_value=0)
    if clusters.min() < _LEAST_CLUSTERS:
        return f"fewer than {_LEAST_CLUSTERS} people in {clusters.idxmin()}"
    if rows["measure"].iloc[0] == "rate":
        events = rows.groupby("group")["numerator"].sum()
        if events.sum() < LEAST_EVENTS or events.min() < 1:
            return f"fewer than {LEAST_EVENTS} events, or none in a group"
    elif float(np.ptp(rows["numerator"] / rows["denominator"])) < 1e-9:
        return "nothing varies"
    return ""


def _false_discovery(p: pd.Series) -> pd.Series:
    from statsmodels.stats.multitest import multipletests

    known = p.notna()
    adjusted = p.copy()
    if known.any():
        adjusted[known] = multipletests(p[known], method="fdr_bh")[1]
    return adjusted
