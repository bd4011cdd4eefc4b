/**
 * The most arguments of `greatest` and `least`. A macro takes a fixed number of arguments, so there is one for each
 * number.
 */
const MOST_COMPARED = 7;

/** Overloads of a function that is null if any argument is null, where DuckDB's ignores nulls. */
function nullable(name: string): string {
  return Array.from({ length: MOST_COMPARED }, (_, index) => {
    const names = [...Array(index + 1).keys()].map((position) => `a${position}`);
    const missing = names.map((argument) => `${argument} IS NULL`).join(' OR ');
    return `(${names.join(', ')}) AS CASE WHEN ${missing} THEN NULL ELSE ${name}(${names.join(', ')}) END`;
  }).join(', ');
}

/** Reports an error of Trino, typed as a number. See `macroStatements.ts` for why it is a cast. */
const failure = (words: string) => `cast_to_type('INVALID_FUNCTION_ARGUMENT: ${words}', CAST(0 AS DOUBLE))`;

/** A whole number stays one, and a decimal has no fraction, where DuckDB returns a double for whole numbers. */
const rounded = (name: string) =>
  `trino_${name}(x) AS CASE WHEN typeof(x) LIKE '%INT%' THEN cast_to_type(x, round(x)) ELSE cast_to_type(${name}(x), round(x)) END`;

/** How many arrays are within each other in the type of `x`. */
const DEPTH = `(length(typeof(x)) - length(rtrim(typeof(x), '[]'))) // 2`;

/** Macros of functions of values: https://trino.io/docs/current/functions/conditional.html, /math.html, /conversion.html */
export const valueMacros: readonly string[] = [
  'trino_if(c, a) AS CASE WHEN c THEN a END, (c, a, b) AS CASE WHEN c THEN a ELSE b END',
  `trino_greatest${nullable('greatest')}`,
  `trino_least${nullable('least')}`,
  // DuckDB fails when there is no logarithm or root; Trino follows Java.
  `trino_ln(x) AS CASE WHEN x > 0 THEN ln(x) WHEN x = 0 THEN CAST('-infinity' AS DOUBLE) WHEN x < 0 THEN CAST('nan' AS DOUBLE) END`,
  `trino_log10(x) AS CASE WHEN x > 0 THEN log10(x) WHEN x = 0 THEN CAST('-infinity' AS DOUBLE) WHEN x < 0 THEN CAST('nan' AS DOUBLE) END`,
  `trino_sqrt(x) AS CASE WHEN x < 0 THEN CAST('nan' AS DOUBLE) ELSE sqrt(x) END`,
  // A decimal keeps its scale. Subtracting zero preserves minus zero.
  'trino_round(x) AS round(x), (x, n) AS system.main."-"(round(x, n), cast_to_type(0, x))',
  rounded('ceil'),
  rounded('floor'),
  // Trino has digits for decimals alone.
  `trino_truncate(x) AS trunc(x), (x, n) AS CASE
     WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN cast_to_type('FUNCTION_NOT_FOUND: Unexpected parameters (double, integer) for function truncate. Expected: truncate(decimal(p,s), bigint)', x)
     ELSE cast_to_type(trunc(x * power(10, n)) / power(10, n), x) END`,
  `trino_typeof(x) AS CASE typeof(x)
     WHEN 'TIMESTAMP' THEN 'timestamp(3)' WHEN 'TIMESTAMP WITH TIME ZONE' THEN 'timestamp(3) with time zone'
     WHEN 'FLOAT' THEN 'real' WHEN 'BLOB' THEN 'varbinary' WHEN 'HUGEINT' THEN 'bigint' WHEN '"NULL"' THEN 'unknown'
     WHEN 'INTERVAL' THEN 'interval day to second'
     ELSE CASE
       WHEN typeof(x) LIKE '%[]' THEN repeat('array(', ${DEPTH}) || lower(rtrim(typeof(x), '[]')) || repeat(')', ${DEPTH})
       ELSE lower(typeof(x)) END END`,
];

/**
 * Repeats a step on a row of numbers. DuckDB has no loops in expressions, so this reduces a list to one row.
 *
 * @param steps The maximum number of steps.
 * @param start The row's initial fields in SQL. `n` counts the steps from 1; `done` ends the loop.
 * @param next The fields after a step, based on the row `s`.
 * @param result SQL of the result, based on the last row `s`.
 */
