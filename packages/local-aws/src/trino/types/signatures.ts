import { splitTopLevel } from './hiveTypes.ts';

/**
 * The signatures of each function, one function per line, in the wording of Trino's errors ("Unexpected parameters …
 * Expected: …"). A test compares them with Trino. Functions that are part of the grammar are omitted (`coalesce`,
 * `if`, `trim(… FROM …)`).
 */
const SIGNATURES = `
abs(bigint), abs(decimal(p,s)), abs(double), abs(integer), abs(real), abs(smallint), abs(tinyint)
acos(double)
all_match(array(t), function(t,boolean)) T
any_match(array(t), function(t,boolean)) T
any_value(t) T
approx_distinct(boolean), approx_distinct(boolean, double), approx_distinct(t) T:comparable, approx_distinct(t, double) T:comparable, approx_distinct(unknown), approx_distinct(unknown, double)
approx_percentile(bigint, array(double)), approx_percentile(bigint, double), approx_percentile(bigint, double, array(double)), approx_percentile(bigint, double, double), approx_percentile(bigint, double, double, double), approx_percentile(double, array(double)), approx_percentile(double, double), approx_percentile(double, double, array(double)), approx_percentile(double, double, double), approx_percentile(double, double, double, double), approx_percentile(real, array(double)), approx_percentile(real, double), approx_percentile(real, double, array(double)), approx_percentile(real, double, double), approx_percentile(real, double, double, double)
arbitrary(t) T
array_agg(t) T
array_distinct(array(e)) E:comparable
array_except(array(e), array(e)) E:comparable
array_intersect(array(e), array(e)) E:comparable
array_join(array(e), varchar) E, array_join(array(e), varchar, varchar) E
array_max(array(t)) T:orderable
array_min(array(t)) T:orderable
array_position(array(t), t) T:comparable
array_remove(array(e), e) E:comparable
array_sort(array(e)) E:orderable, array_sort(array(t), function(t,t,integer)) T
array_union(array(e), array(e)) E:comparable
arrays_overlap(array(e), array(e)) E:orderable
asin(double)
at_timezone(timestamp(p) with time zone, interval day to second), at_timezone(timestamp(p) with time zone, varchar(x))
atan(double)
atan2(double, double)
avg(bigint), avg(decimal(p,s)), avg(double), avg(interval day to second), avg(interval year to month), avg(real)
bitwise_and(bigint, bigint)
bitwise_and_agg(bigint)
bitwise_left_shift(bigint, integer), bitwise_left_shift(integer, integer), bitwise_left_shift(smallint, integer), bitwise_left_shift(tinyint, integer)
bitwise_not(bigint)
bitwise_or(bigint, bigint)
bitwise_or_agg(bigint)
bitwise_right_shift(bigint, integer), bitwise_right_shift(integer, integer), bitwise_right_shift(smallint, integer), bitwise_right_shift(tinyint, integer)
bitwise_xor(bigint, bigint)
bool_and(boolean)
bool_or(boolean)
cardinality(array(e)) E, cardinality(hyperloglog), cardinality(map(k,v)) K, V, cardinality(setdigest)
cbrt(double)
ceil(bigint), ceil(decimal(p,s)), ceil(double), ceil(integer), ceil(real), ceil(smallint), ceil(tinyint)
ceiling(bigint), ceiling(decimal(p,s)), ceiling(double), ceiling(integer), ceiling(real), ceiling(smallint), ceiling(tinyint)
chr(bigint)
codepoint(varchar(1))
concat(E, array(E)) E, concat(array(E)) E, concat(array(E), E) E, concat(char(x), char(y)), concat(varbinary), concat(varchar)
concat_ws(varchar, array(varchar)), concat_ws(varchar, varchar)
contains(array(t), t) T:comparable, contains(varchar, ipaddress)
corr(double, double), corr(real, real)
cos(double)
cosh(double)
count(), count(t) T
count_if(boolean)
covar_pop(double, double), covar_pop(real, real)
covar_samp(double, double), covar_samp(real, real)
cume_dist()
date(timestamp(p) with time zone), date(timestamp(p)), date(varchar(x))
date_add(varchar(x), bigint, date), date_add(varchar(x), bigint, time(p) with time zone), date_add(varchar(x), bigint, time(p)), date_add(varchar(x), bigint, timestamp(p) with time zone), date_add(varchar(x), bigint, timestamp(p))
date_diff(varchar(x), date, date), date_diff(varchar(x), time(p) with time zone, time(p) with time zone), date_diff(varchar(x), time(p), time(p)), date_diff(varchar(x), timestamp(p) with time zone, timestamp(p) with time zone), date_diff(varchar(x), timestamp(p), timestamp(p))
date_format(timestamp(p) with time zone, varchar(x)), date_format(timestamp(p), varchar(x))
date_parse(varchar(x), varchar(y))
date_trunc(varchar(x), date), date_trunc(varchar(x), time(p) with time zone), date_trunc(varchar(x), time(p)), date_trunc(varchar(x), timestamp(p) with time zone), date_trunc(varchar(x), timestamp(p))
day(date), day(interval day to second), day(timestamp(p) with time zone), day(timestamp(p))
day_of_month(date), day_of_month(interval day to second), day_of_month(timestamp(p) with time zone), day_of_month(timestamp(p))
day_of_week(date), day_of_week(timestamp(p) with time zone), day_of_week(timestamp(p))
day_of_year(date), day_of_year(timestamp(p) with time zone), day_of_year(timestamp(p))
degrees(double)
dense_rank()
dow(date), dow(timestamp(p) with time zone), dow(timestamp(p))
doy(date), doy(timestamp(p) with time zone), doy(timestamp(p))
e()
element_at(array(e), bigint) E, element_at(map(K,V), K) K, V
every(boolean)
exp(double)
filter(array(t), function(t,boolean)) T
first_value(t) T
flatten(array(array(E))) E
floor(bigint), floor(decimal(p,s)), floor(double), floor(integer), floor(real), floor(smallint), floor(tinyint)
format_datetime(timestamp(p) with time zone, varchar(x)), format_datetime(timestamp(p), varchar(x))
from_base64(varbinary), from_base64(varchar(x))
from_hex(varbinary), from_hex(varchar(x))
from_iso8601_date(varchar(x))
from_iso8601_timestamp(varchar(x))
from_unixtime(double), from_unixtime(double, bigint, bigint), from_unixtime(double, varchar(x))
from_utf8(varbinary), from_utf8(varbinary, bigint), from_utf8(varbinary, varchar(x))
geometric_mean(bigint), geometric_mean(double), geometric_mean(real)
greatest(E) E:orderable
hamming_distance(varchar(x), varchar(y))
histogram(t) T:comparable
hour(interval day to second), hour(time(p) with time zone), hour(time(p)), hour(timestamp(p) with time zone), hour(timestamp(p))
infinity()
is_finite(double)
is_infinite(double)
is_json_scalar(json), is_json_scalar(varchar(x))
is_nan(double), is_nan(real)
json_array_contains(json, bigint), json_array_contains(json, boolean), json_array_contains(json, double), json_array_contains(json, varchar(x)), json_array_contains(varchar(x), bigint), json_array_contains(varchar(x), boolean), json_array_contains(varchar(x), double), json_array_contains(varchar(x), varchar(y))
json_array_get(json, bigint), json_array_get(varchar(x), bigint)
json_array_length(json), json_array_length(varchar(x))
json_extract(json, jsonpath), json_extract(varchar(x), jsonpath)
json_extract_scalar(json, jsonpath), json_extract_scalar(varchar(x), jsonpath)
json_format(json)
json_parse(varchar(x))
json_size(json, jsonpath), json_size(varchar(x), jsonpath)
lag(t) T, lag(t, bigint) T, lag(t, bigint, t) T
last_day_of_month(date), last_day_of_month(timestamp(p) with time zone), last_day_of_month(timestamp(p))
last_value(t) T
lead(t) T, lead(t, bigint) T, lead(t, bigint, t) T
least(E) E:orderable
length(char(x)), length(varbinary), length(varchar(x))
levenshtein_distance(varchar(x), varchar(y))
ln(double)
log(double, double)
log10(double)
log2(double)
lower(char(x)), lower(varchar(x))
lpad(varbinary, bigint, varbinary), lpad(varchar(x), bigint, varchar(y))
ltrim(char(x)), ltrim(char(x), codepoints), ltrim(varchar(x)), ltrim(varchar(x), codepoints)
map(), map(array(K), array(V)) K:comparable, V
map_agg(k, v) K:comparable, V
map_concat(map(K,V)) K, V
map_entries(map(k,v)) K, V
map_from_entries(array(row(k,v))) K:comparable, V
map_keys(map(k,v)) K, V
map_values(map(k,v)) K, V
max(e, bigint) E:orderable, max(t) T:orderable
max_by(v, k) K:orderable, V, max_by(v, k, bigint) K:orderable, V
md5(varbinary)
millisecond(interval day to second), millisecond(time(p) with time zone), millisecond(time(p)), millisecond(timestamp(p) with time zone), millisecond(timestamp(p))
min(e, bigint) E:orderable, min(t) T:orderable
min_by(v, k) K:orderable, V, min_by(v, k, bigint) K:orderable, V
minute(interval day to second), minute(time(p) with time zone), minute(time(p)), minute(timestamp(p) with time zone), minute(timestamp(p))
mod(bigint, bigint), mod(decimal(a_precision,a_scale), decimal(b_precision,b_scale)), mod(double, double), mod(integer, integer), mod(real, real), mod(smallint, smallint), mod(tinyint, tinyint)
month(date), month(interval year to month), month(timestamp(p) with time zone), month(timestamp(p))
nan()
normal_cdf(double, double, double)
none_match(array(t), function(t,boolean)) T
now()
nth_value(t, bigint) T
ntile(bigint)
parse_datetime(varchar(x), varchar(y))
percent_rank()
pi()
pow(double, double)
power(double, double)
quarter(date), quarter(timestamp(p) with time zone), quarter(timestamp(p))
radians(double)
rand(), rand(bigint), rand(bigint, bigint), rand(integer), rand(integer, integer), rand(smallint), rand(smallint, smallint), rand(tinyint), rand(tinyint, tinyint)
random(), random(bigint), random(bigint, bigint), random(integer), random(integer, integer), random(smallint), random(smallint, smallint), random(tinyint), random(tinyint, tinyint)
rank()
reduce(array(T), S, function(S,T,S), function(S,R)) T, S, R
regexp_count(varchar(x), joniregexp)
regexp_extract(varchar(x), joniregexp), regexp_extract(varchar(x), joniregexp, bigint)
regexp_extract_all(varchar(x), joniregexp), regexp_extract_all(varchar(x), joniregexp, bigint)
regexp_like(varchar(x), joniregexp)
regexp_replace(varchar(x), joniregexp), regexp_replace(varchar(x), joniregexp, varchar(y)), regexp_replace(varchar, joniregexp, function(array(varchar),varchar(x)))
regexp_split(varchar(x), joniregexp)
regr_intercept(double, double), regr_intercept(real, real)
regr_slope(double, double), regr_slope(real, real)
repeat(t, integer) T
replace(varchar(x), varchar(y)), replace(varchar(x), varchar(y), varchar(z))
reverse(array(e)) E, reverse(varbinary), reverse(varchar(x))
round(bigint), round(bigint, integer), round(decimal(p,s)), round(decimal(p,s), integer), round(double), round(double, integer), round(integer), round(integer, integer), round(real), round(real, integer), round(smallint), round(smallint, integer), round(tinyint), round(tinyint, integer)
row_number()
rpad(varbinary, bigint, varbinary), rpad(varchar(x), bigint, varchar(y))
rtrim(char(x)), rtrim(char(x), codepoints), rtrim(varchar(x)), rtrim(varchar(x), codepoints)
second(interval day to second), second(time(p) with time zone), second(time(p)), second(timestamp(p) with time zone), second(timestamp(p))
sequence(bigint, bigint), sequence(bigint, bigint, bigint), sequence(date, date), sequence(date, date, interval day to second), sequence(date, date, interval year to month), sequence(timestamp(p), timestamp(p), interval day to second), sequence(timestamp(p), timestamp(p), interval year to month)
sha1(varbinary)
sha256(varbinary)
sign(bigint), sign(decimal(p,s)), sign(double), sign(integer), sign(real), sign(smallint), sign(tinyint)
sin(double)
sinh(double)
slice(array(e), bigint, bigint) E
split(varchar(x), varchar(y)), split(varchar(x), varchar(y), bigint)
split_part(varchar(x), varchar(y), bigint)
sqrt(double)
starts_with(varchar(x), varchar(y))
stddev(bigint), stddev(double)
stddev_pop(bigint), stddev_pop(double)
stddev_samp(bigint), stddev_samp(double)
strpos(varchar(x), varchar(y)), strpos(varchar(x), varchar(y), bigint)
substr(char(x), bigint), substr(char(x), bigint, bigint), substr(varbinary, bigint), substr(varbinary, bigint, bigint), substr(varchar(x), bigint), substr(varchar(x), bigint, bigint)
substring(char(x), bigint), substring(char(x), bigint, bigint), substring(varchar(x), bigint), substring(varchar(x), bigint, bigint)
sum(bigint), sum(decimal(p,s)), sum(double), sum(interval day to second), sum(interval year to month), sum(real)
tan(double)
tanh(double)
to_base64(varbinary)
to_hex(varbinary)
to_iso8601(date), to_iso8601(timestamp(p) with time zone), to_iso8601(timestamp(p))
to_milliseconds(interval day to second)
to_unixtime(timestamp(p) with time zone)
to_utf8(varchar(x))
transform(array(T), function(T,U)) T, U
translate(varchar(x), varchar(y), varchar(z))
truncate(decimal(p,s)), truncate(decimal(p,s), integer), truncate(double), truncate(real)
typeof(t) T
upper(char(x)), upper(varchar(x))
url_decode(varchar(x))
url_encode(varchar(x))
url_extract_fragment(varchar(x))
url_extract_host(varchar(x))
url_extract_parameter(varchar(x), varchar(y))
url_extract_path(varchar(x))
url_extract_port(varchar(x))
url_extract_protocol(varchar(x))
url_extract_query(varchar(x))
uuid()
var_pop(bigint), var_pop(double)
var_samp(bigint), var_samp(double)
variance(bigint), variance(double)
week(date), week(timestamp(p) with time zone), week(timestamp(p))
week_of_year(date), week_of_year(timestamp(p) with time zone), week_of_year(timestamp(p))
width_bucket(double, array(double)), width_bucket(double, double, double, bigint)
wilson_interval_lower(bigint, bigint, double)
wilson_interval_upper(bigint, bigint, double)
with_timezone(timestamp(p), varchar(x))
year(date), year(interval year to month), year(timestamp(p) with time zone), year(timestamp(p))
year_of_week(date), year_of_week(timestamp(p) with time zone), year_of_week(timestamp(p))
yow(date), yow(timestamp(p) with time zone), yow(timestamp(p))
zip(array(T1), array(T2)) T1, T2, zip(array(T1), array(T2), array(T3)) T1, T2, T3, zip(array(T1), array(T2), array(T3), array(T4)) T1, T2, T3, T4, zip(array(T1), array(T2), array(T3), array(T4), array(T5)) T1, T2, T3, T4, T5
`;

