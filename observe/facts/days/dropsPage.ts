import { HOUR_MS, type UtcDay, utcDay } from '../../../lib/base/time.ts';
import type { Export } from '../../../lib/schema/exports.ts';
import type { Deployment } from '../../deployment.ts';
import { ObserveError } from '../../deployment.ts';
import {
  type ConfiguredDataset,
  type DatasetDays,
  type DatasetStatus,
  daysUntil,
  dropDays,
  type ExportDays,
  type ExportStatus,
  readDatasets,
  readExports,
} from './ledgerDays.ts';

/** Bytes of a page's JSON at most: with all else an answer stays below 300 kB. */
const PAGE_BYTES = 240_000;
/** Bytes of a dataset, and of a day of it, as most have them. */
const USUAL_BYTES = { dataset: 1_000, day: 410 } as const;

/** Milliseconds after which a listing is too old: the interval of the schedule, the time for retries, and a margin. */
const OLD_AFTER_MS = { daily: 26 * HOUR_MS, hourly: 3 * HOUR_MS } as const;

/** Some of many: first what needs somebody, then what is well, each in the order of the configuration. */
export interface Shown {
  /** How many there are. */
  readonly total: number;
  /** How many of them need somebody. They come first. */
  readonly needing: number;
  /** The place of the last that is shown, as `problem:acme/events`: what follows is asked for with it as `after`. Null if nothing follows. */
  readonly next: string | null;
}

/** Datasets and exports of a page, and their days. */
export interface DropsCalendar extends Shown {
  /** The days that it covers, oldest first. */
  readonly days: readonly UtcDay[];
  /** The datasets of this page. */
  readonly datasets: readonly DatasetDays[];
  /** The exports of this page. */
  readonly exports: readonly ExportDays[];
}

/** A page with the entries of the ledger. */
export interface DropsPage {
  /** The page as it is answered. */
  readonly calendar: DropsCalendar;
  /** Its datasets with the entries of their days. */
  readonly datasets: readonly DatasetStatus[];
  /** Its exports with the entries of their days. */
  readonly exports: readonly ExportStatus[];
  /** Whether a dataset or an export, of this page or not, has a problem. */
  readonly hasProblem: boolean;
}

/** Whether a person has to do something: at once (`problem`), or to know of it (`warning`). */
export type Need = 'problem' | 'warning';

/** What a dataset needs, as the findings of `sluice status` are; null if it needs nobody. @param now Epoch milliseconds. */
export function needOf(drops: DatasetDays, now: number): Need | null {
  const { lastLook, late, waiting, newer, lacking, days, unread = [] } = drops;
  const hasProblem =
    late.length + newer.length + lacking.length + unread.length > 0 ||
    lastLook?.failure !== undefined ||
    waiting.some(({ isLacking }) => isLacking) ||
    days.some(({ failing, missingSince }) => failing !== null || missingSince !== null);
  if (hasProblem) return 'problem';
  const hasWarning =
    isLookOld(drops, now) ||
    lastLook?.stopped === true ||
    days.some(({ unusual, leftOut, receipt }) => unusual !== null || leftOut.count > 0 || receipt !== null);
  return hasWarning ? 'warning' : null;
}

/** Whether a folder was never listed, or not as often as its schedule says. @param now Epoch milliseconds. */
export function isLookOld({ lastLook, schedule }: DatasetDays, now: number): boolean {
  return now - (lastLook?.at ?? 0) > OLD_AFTER_MS[schedule];
}

/** What an export needs; null if it needs nobody. */
export function exportNeed({ days }: ExportDays): Need | null {
  if (days.some(({ failing }) => failing !== null)) return 'problem';
  return days.some(({ kept }) => kept > 0) ? 'warning' : null;
}

/** The first of many whose JSON fits, at least one: {@link Shown}. @param bytes Of their JSON. */
export function firstOf<Item>(
  items: readonly Item[],
  needs: (item: Item) => Need | null,
  nameOf: (item: Item) => string,
  bytes: number,
): Shown & { readonly shown: readonly Item[] } {
  const sorted = byNeed(items, needs);
  const shown = fitting(sorted, bytes);
  const last = shown.length < sorted.length ? shown.at(-1) : undefined;
  const needing = items.filter((item) => needs(item) !== null).length;
  const next = last === undefined ? null : cursorOf(needs(last), nameOf(last));
  return { total: items.length, needing, next, shown };
}

/** Needs in the order of pages. */
const RANKS = ['problem', 'warning', 'none'] as const;

function rankOf(need: Need | null): number {
  return RANKS.indexOf(need ?? 'none');
}

/** Problems first, then warnings; what is equal keeps its order. */
function byNeed<Item>(items: readonly Item[], needs: (item: Item) => Need | null): readonly Item[] {
  const ranked = items.map((item) => ({ item, rank: rankOf(needs(item)) }));
  return ranked.toSorted((a, b) => a.rank - b.rank).map(({ item }) => item);
}

/** The place of a dataset or an export, with its need: that may be another before the next page is asked for. */
function cursorOf(need: Need | null, name: string): string {
  return `${need ?? 'none'}:${name}`;
}

