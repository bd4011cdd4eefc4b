import * as z from 'zod';
import { mapLimit } from '../../base/concurrency.ts';
import { SluiceError } from '../../base/errors.ts';
import { MAX_DELAY_SECONDS, type TaskQueue } from '../../base/queue.ts';
import type { Dataset, Source } from '../../schema/sources.ts';
import { IngestError } from '../IngestError.ts';
import { LEAST_DELAY_SECONDS, MAX_ROUNDS, PARALLEL_DATASETS, PATIENT_ROUNDS } from '../limits.ts';
import type { PlanRequest, PlanRequestInput } from './messageBodies.ts';
import { type DatasetPlan, type PlanPorts, planDataset } from './planDataset.ts';

/** What the last run saw of a dataset: `ledger/<source>/<dataset>/last-look.json`. It decides nothing. */
export const lastListingSchema = z.strictObject({
  /** Epoch milliseconds. */
  at: z.number(),
  /** Newest day looked at that has files; null when none has. */
  newestDay: z.string().nullable(),
  /** No day of the lookback has files. */
  stopped: z.boolean(),
  /** Why the folder could not be listed. */
  failure: z.strictObject({ code: z.string(), message: z.string() }).optional(),
});

/** What a look saw, validated. */
export type LastListing = z.output<typeof lastListingSchema>;

/** Where last looks are kept. Methods throw IngestError. */
export interface LastListings {
  /** Null before the first. */
  read(source: string, dataset: string): Promise<LastListing | null>;
  write(source: string, dataset: string, look: LastListing): Promise<void>;
}

/** What {@link planSources} works with besides. */
export interface PlanSourcesPorts extends PlanPorts {
  /** The plan's own queue, for days that wait. */
  readonly requests: TaskQueue;
  readonly looks: Pick<LastListings, 'write'>;
  /** Epoch milliseconds after which no dataset is begun. */
  readonly deadline: number;
}

/** What one request came to, a dataset apiece. */
export interface SourcesPlan {
  readonly planned: readonly DatasetPlan[];
  /** Datasets that could not be looked at; they stop no other. */
  readonly failed: readonly {
    readonly source: string;
    readonly dataset: string;
    readonly code: string;
    readonly message: string;
    /** Whether another try may help: it is ours, or S3's being busy. */
    readonly transient: boolean;
  }[];
  /** Datasets none of whose days has files, of those looked at over their whole lookback. */
  readonly stopped: readonly { readonly source: string; readonly dataset: string }[];
}

/** The datasets that a request is about. */
function requestedDatasets(
  sources: readonly Source[],
  { schedule, sources: names, datasets, kind }: PlanRequest,
): readonly { readonly source: Source; readonly dataset: Dataset }[] {
  return sources
    .filter(({ name }) => names === undefined || names.includes(name))
    .flatMap((source) => source.datasets.map((dataset) => ({ source, dataset })))
    .filter(
      ({ dataset }) =>
        (schedule === undefined || dataset.schedule === schedule) &&
        (datasets === undefined || datasets.includes(dataset.name)) &&
        (kind === undefined || dataset.kind === kind),
    );
}

/**
 * Plans every dataset that a request is about, some at a time. What fails in one stops no other, and each is either planned
 * or failed. Days that still wait
 * are asked after again as soon as they may have settled, for a day and a night; an hourly dataset's next run is never
 * far.
 */
export async function planSources(
  ports: PlanSourcesPorts,
  sources: readonly Source[],
  request: PlanRequest,
): Promise<SourcesPlan> {
  const planned: DatasetPlan[] = [];
  const failed: SourcesPlan['failed'][number][] = [];
  const stopped: SourcesPlan['stopped'][number][] = [];
  await mapLimit(requestedDatasets(sources, request), PARALLEL_DATASETS, async ({ source, dataset }) => {
    const place = { source: source.name, dataset: dataset.name };
    try {
      if (ports.clock.now() >= ports.deadline) throw new IngestError('SLUICE_INGEST_OUT_OF_TIME');
      const plan = await planDataset(ports, source, dataset, request);
      const hasStopped = await noteListing(ports, plan, request);
      await askAgain(ports, dataset, plan, request);
      planned.push(plan);
      if (hasStopped) stopped.push(place);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      const { code, message } = error;
      // What is ours, or passes, says nothing of the bucket; what could not be noted is to be found out again.
      const passes = error.fault === 'system' || code === 'SLUICE_SOURCE_UNAVAILABLE';
      const transient = passes || !(await noteFailure(ports, place, { code, message }));
      failed.push({ ...place, code, message, transient });
    }
  });
  return { planned, failed, stopped };
}

/** Leaves behind what was seen, where the whole lookback was looked at; answers whether the dataset stopped coming. */
async function noteListing(
  { looks, clock }: PlanSourcesPorts,
  { source, dataset, days }: DatasetPlan,
  request: PlanRequest,
): Promise<boolean> {
  if (request.days !== undefined) return false;
  const newestDay = days.findLast(({ files }) => files > 0)?.day ?? null;
  const stopped = newestDay === null;
  await looks.write(source, dataset, { at: clock.now(), newestDay, stopped });
  return stopped;
}

/** Leaves behind why a dataset can't be looked at; answers whether it could. */
async function noteFailure(
  { looks, clock }: PlanSourcesPorts,
  { source, dataset }: { readonly source: string; readonly dataset: string },
  failure: NonNullable<LastListing['failure']>,
): Promise<boolean> {
  try {
    await looks.write(source, dataset, { at: clock.now(), newestDay: null, stopped: false, failure });
    return true;
  } catch (error) {
    if (error instanceof SluiceError) return false;
    throw error;
  }
}

async function askAgain(
  { requests, clock }: PlanSourcesPorts,
  { schedule }: Dataset,
  { source, dataset, days }: DatasetPlan,
  { asked, round }: PlanRequest,
): Promise<void> {
  if (schedule === 'hourly' || round >= MAX_ROUNDS) return;
  const waiting = days.flatMap(({ day, decision }) =>
    'wait' in decision ? [{ day, until: decision.until }] : [],
  );
  if (waiting.length === 0) return;
  const first = Math.min(...waiting.map(({ until }) => until));
  const seconds = Math.ceil((first - clock.now()) / 1000);
  const again: PlanRequestInput = {
    sluice: 'plan',
    sources: [source],
    datasets: [dataset],
    days: waiting.map(({ day }) => day),
    ...(asked === undefined ? {} : { asked }),
    round: round + 1,
  };
  // Every message is a hop of one chain, so a long upload is asked after less often.
  const least = round < PATIENT_ROUNDS ? LEAST_DELAY_SECONDS : MAX_DELAY_SECONDS;
  const delay = Math.min(MAX_DELAY_SECONDS, Math.max(least, seconds));
  await requests.send([JSON.stringify(again)], delay);
}