/** A signature of a function. */
interface Signature {
  /** The kind of each parameter. A type variable is a name in capitals; an array of it is `array T`. */
  readonly parameters: readonly string[];
}

/** The signatures of a function. */
interface Signatures {
  /** The list that Trino prints after "Expected: ". */
  readonly expected: string;
  readonly overloads: readonly Signature[];
}

/** Functions whose last parameter may be repeated, which Trino's list does not show. */
const VARIADIC = new Set(['concat', 'concat_ws', 'greatest', 'least', 'map_concat']);

/** The kinds of types by the first word of their names in a signature. */
const KINDS: Readonly<Record<string, string>> = {
  bigint: 'whole',
  integer: 'whole',
  smallint: 'whole',
  tinyint: 'whole',
  double: 'number',
  real: 'number',
  decimal: 'number',
  varchar: 'text',
  char: 'text',
  joniregexp: 'text',
  jsonpath: 'text',
  codepoints: 'text',
  boolean: 'boolean',
  varbinary: 'binary',
  date: 'date',
  timestamp: 'timestamp',
  time: 'time',
  interval: 'interval',
  json: 'json',
  map: 'map',
  row: 'row',
  function: 'function',
  unknown: 'null',
};

/** The signatures by Trino's function name. */
const signatures: ReadonlyMap<string, Signatures> = new Map(
  SIGNATURES.trim()
    .split('\n')
    .map((expected): [string, Signatures] => {
      const overloads = itemsOf(expected).flatMap((call) => {
        const inside = /^\w+\((.*)\)[^)]*$/.exec(call)?.[1];
        return inside === undefined ? [] : [{ parameters: itemsOf(inside).map(parameterKind) }];
      });
      return [/^\w+/.exec(expected)?.[0] ?? '', { expected, overloads }];
    }),
);