/** Where the first line after a cursor is among the sorted. @throws ObserveError `SLUICE_OBSERVE_CURSOR_UNKNOWN`. */
function startAfter(
  cursor: string,
  lines: readonly Line[],
  sorted: readonly Line[],
  needs: ReadonlyMap<string, Need | null>,
): number {
  const cut = cursor.indexOf(':');
  const rank = RANKS.findIndex((known) => known === cursor.slice(0, cut));
  const place = lines.findIndex(({ name }) => name === cursor.slice(cut + 1));
  if (rank < 0 || place < 0) throw new ObserveError('SLUICE_OBSERVE_CURSOR_UNKNOWN', `${cursor}.`);
  const start = sorted.findIndex((line) => {
    const ofLine = rankOf(needs.get(line.name) ?? null);
    return ofLine > rank || (ofLine === rank && lines.indexOf(line) > place);
  });
  return start < 0 ? sorted.length : start;
}

/** The first items whose JSON has no more bytes, and the first in any case. */
function fitting<Item>(items: readonly Item[], bytes: number): readonly Item[] {
  let left = bytes;
  const end = items.findIndex((item, i) => {
    left -= Buffer.byteLength(JSON.stringify(item));
    return left < 0 && i > 0;
  });
  return end < 0 ? items : items.slice(0, end);
}

/** A dataset or an export, before its days are read. */
type Line =
  | { readonly name: string; readonly dataset: ConfiguredDataset }
  | { readonly name: string; readonly exported: Export };

/**
 * Reads a page of datasets and exports. If they are more than one page, the days by which `sluice status` judges them are read first,
 * to know who needs somebody, and the days that are asked for of the page alone. With `until`, those are read of all.
 *
 * @param wanted.days Days of each.
 * @param wanted.until The last day. Default today in a dataset's time zone; of exports yesterday.
 * @param wanted.after `next` of the page before.
 * @throws LedgerError; ObserveError `SLUICE_OBSERVE_CURSOR_UNKNOWN`.
 */
export async function readDropsPage(
  open: Pick<Deployment, 's3' | 'config' | 'now'>,
  about: { readonly datasets: readonly ConfiguredDataset[]; readonly exports: readonly Export[] },
  {
    days: count,
    until,
    after,
  }: {
    readonly days: number;
    readonly until?: UtcDay | undefined;
    readonly after?: string | undefined;
  },
): Promise<DropsPage> {
  const { now } = open;
  const lines: readonly Line[] = [
    ...about.datasets.map((dataset) => ({ name: `${dataset.source.name}/${dataset.dataset.name}`, dataset })),
    ...about.exports.map((exported) => ({ name: exported.name, exported })),
  ];
  const read = async (some: readonly Line[], days: { readonly count?: () => number }) => {
    const [datasets, exports] = await Promise.all([
      readDatasets(
        open,
        some.flatMap((line) => ('dataset' in line ? [line.dataset] : [])),
        days,
      ),
      readExports(
        open,
        some.flatMap((line) => ('exported' in line ? [line.exported] : [])),
        days,
      ),
    ]);
    return new Map<string, DatasetStatus | ExportStatus>([
      ...datasets.map((status) => [`${status.source}/${status.dataset}`, status] as const),
      ...exports.map((status) => [status.export, status] as const),
    ]);
  };
  const span = { count: () => count, ...(until === undefined ? {} : { until }) };
  const most = Math.max(1, Math.floor(PAGE_BYTES / (USUAL_BYTES.dataset + count * USUAL_BYTES.day)));
  const isAll = lines.length <= most || until !== undefined;
  const known = await read(lines, isAll ? span : {});
  const needs = new Map([...known].map(([name, status]) => [name, statusNeed(status, now)]));
  const sorted = byNeed(lines, ({ name }) => needs.get(name) ?? null);
  const start = after === undefined ? 0 : startAfter(after, lines, sorted, needs);
  const page = sorted.slice(start, start + most);
  const statuses = isAll ? known : await read(page, span);
  const drops = page.flatMap(({ name }) => statuses.get(name) ?? []).map(daysOf);
  const shown = fitting(drops, PAGE_BYTES);
  const names = page.slice(0, shown.length).map(({ name }) => name);
  const statusesOf = names.flatMap((name) => statuses.get(name) ?? []);
  const last = names.at(-1);
  const datasets = shown.filter((ofPage) => 'dataset' in ofPage);
  const covered = new Set(daysUntil(until ?? utcDay(now), count));
  for (const { days } of datasets) for (const { day } of days) covered.add(day);
  return {
    calendar: {
      total: lines.length,
      needing: [...needs.values()].filter((need) => need !== null).length,
      next:
        last !== undefined && start + shown.length < sorted.length
          ? cursorOf(needs.get(last) ?? null, last)
          : null,
      days: [...covered].sort(),
      datasets,
      exports: shown.filter((ofPage) => 'export' in ofPage),
    },
    datasets: statusesOf.filter((status) => 'dataset' in status),
    exports: statusesOf.filter((status) => 'export' in status),
    hasProblem:
      [...needs.values()].includes('problem') ||
      statusesOf.some((status) => statusNeed(status, now) === 'problem'),
  };
}

function daysOf(status: DatasetStatus | ExportStatus): DatasetDays | ExportDays {
  return 'dataset' in status ? dropDays(status) : dropDays(status);
}

function statusNeed(status: DatasetStatus | ExportStatus, now: number): Need | null {
  const days = daysOf(status);
  return 'dataset' in days ? needOf(days, now) : exportNeed(days);
}
