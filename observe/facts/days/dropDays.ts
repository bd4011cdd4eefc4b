import { type UtcDay, utcDay } from '../../../lib/base/time.ts';
import { summarizeLeftOut } from '../../../lib/drops/lastLoad.ts';
import type { LedgerEntry, LedgerState } from '../../../lib/ledger/LedgerEntry.ts';
import type { Export } from '../../../lib/schema/exports.ts';
import type { Deployment } from '../../deployment.ts';
import {
  type ConfiguredDataset,
  type DatasetStatus,
  daysUntil,
  type ExportStatus,
  readDatasets,
  readExports,
} from './ledgerDays.ts';

/** What is shown and judged of a day of a dataset or an export. */
export interface DropDay {
  readonly day: UtcDay;
  /** Null if the ledger has no entry. */
  readonly state: LedgerState | null;
  /** When the drop was due, epoch milliseconds, if it is late; else null. */
  readonly lateSince: number | null;
  readonly rows: LedgerEntry['rows'];
  readonly files: number;
  /** Objects that its last load left out although they may have been meant, and that in words. */
  readonly leftOut: ReturnType<typeof summarizeLeftOut>;
  /** The version that queries read; null if there is no version. */
  readonly version: string | null;
  /** Code of the failure; null without one. */
  readonly failure: string | null;
  /** Code why the customer's bucket did not take its receipt; null if it did, or there is none. */
  readonly receipt: string | null;
  /** The load by Athena that works on it; null without one. */
  readonly athena: {
    readonly step: string;
    /** Epoch milliseconds. */
    readonly startedAt: number;
    readonly execution: string | null;
  } | null;
}

/** A dataset of a customer, and days of it, oldest first. */
export interface DatasetDays extends Omit<DatasetStatus, 'days'> {
  readonly days: readonly DropDay[];
}

/** An export, and days of it, oldest first. */
export interface ExportDays extends Omit<ExportStatus, 'days'> {
  readonly days: readonly DropDay[];
}

/** The ledger of datasets and exports. */
export interface DropsCalendar {
  /** The days that it covers, oldest first. */
  readonly days: readonly UtcDay[];
  readonly datasets: readonly DatasetDays[];
  readonly exports: readonly ExportDays[];
}

/** The datasets of a configuration. */
export function configuredDatasets({ sources }: Pick<Deployment['config'], 'sources'>) {
  return sources.flatMap((source) => source.datasets.map((dataset) => ({ source, dataset })));
}

/**
 * Reads the ledger of all datasets and exports.
 *
 * @param span Number of days, and the last one. Default today; of exports yesterday.
 * @throws IngestError.
 */
export async function readCalendar(
  deployment: Pick<Deployment, 's3' | 'config' | 'now'>,
  { days: count, until }: { readonly days: number; readonly until?: UtcDay | undefined },
): Promise<DropsCalendar> {
  const span = { count: () => count, until };
  const datasets = await readDatasetDays(deployment, configuredDatasets(deployment.config), span);
  const exports = await readExportDays(deployment, deployment.config.exports, span);
  const shown = new Set(daysUntil(until ?? utcDay(deployment.now), count));
  for (const { days } of datasets) for (const { day } of days) shown.add(day);
  return { days: [...shown].sort(), datasets, exports };
}

/** Reads days of datasets. @throws IngestError. */
export async function readDatasetDays(
  open: Pick<Deployment, 's3' | 'config' | 'now'>,
  datasets: readonly ConfiguredDataset[],
  span: Parameters<typeof readDatasets>[2],
): Promise<readonly DatasetDays[]> {
  const read = await readDatasets(open, datasets, span);
  return read.map((one) => ({ ...one, days: one.days.map(({ day, entry }) => dropDay(day, entry, one)) }));
}

/** Reads days of exports. @throws IngestError. */
export async function readExportDays(
  open: Pick<Deployment, 's3' | 'config' | 'now'>,
  exports: readonly Export[],
  span: Parameters<typeof readExports>[2],
): Promise<readonly ExportDays[]> {
  const read = await readExports(open, exports, span);
  return read.map((one) => ({ ...one, days: one.days.map(({ day, entry }) => dropDay(day, entry)) }));
}

function dropDay(day: UtcDay, entry: LedgerEntry | null, of?: Pick<DatasetStatus, 'late'>): DropDay {
  const { step, startedAt, execution = null } = entry?.athena ?? {};
  return {
    day,
    state: entry?.state ?? null,
    lateSince: of?.late.find((one) => one.day === day)?.due ?? null,
    rows: entry?.rows ?? { in: 0, out: 0, refused: 0 },
    files: entry?.files.filter(({ fate }) => fate !== 'gone').length ?? 0,
    leftOut: entry === null ? { count: 0, words: '' } : summarizeLeftOut(entry),
    version: entry?.version ?? null,
    failure: entry?.failure?.code ?? null,
    receipt: entry?.receipt?.failure?.code ?? null,
    athena: step === undefined || startedAt === undefined ? null : { step, startedAt, execution },
  };
}
