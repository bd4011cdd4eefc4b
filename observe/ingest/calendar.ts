import { type UtcDay, utcDay } from '../../lib/base/time.ts';
import { summarizeLeftOut } from '../../lib/drops/lastLoad.ts';
import type { LateDay } from '../../lib/drops/plan/lateDrops.ts';
import type { LastListing } from '../../lib/drops/plan/planSources.ts';
import type { LedgerEntry, LedgerState } from '../../lib/ledger/LedgerEntry.ts';
import type { Deployment } from '../deployment.ts';
import { type ConfiguredDataset, daysUntil, readStatus } from '../facts/days/datasetStatus.ts';
import type { LedgerDay } from '../facts/days/readLedgerDays.ts';
import { readExportStatus } from './exportStatus.ts';

/** A day with an entry in the ledger, or whose drop is late. */
export interface CalendarDay {
  readonly day: UtcDay;
  /** Null if the ledger has no entry. */
  readonly state: LedgerState | null;
  /** When the drop was due, epoch milliseconds, if it is late; else null. */
  readonly lateSince: number | null;
  readonly rows: LedgerEntry['rows'];
  readonly files: number;
  /** Objects that a load left out although they were probably meant to be loaded. */
  readonly leftOut: number;
  /** Bytes that the last load or export read. */
  readonly bytes: number;
  /** The version that queries read; null if there is no version. */
  readonly version: string | null;
  /** Replaced versions that are not deleted yet. */
  readonly superseded: number;
  readonly attempts: number;
  /** Code of the failure; null without one. */
  readonly failure: string | null;
  /** When the entry was written, epoch milliseconds; null without one. */
  readonly updatedAt: number | null;
}

/** Days of a dataset, without those that have neither an entry nor a late drop. */
export interface DatasetCalendar {
  readonly source: string;
  readonly dataset: string;
  readonly kind: ConfiguredDataset['dataset']['kind'];
  readonly table: string;
  readonly timezone: string;
  readonly lookbackDays: number;
  /** Today in its time zone. */
  readonly today: UtcDay;
  readonly lastLook: LastListing | null;
  /** Late days, also those that the calendar does not show. */
  readonly late: readonly LateDay[];
  /** Oldest first. */
  readonly days: readonly CalendarDay[];
}

/** Days of an export, without those that have no entry. */
export interface ExportCalendar {
  readonly export: string;
  readonly table: string;
  /** The customer's `s3://<bucket>/<folder>/`. */
  readonly target: string;
  readonly lookbackDays: number;
  /** Oldest first. */
  readonly days: readonly CalendarDay[];
}

/** The ledger of all datasets and exports as a calendar. */
export interface DropsCalendar {
  /** The days that it covers, oldest first. */
  readonly days: readonly UtcDay[];
  readonly datasets: readonly DatasetCalendar[];
  readonly exports: readonly ExportCalendar[];
}

/**
 * Reads the ledger of all datasets and exports.
 *
 * @param days Number of days.
 * @param until The last day. Default today.
 * @throws IngestError.
 */
export async function readCalendar(
  deployment: Pick<Deployment, 's3' | 'config' | 'now'>,
  { days: count, until }: { readonly days: number; readonly until?: UtcDay | undefined },
): Promise<DropsCalendar> {
  const { config } = deployment;
  const datasets = config.sources.flatMap((source) =>
    source.datasets.map((dataset) => ({ source, dataset })),
  );
  const last = until ?? utcDay(deployment.now);
  const statuses = await readStatus({ ...deployment, datasets }, count, until);
  const exported = await readExportStatus(deployment, config.exports, count, until);
  const shown = new Set<UtcDay>(daysUntil(last, count));
  for (const { days } of statuses) for (const { day } of days) shown.add(day);
  return {
    days: [...shown].sort(),
    datasets: statuses.map(({ days, late, lastLook, ...names }, i) => {
      const { kind = 'events', timezone = 'UTC', lookbackDays = 0 } = datasets[i]?.dataset ?? {};
      return {
        ...names,
        ...{ kind, timezone, lookbackDays, lastLook, late },
        today: days.at(-1)?.day ?? last,
        days: calendarDays(days, late),
      };
    }),
    exports: exported.map(({ days, ...names }, i) => ({
      ...names,
      lookbackDays: config.exports[i]?.lookbackDays ?? 0,
      days: calendarDays(days, []),
    })),
  };
}

function calendarDays(days: readonly LedgerDay[], late: readonly LateDay[]): CalendarDay[] {
  return days.flatMap(({ day, entry }) => {
    const lateSince = late.find((one) => one.day === day)?.due ?? null;
    return entry === null && lateSince === null ? [] : [calendarDay(day, entry, lateSince)];
  });
}

function calendarDay(day: UtcDay, entry: LedgerEntry | null, lateSince: number | null): CalendarDay {
  return {
    day,
    state: entry?.state ?? null,
    lateSince,
    rows: entry?.rows ?? { in: 0, out: 0, refused: 0 },
    files: entry?.files.filter(({ fate }) => fate !== 'gone').length ?? 0,
    leftOut: entry === null ? 0 : summarizeLeftOut(entry).count,
    bytes: entry?.bytes ?? 0,
    version: entry?.version ?? null,
    superseded: entry?.superseded.length ?? 0,
    attempts: entry?.attempts ?? 0,
    failure: entry?.failure?.code ?? null,
    updatedAt: entry?.updatedAt ?? null,
  };
}
