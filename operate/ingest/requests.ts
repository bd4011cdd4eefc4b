import { addDays, localDay, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { dropPlace } from '../../lib/drops/datasetFolder.ts';
import { movedFrom } from '../../lib/drops/lastLoad.ts';
import { lookbackDays } from '../../lib/drops/lookbackDays.ts';
import { emptyWords } from '../../lib/drops/usual/usualRows.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { type DatasetStatus, readDatasets } from '../../observe/facts/days/datasets.ts';
import { type LedgerDay, readLedgerDays } from '../../observe/facts/days/ledgerDays.ts';
import { type DatasetNames, namedDatasets } from '../../observe/ingest/datasets.ts';
import {
  type AskedDays,
  daySlices,
  MAX_BACKFILL_DAYS,
  type RequestedDays,
  requestedDays,
  requireDays,
} from '../requestedDays.ts';
import { type Requested, sendRequests } from '../sendRequests.ts';

/** The days of a dataset that were requested. */
interface RequestedDataset extends RequestedDays {
  /** Name of the source. */
  readonly source: string;
  /** Name of the dataset. */
  readonly dataset: string;
}

/** A request to look for changes of datasets and load them. */
export interface IngestRequest {
  /** Whether nothing was sent. */
  readonly dryRun: boolean;
  /** The days of each dataset. */
  readonly asked: readonly RequestedDataset[];
}

/** A request to load days of a dataset again, whatever the ledger says. */
export interface BackfillRequest extends RequestedDataset {
  /** Whether nothing was sent. */
  readonly dryRun: boolean;
}

/**
 * Requests what a schedule does: days of the lookback are listed, and loaded if their files have changed.
 *
 * @param dryRun Whether nothing is sent.
 * @throws DropsError; what AWS's clients throw.
 */
export async function requestIngest(
  deployment: Requested,
  { dryRun, ...names }: DatasetNames & { readonly dryRun: boolean },
): Promise<IngestRequest> {
  const asked = namedDatasets(deployment.config, names).map(({ source, dataset }) => ({
    source: source.name,
    dataset: dataset.name,
    ...requestedDays(lookbackDays(deployment.now, dataset.timezone, dataset.lookbackDays)),
  }));
  if (dryRun) return { dryRun, asked };
  // There is one request for each source, because two sources can have datasets of the same name.
  const sources = [...new Set(asked.map(({ source }) => source))];
  await sendRequests(
    deployment,
    'ingest-plan',
    sources.map((source) => ({
      sluice: 'plan' as const,
      sources: [source],
      datasets: asked.filter((request) => request.source === source).map(({ dataset }) => dataset),
    })),
  );
  return { dryRun, asked };
}

/** How days are loaded: as their files are, with rows kept whose files are gone, or with those removed. */
type LoadedAs = 'backfill' | 'keep' | 'empty';

/** The days of a dataset to load. */
interface AskedBackfill extends AskedDays {
  /** How they are loaded. Default `backfill`. */
  readonly asked?: LoadedAs | undefined;
  /** Name of the source. */
  readonly source: string;
  /** Name of the dataset. */
  readonly dataset: string;
}

/**
 * Requests that days are loaded as they are now, even if their files have not changed. `asked` may accept that files
 * were lost, or that the number of rows is unusual: rows whose files are gone then stay (`keep`) or are removed
 * (`empty`).
 *
 * @throws DropsError; DaysError; what AWS's clients throw.
 */
export async function requestBackfill(
  deployment: Requested,
  { dryRun, asked = 'backfill', source, dataset, from, to = from }: AskedBackfill,
): Promise<BackfillRequest> {
  const [named] = namedDatasets(deployment.config, { source, dataset });
  const { timezone } = named.dataset;
  const today = localDay(deployment.now, timezone);
  const days = requireDays(
    { from, to, last: today, most: MAX_BACKFILL_DAYS },
    `a day up to today, ${today} (${timezone})`,
  );
  await sendDays(deployment, { dryRun, asked, source, dataset }, days);
  return { dryRun, source, dataset, ...requestedDays(days) };
}

/** Requests days of a dataset. Sends nothing in a dry run, and for no days. */
async function sendDays(
  deployment: Requested,
  { dryRun, asked, source, dataset }: Omit<AskedBackfill, 'from' | 'to'>,
  days: readonly UtcDay[],
): Promise<void> {
  const requests = daySlices(days).map((slice) => ({
    sluice: 'plan' as const,
    asked,
    sources: [source],
    datasets: [dataset],
    days: slice,
  }));
  if (!dryRun) await sendRequests(deployment, 'ingest-plan', requests);
}

/** The days of a source to accept. */
interface AskedAcceptance extends AskedDays {
  /** What happens to rows whose files are gone. */
  readonly asked: Exclude<LoadedAs, 'backfill'>;
  /** Name of the source. */
  readonly source: string;
}

/**
 * Requests that days of each dataset of a source are accepted that have something to accept. With `keep` those that queries read,
 * whose files are gone, that have failed, or have other rows than usual; with `empty` those whose files are gone, that have failed,
 * came without rows, or are late.
 *
 * @returns The days that were asked for, and of each dataset how many are accepted.
 * @throws DropsError; DaysError; LedgerError; what AWS's clients throw.
 */
export async function requestAcceptance(
  deployment: Requested & Pick<Deployment, 's3'>,
  { dryRun, asked, source, from, to = from }: AskedAcceptance,
): Promise<IngestRequest> {
  // Of a dataset in a timezone ahead of UTC, tomorrow has begun already.
  const last = addDays(utcDay(deployment.now), 1);
  const range = requireDays(
    { from, to, last, most: MAX_BACKFILL_DAYS },
    `a day up to tomorrow, ${last} (UTC)`,
  );
  const datasets = namedDatasets(deployment.config, { source });
  const statuses = await readDatasets(deployment, datasets, { count: () => range.length, until: to });
  const requested: RequestedDataset[] = [];
  for (const status of statuses) {
    const { dataset } = status;
    const days = daysToAccept(status, asked);
    await sendDays(deployment, { dryRun, asked, source, dataset }, days);
    requested.push({ source, dataset, from, to, days: days.length });
  }
  return { dryRun, asked: requested };
}

/** The days of a dataset that have something to accept. */
function daysToAccept({ days, late, unusual }: DatasetStatus, asked: 'keep' | 'empty'): readonly UtcDay[] {
  const has = (some: readonly { readonly day: UtcDay }[], day: UtcDay) =>
    some.some((listed) => listed.day === day);
  return days.flatMap(({ day, entry }) => {
    const isGoneOrFailed = entry?.state === 'inputs_missing' || entry?.state === 'failed';
    const isEmpty = entry !== null && emptyWords(entry) !== null;
    const isOpen =
      asked === 'keep'
        ? entry?.version !== undefined && (isGoneOrFailed || has(unusual, day))
        : isGoneOrFailed || isEmpty || has(late, day);
    return isOpen ? [day] : [];
  });
}

/** Days that are asked for, and are not loaded at once. */
interface LaterDays {
  /** They are being loaded: that ends first. */
  readonly loading: readonly UtcDay[];
  /** They were loaded from another place, and stay as they are while today's place has no files of them. */
  readonly moved: readonly UtcDay[];
}

/** Which of some days of a dataset are not loaded at once. @throws DropsError; LedgerError. */
export async function laterDays(
  deployment: Pick<Deployment, 's3' | 'config' | 'now'>,
  names: { readonly source: string; readonly dataset: string },
  days: readonly UtcDay[],
): Promise<LaterDays> {
  const [{ source, dataset }] = namedDatasets(deployment.config, names);
  const [known = []] = await readLedgerDays(deployment, [days.map((day) => ({ ...names, day }))]);
  const place = dropPlace(source, dataset);
  const isLoading = ({ entry }: LedgerDay) =>
    entry?.run !== undefined || (entry?.lease?.until ?? 0) > deployment.now;
  return {
    loading: known.filter(isLoading).map(({ day }) => day),
    moved: known.filter(({ entry }) => movedFrom(entry, place) !== null).map(({ day }) => day),
  };
}