function repeated(
  steps: number,
  start: Readonly<Record<string, string>>,
  next: Readonly<Record<string, string>>,
  result: string,
): string {
  const row = (fields: Readonly<Record<string, string>>) => {
    const members = Object.entries(fields)
      .map(([name, sql]) => `${name}: ${sql}`)
      .join(', ');
    return `{${members}}`;
  };
  const after = row({ n: 's.n + 1', ...next });
  const first = row({ n: '1e0', done: 'false', ...start });
  return `list_transform([list_reduce(list_transform(range(${steps}), lambda i: ${first}),
    lambda s, e: CASE WHEN s.done THEN s ELSE ${after} END)], lambda s: ${result})[1]`;
}

/**
 * A continued fraction by Lentz's method (https://dlmf.nist.gov/3.10#iii). The value is `h` of its last step.
 *
 * @param first The leading term.
 * @param a The partial denominator `n`; `b` is the partial numerator.
 */
const fraction = (steps: number, first: string, a: string, b: string, result: string) =>
  repeated(
    steps,
    { c: first, d: '0e0', h: first },
    {
      done: `abs((${a} + ${b} / s.c) / (${a} + ${b} * s.d) - 1) < 1e-15`,
      c: `${a} + ${b} / s.c`,
      d: `1 / (${a} + ${b} * s.d)`,
      h: `s.h * ((${a} + ${b} / s.c) * (1 / (${a} + ${b} * s.d)))`,
    },
    result,
  );

/** ln of the gamma function of 1/2. */
const LN_GAMMA_HALF = '0.5723649429247001e0';

/** The factor before both the series and the continued fraction. */
const SCALE = `exp(-x + 0.5e0 * ln(x) - ${LN_GAMMA_HALF})`;

/** The incomplete gamma function of 1/2 as a series, for small values of x: https://dlmf.nist.gov/8.7 */
const SERIES = repeated(
  120,
  { term: '2e0', total: '2e0' },
  {
    done: 'abs(s.term / s.total) <= 1e-15',
    term: 's.term * (x / (0.5e0 + s.n))',
    total: 's.total + s.term * (x / (0.5e0 + s.n))',
  },
  `${SCALE} * s.total`,
);
/** The same function by its continued fraction, for greater values of x: https://dlmf.nist.gov/8.9 */
const TAIL = fraction(
  400,
  '(0.5e0 + x)',
  '(2 * s.n + 1 - 0.5e0 + x)',
  '(s.n * (0.5e0 - s.n))',
  `1 - ${SCALE} * (1 / s.h)`,
);

/** A bound of Wilson's interval: https://trino.io/docs/current/functions/math.html */
const inWilson = (sign: '+' | '-') =>
  `CASE WHEN s < 0 THEN ${failure('number of successes must not be negative')}
     WHEN n <= 0 THEN ${failure('number of trials must be positive')}
     WHEN s > n THEN ${failure('number of successes must not be larger than number of trials')}
     WHEN z < 0 THEN ${failure('z-score must not be negative')}
     ELSE list_transform([{p: CAST(s AS DOUBLE) / CAST(n AS DOUBLE), n: CAST(n AS DOUBLE), z: CAST(z AS DOUBLE)}], lambda w:
       (w.p + w.z * w.z / (2e0 * w.n) ${sign} w.z * sqrt(w.p * (1 - w.p) / w.n + w.z * w.z / (4e0 * w.n * w.n)))
         / (1 + w.z * w.z / w.n))[1] END`;

/**
 * Functions of distributions: https://trino.io/docs/current/functions/math.html#statistical-functions. Trino uses
 * Commons Math with the same formulas, so nearly all digits agree.
 */
export const probabilityMacros: readonly string[] = [
  `trino_gamma_half(x) AS CASE WHEN x = 0 THEN 0e0 WHEN isnan(x) THEN x WHEN x > 1600 THEN 1e0
     WHEN x < 1.5 THEN ${SERIES} ELSE ${TAIL} END`,
  `trino_erf(x) AS list_transform([CAST(x AS DOUBLE)], lambda v: sign(v) * trino_gamma_half(v * v))[1]`,
  `trino_normal_cdf(m, s, x) AS CASE WHEN s <= 0 THEN ${failure('standardDeviation must be > 0')}
     ELSE 0.5e0 * (1 + trino_erf((CAST(x AS DOUBLE) - CAST(m AS DOUBLE)) / (CAST(s AS DOUBLE) * sqrt(2e0)))) END`,
  `trino_wilson_interval_lower(s, n, z) AS ${inWilson('-')}`,
  `trino_wilson_interval_upper(s, n, z) AS ${inWilson('+')}`,
];