/** The items of a list; none of an empty text. */
function itemsOf(list: string): string[] {
  return list.trim() === '' ? [] : splitTopLevel(list);
}

/** The kind of a parameter: `text`, `number`, `whole`, `array T`, `T`, … */
function parameterKind(type: string): string {
  if (/^[a-z]\d?$/i.test(type)) return type.toUpperCase();
  const [, element] = /^array\((.*)\)$/.exec(type) ?? [];
  if (element !== undefined) {
    const kind = parameterKind(element);
    return kind.includes(' ') ? 'array' : `array ${kind}`;
  }
  // Types that no value has here, such as sketches, match nothing.
  return KINDS[/^\w+/.exec(type)?.[0] ?? ''] ?? 'none';
}

/** The signatures that Trino prints after "Expected: "; empty for an unknown function. */
export function expectedCalls(name: string): string {
  return signatures.get(name)?.expected ?? '';
}

/**
 * SQL that is true when a function accepts the kinds of its arguments: `k0`, `k1`, … are the kinds, `e0`, `e1`, …
 * the kinds of array elements, `w0`, `w1`, … whether they are whole numbers.
 *
 * @param argumentCount The number of arguments.
 * @returns undefined for an unknown function, another number of arguments, or a function that takes a lambda.
 */
export function signatureCondition(name: string, argumentCount: number): string | undefined {
  const overloads = (signatures.get(name)?.overloads ?? []).flatMap(({ parameters }) => {
    const last = parameters.at(-1);
    const all =
      VARIADIC.has(name) && last !== undefined && !last.startsWith('array')
        ? [
            ...parameters,
            ...Array.from({ length: Math.max(0, argumentCount - parameters.length) }, () => last),
          ]
        : parameters;
    return all.length === argumentCount ? [all] : [];
  });
  if (overloads.length === 0 || overloads.some((parameters) => parameters.includes('function')))
    return undefined;
  return overloads.map((parameters) => `(${overloadCondition(parameters)})`).join(' OR ');
}

