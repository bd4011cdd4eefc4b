import { GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { partName } from '../../infra/template/Stack.ts';
import { taskQueue } from '../../lib/aws/taskQueue.ts';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import type { RetryPorts } from '../../lib/base/retry.ts';
import { addDays, localDay, type UtcDay, utcDay } from '../../lib/base/time.ts';
import type { CurateRequestBody } from '../../lib/curate/messageBodies.ts';
import { movedFrom } from '../../lib/drops/lastLoad.ts';
import { dropPlace } from '../../lib/drops/listDrops.ts';
import { daysBetween, lookbackDays } from '../../lib/drops/plan/decideDay.ts';
import type { PlanRequestInput } from '../../lib/drops/plan/messageBodies.ts';
import { emptyWords } from '../../lib/drops/usual/usualRows.ts';
import { MOST_DAYS } from '../../lib/export/limits.ts';
import type { ExportRequest } from '../../lib/export/messageBodies.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { type DatasetStatus, readDatasets } from '../../observe/facts/days/datasets.ts';
import { type LedgerDay, readLedgerDays } from '../../observe/facts/days/ledgerDays.ts';
import { type DatasetNames, namedDatasets, namedExports } from '../../observe/ingest/datasets.ts';

/** Errors of requests for days. */
export const DaysError = defineErrorFamily('user', {
  SLUICE_DAYS_INVALID: {
    cause: 'The days of the request are not valid, so nothing was requested.',
    cure: 'The detail names the day and what is expected. Request other days.',
  },
});

/** The most days of one request, which one run of a plan function can list within its timeout. */
const DAYS_A_REQUEST = 31;
/** The most days of a backfill: ten years. */
export const MAX_BACKFILL_DAYS = 3_660;

/** The first and the last day that are asked for, both included. */
export interface AskedDays {
  /** Whether nothing is sent. */
  readonly dryRun: boolean;
  /** The first day. */
  readonly from: UtcDay;
  /** The last day. Default: `from`. */
  readonly to?: UtcDay | undefined;
}

/** Days that were requested, or in a dry run would be. */
export interface RequestedDays {
  /** The first day. */
  readonly from: UtcDay;
  /** The last day. */
  readonly to: UtcDay;
  /** Number of days. */
  readonly days: number;
}

/** The days of a dataset that were requested. */
export interface RequestedDataset extends RequestedDays {
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

/** The days of an export that were requested. */
export interface RequestedExport extends RequestedDays {
  /** Name of the export. */
  readonly export: string;
}

/** A request to export days. */
export interface ExportDaysRequest {
  /** Whether nothing was sent. */
  readonly dryRun: boolean;
  /** The days of each export. */
  readonly asked: readonly RequestedExport[];
}

/** What of a deployment a request needs. */
type Requested = Pick<Deployment, 'sqs' | 'config' | 'now' | 'stack' | keyof RetryPorts>;

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

/**
 * Requests that days are loaded as they are now, even if their files have not changed. `asked` may accept that files
 * were lost, or that the number of rows is unusual: rows whose files are gone then stay (`keep`) or are removed
 * (`empty`).
 *
 * @throws DropsError; DaysError; what AWS's clients throw.
 */
export async function requestBackfill(
  deployment: Requested,
  {
    dryRun,
    asked = 'backfill',
    source,
    dataset,
    from,
    to = from,
  }: AskedDays & {
    readonly asked?: 'backfill' | 'keep' | 'empty';
    readonly source: string;
    readonly dataset: string;
  },
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

/** What is asked of days of a dataset. */
interface AskedOfDays {
  /** Whether nothing is sent. */
  readonly dryRun: boolean;
  /** Whether the days are loaded, or their rows kept or removed whose files are gone. */
  readonly asked: 'backfill' | 'keep' | 'empty';
  /** Name of the source. */
  readonly source: string;
  /** Name of the dataset. */
  readonly dataset: string;
}

/** Requests days of a dataset. Sends nothing in a dry run, and for no days. */
async function sendDays(
  deployment: Requested,
  { dryRun, asked, source, dataset }: AskedOfDays,
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
  {
    dryRun,
    asked,
    source,
    from,
    to = from,
  }: AskedDays & { readonly asked: 'keep' | 'empty'; readonly source: string },
): Promise<IngestRequest> {
  const today = utcDay(deployment.now);
  const range = requireDays(
    { from, to, last: addDays(today, 1), most: MAX_BACKFILL_DAYS },
    `a day up to today, ${today}`,
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
    const isMissing = entry?.state === 'inputs_missing' || entry?.state === 'failed';
    const isEmpty = entry !== null && emptyWords(entry) !== null;
    const isOpen =
      asked === 'keep'
        ? entry?.version !== undefined && (isMissing || has(unusual, day))
        : isMissing || isEmpty || has(late, day);
    return isOpen ? [day] : [];
  });
}

/** Days that are asked for, and are not loaded at once. */
export interface LaterDays {
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

/**
 * Requests exports of the named days, which are before today, or of changed days of each lookback.
 *
 * @param names.export The name of the export. Default: all exports.
 * @throws ExportsError; DaysError; what AWS's clients throw.
 */
export async function requestExport(
  deployment: Requested,
  {
    dryRun,
    export: name,
    from,
    to = from,
    drop,
  }: Omit<AskedDays, 'from'> & {
    readonly from?: UtcDay | undefined;
    readonly export?: string | undefined;
    /** Whether copies of files that are gone are removed, too. This is only for named days. */
    readonly drop?: boolean;
  },
): Promise<ExportDaysRequest> {
  const exports = namedExports(deployment.config, name);
  if (from === undefined && to !== undefined)
    throw new DaysError('SLUICE_DAYS_INVALID', `got ${to} as the last day, without a first one.`);
  const today = utcDay(deployment.now);
  const named =
    from === undefined || to === undefined
      ? undefined
      : requireDays({ from, to, last: addDays(today, -1), most: MOST_DAYS }, `a day before today, ${today}`);
  if (!dryRun) {
    const request: ExportRequest = {
      sluice: 'export',
      exports: exports.map((exported) => exported.name),
      ...(named === undefined ? {} : { days: [...named], ...(drop === true ? { drop } : {}) }),
    };
    await sendRequests(deployment, 'export', [request]);
  }
  return {
    dryRun,
    asked: exports.map((exported) => ({
      export: exported.name,
      ...requestedDays(named ?? daysBetween(addDays(today, -exported.lookbackDays), addDays(today, -1))),
    })),
  };
}

/** The days of a range, both ends included. @param last The last day that may be asked for. @throws DaysError. */
export function requireDays(
  {
    from,
    to,
    last,
    most,
  }: { readonly from: UtcDay; readonly to: UtcDay; readonly last: UtcDay; readonly most: number },
  expected: string,
): readonly UtcDay[] {
  const error = (detail: string) => new DaysError('SLUICE_DAYS_INVALID', detail);
  if (from > to) throw error(`${from} is after ${to}.`);
  if (to > last) throw error(`got ${to}, expected ${expected}.`);
  const days = daysBetween(from, to);
  if (days.length > most) throw error(`got ${days.length} days, expected at most ${most}.`);
  return days;
}

/** The first and the last of some days, and how many they are. Empty texts of no days. */
function requestedDays(days: readonly UtcDay[]): RequestedDays {
  const from = days[0] ?? '';
  const to = days.at(-1) ?? from;
  return { from, to, days: days.length };
}

/** The days in slices, each for one request. */
export function daySlices(days: readonly UtcDay[]): UtcDay[][] {
  return Array.from({ length: Math.ceil(days.length / DAYS_A_REQUEST) }, (_, i) =>
    days.slice(i * DAYS_A_REQUEST, (i + 1) * DAYS_A_REQUEST),
  );
}

/** The parts that have a queue, with the requests that they take. */
interface Requests {
  /** Plans days of datasets, which loads them. */
  readonly 'ingest-plan': PlanRequestInput;
  /** Exports days of a table. */
  readonly export: ExportRequest;
  /** Curates days of a table. */
  readonly 'curate-plan': CurateRequestBody;
}

/** Sends requests to the queue of a part of the stack, as its schedules do. @throws What the client of SQS throws. */
export async function sendRequests<Part extends keyof Requests>(
  { sqs, stack, wait, random }: Pick<Deployment, 'sqs' | 'stack' | 'wait' | 'random'>,
  part: Part,
  requests: readonly Requests[Part][],
): Promise<void> {
  const { QueueUrl = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName: partName(stack, part) }));
  await taskQueue(sqs, QueueUrl, { wait, random }).send(requests.map((request) => JSON.stringify(request)));
}
