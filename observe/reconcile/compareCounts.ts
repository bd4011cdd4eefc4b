import { quoteText } from '../../lib/base/sql.ts';
import { type UtcDay, utcDay } from '../../lib/base/time.ts';
import { qualifiedName } from '../../lib/views/View.ts';
import { askAthena, type Deployment } from '../deployment.ts';
import { type CountedKind, countedKinds, type StatsigCount } from './statsigCounts.ts';

/** Counts that are held against each other. */
export interface ComparedCount {
  /** Statsig's. */
  readonly statsig: number;
  /** Counts of the views here: resends count once. */
  readonly here: number;
  /** `here` minus `statsig`. */
  readonly difference: number;
  /** Whether the difference is within the tolerance. */
  readonly agrees: boolean;
}

/** One name over all days of the list. */
export interface ComparedName extends ComparedCount {
  readonly kind: CountedKind;
  readonly name: string;
  readonly days: readonly (ComparedCount & { readonly day: UtcDay })[];
}

/** All names of a kind on one day. */
export interface ComparedDay extends ComparedCount {
  readonly kind: CountedKind;
  readonly day: UtcDay;
}

/** The counts of Statsig and of the views here. */
export interface ComparedCounts {
  /** Whether every name over all days, and every day over all names, agrees. */
  readonly agrees: boolean;
  /** Percent of the greater count. */
  readonly tolerance: number;
  readonly from: UtcDay;
  readonly to: UtcDay;
  /** Column of the unit ID of experiments and gates. */
  readonly unit: string;
  /** The largest differences first. */
  readonly names: readonly ComparedName[];
  readonly days: readonly ComparedDay[];
  /** Events here whose names the list has not, the most frequent first: a list may leave out names. */
  readonly onlyHere: readonly { readonly name: string; readonly here: number }[];
  /** Limits of the answer. */
  readonly notes: readonly string[];
  readonly scannedBytes: number;
}

/** Options of {@link compareCounts}. */
export interface CompareOptions {
  /** Percent of the greater count by which counts may differ. Default 1. */
  readonly tolerance?: number | undefined;
  /** Column of the unit ID of experiments and gates. Default `user_id`. */
  readonly unit?: string | undefined;
}

/** Names that are only here, at most. */
const MOST_ONLY_HERE = 20;
const USUAL_TOLERANCE = 1;

/**
 * Compares counts of Statsig with those of the views `product_events` and `first_exposures`: production, resends counted once,
 * by UTC day.
 *
 * Names are judged over all days, since a clock moves an event over midnight at one side only; and days over all names, since
 * a day that is missing is less than the tolerance of a long list.
 *
 * @param counts At least one.
 * @throws ObserveError; what Athena's client throws.
 */
export async function compareCounts(
  deployment: Parameters<typeof askAthena>[0] & Pick<Deployment, 'now'>,
  counts: readonly StatsigCount[],
  { tolerance = USUAL_TOLERANCE, unit = 'user_id' }: CompareOptions = {},
): Promise<ComparedCounts> {
  const listed = [...new Set(counts.map(({ day }) => day))].sort();
  const [from = '', to = from] = [listed[0], listed.at(-1)];
  const here = new Map<string, number>();
  let scannedBytes = 0;
  const ask = async (sql: string) => {
    const answer = await askAthena(deployment, sql);
    scannedBytes += answer.scannedBytes;
    return answer.rows;
  };
  for (const kind of countedKinds) {
    const names = [...new Set(counts.filter((one) => one.kind === kind).map(({ name }) => name))];
    if (names.length === 0) continue;
    for (const row of await ask(countsQuery(deployment.config, kind, { from, to, names, unit })))
      here.set(keyOf(row['day'] ?? '', kind, row['name'] ?? ''), Number(row['row_count']));
  }
  const events = counts.filter(({ kind }) => kind === 'event').map(({ name }) => name);
  const onlyHere =
    events.length === 0
      ? []
      : await ask(onlyHereQuery(deployment.config, { days: listed, names: [...new Set(events)] }));
  const compare = (statsig: number, found: number): ComparedCount => ({
    statsig,
    here: found,
    difference: found - statsig,
    agrees: Math.abs(found - statsig) * 100 <= tolerance * Math.max(found, statsig),
  });
  const names = compareNames(counts, listed, here, compare);
  const days = compareDays(names, compare);
  const today = utcDay(deployment.now);
  return {
    agrees: [...names, ...days].every(({ agrees }) => agrees),
    ...{ tolerance, from, to, unit, names, days },
    onlyHere: onlyHere.map((row) => ({ name: row['name'] ?? '', here: Number(row['row_count']) })),
    notes: to >= today ? [`${today} is not over: rows of it are still on their way, here and there.`] : [],
    scannedBytes,
  };
}