/** SQL that is true when the kinds match the parameters, and kinds of the same type variable match each other. */
function overloadCondition(parameters: readonly string[]): string {
  const bound = new Map<string, string>();
  const isOneOf = (value: string, kinds: readonly string[]) =>
    `${value} IN (${['null', 'other', ...kinds].map((kind) => `'${kind}'`).join(', ')})`;
  const conditions = parameters.flatMap((parameter, index) => {
    const [, element] = /^array ?(.*)$/.exec(parameter) ?? [];
    const value = element === undefined ? `k${index}` : `e${index}`;
    const type = element ?? parameter;
    const array = element === undefined ? [] : [isOneOf(`k${index}`, ['array'])];
    if (type === '') return array;
    if (type === 'none') return ['false'];
    // A fraction becomes no whole number by itself. For arrays' elements only the kind is known.
    if (type === 'whole') return [...array, element === undefined ? `w${index}` : isOneOf(value, ['number'])];
    if (!/^[A-Z]\d?$/.test(type))
      return [...array, isOneOf(value, type === 'timestamp' ? ['date', type] : [type])];
    const other = bound.get(type);
    bound.set(type, other ?? value);
    return other === undefined ? array : [...array, `trino_kinds_fit(${other}, ${value})`];
  });
  return conditions.join(' AND ') || 'true';
}
