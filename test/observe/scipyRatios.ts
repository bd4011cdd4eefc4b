/**
 * Ratios with the results of `scipy.stats.chisquare` (SciPy 1.17.1, BSD-3-Clause) as an independent witness:
 * `chisquare(units, [sum(units) * w / sum(weights) for w in weights])`.
 */
export const scipyRatios: readonly {
  readonly units: readonly number[];
  readonly weights: readonly number[];
  readonly chiSquare: number;
  readonly pValue: number;
}[] = [
  { units: [5000, 5000], weights: [1, 1], chiSquare: 0.0, pValue: 1.0 },
  { units: [5000, 5100], weights: [1, 1], chiSquare: 0.9900990099009901, pValue: 0.3197181768128675 },
  { units: [821588, 815482], weights: [1, 1], chiSquare: 22.77436884189436, pValue: 1.8217928726191858e-6 },
  { units: [600, 400], weights: [1, 1], chiSquare: 40.0, pValue: 2.5396285894708634e-10 },
  { units: [510, 490], weights: [1, 1], chiSquare: 0.4, pValue: 0.5270892568655381 },
  { units: [44000, 45000], weights: [1, 1], chiSquare: 11.235955056179776, pValue: 0.0008022781177678721 },
  { units: [90, 10], weights: [1, 1], chiSquare: 64.0, pValue: 1.2441921148543578e-15 },
  { units: [1000, 9000], weights: [10, 90], chiSquare: 0.0, pValue: 1.0 },
  { units: [1100, 8900], weights: [10, 90], chiSquare: 11.11111111111111, pValue: 0.0008581206663936758 },
  { units: [333, 333, 334], weights: [1, 1, 1], chiSquare: 0.002, pValue: 0.999000499833375 },
  { units: [400, 300, 300], weights: [1, 1, 1], chiSquare: 20.0, pValue: 4.539992976248486e-5 },
  {
    units: [2400, 2600, 5100],
    weights: [25, 25, 50],
    chiSquare: 8.910891089108912,
    pValue: 0.01161514365759305,
  },
  { units: [1003, 987, 1012, 998], weights: [1, 1, 1, 1], chiSquare: 0.326, pValue: 0.9550666628573327 },
  { units: [10, 20, 30, 40, 50], weights: [1, 2, 3, 4, 5], chiSquare: 0.0, pValue: 1.0 },
  { units: [100, 0], weights: [1, 1], chiSquare: 100.0, pValue: 1.5239706048320995e-23 },
  { units: [5, 5], weights: [1, 1], chiSquare: 0.0, pValue: 1.0 },
  { units: [8, 2], weights: [1, 1], chiSquare: 3.6, pValue: 0.05777957112359715 },
  { units: [500000, 510000], weights: [1, 1], chiSquare: 99.00990099009901, pValue: 2.5124252526053247e-23 },
  { units: [1000000, 1100000], weights: [1, 1], chiSquare: 4761.9047619047615, pValue: 0.0 },
  { units: [61, 39], weights: [60, 40], chiSquare: 0.04166666666666667, pValue: 0.8382564863858263 },
  {
    units: [12, 9, 15, 11, 8, 14, 10, 9, 13, 12],
    weights: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    chiSquare: 4.256637168141593,
    pValue: 0.8937239453170305,
  },
];