function compareNames(
  counts: readonly StatsigCount[],
  listed: readonly UtcDay[],
  here: ReadonlyMap<string, number>,
  compare: (statsig: number, here: number) => ComparedCount,
): readonly ComparedName[] {
  const statsig = new Map(counts.map(({ day, kind, name, count }) => [keyOf(day, kind, name), count]));
  const unique = new Map(counts.map(({ kind, name }) => [keyOf('', kind, name), { kind, name }]));
  return [...unique.values()]
    .map(({ kind, name }) => {
      const days = listed.map((day) => {
        const key = keyOf(day, kind, name);
        return { day, ...compare(statsig.get(key) ?? 0, here.get(key) ?? 0) };
      });
      return { kind, name, ...compare(sum(days, 'statsig'), sum(days, 'here')), days };
    })
    .sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference) || a.name.localeCompare(b.name));
}

function compareDays(
  names: readonly ComparedName[],
  compare: (statsig: number, here: number) => ComparedCount,
): readonly ComparedDay[] {
  return countedKinds.flatMap((kind) => {
    const ofKind = names.filter((one) => one.kind === kind);
    return (ofKind[0]?.days ?? []).map(({ day }, i) => {
      const same = ofKind.flatMap(({ days }) => days[i] ?? []);
      return { kind, day, ...compare(sum(same, 'statsig'), sum(same, 'here')) };
    });
  });
}

function sum(counts: readonly ComparedCount[], side: 'statsig' | 'here'): number {
  return counts.reduce((total, one) => total + one[side], 0);
}

function keyOf(day: UtcDay, kind: CountedKind, name: string): string {
  return JSON.stringify([day, kind, name]);
}

function countsQuery(
  config: Deployment['config'],
  kind: CountedKind,
  about: {
    readonly from: UtcDay;
    readonly to: UtcDay;
    readonly names: readonly string[];
    readonly unit: string;
  },
): string {
  const isEvent = kind === 'event';
  const [day, name] = isEvent ? ['"ds"', '"event_name"'] : ['"first_day"', '"experiment_id"'];
  const where = [
    `${day} BETWEEN DATE ${quoteText(about.from)} AND DATE ${quoteText(about.to)}`,
    `${name} IN (${about.names.map(quoteText).join(', ')})`,
    ...(isEvent
      ? []
      : [`"unit_type" = ${quoteText(about.unit)}`, `"is_gate" = ${kind === 'gate' ? 'TRUE' : 'FALSE'}`]),
  ];
  return `SELECT CAST(${day} AS varchar) AS "day", ${name} AS "name", count(*) AS "row_count"
FROM ${qualifiedName(config, isEvent ? 'product_events' : 'first_exposures')}
WHERE ${where.join(' AND ')}
GROUP BY 1, 2`;
}

function onlyHereQuery(
  config: Deployment['config'],
  { days, names }: { readonly days: readonly UtcDay[]; readonly names: readonly string[] },
): string {
  return `SELECT "event_name" AS "name", count(*) AS "row_count"
FROM ${qualifiedName(config, 'product_events')}
WHERE "ds" IN (${days.map((day) => `DATE ${quoteText(day)}`).join(', ')})
  AND "event_name" NOT IN (${names.map(quoteText).join(', ')})
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT ${MOST_ONLY_HERE}`;
}
