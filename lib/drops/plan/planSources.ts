import { exclusive, mapLimit } from '../../base/concurrency.ts';
import { SluiceError } from '../../base/errors.ts';
import { MAX_DELAY_SECONDS, MAX_REQUEST_DAYS, type TaskQueue } from '../../base/queue.ts';
import type { UtcDay } from '../../base/time.ts';
import { oldestFirst } from '../../ledger/ledgerStore.ts';
import type { Dataset, Source } from '../../schema/sources.ts';
import { MAX_ROUNDS, MIN_DELAY_SECONDS, PARALLEL_DATASETS, PATIENT_ROUNDS } from '../limits.ts';
import { lookbackDays } from '../lookbackDays.ts';
import { SourceError } from '../SourceError.ts';
import type { LastListings } from './lastListings.ts';
import type { PlanRequest, PlanRequestInput } from './messageBodies.ts';
import { noteFailure, noteListing, noteOpenDays } from './noteListing.ts';
import { type DatasetPlan, type PlanPorts, planDataset } from './planDataset.ts';
import { countDays, type DayCounts } from './planMetrics.ts';

/** The additional ports of {@link planSources}. */
export interface PlanSourcesPorts extends PlanPorts {
  /** The plan's own queue, for waiting days. */
  readonly requests: TaskQueue;
  /** The notes of the last listings. */
  readonly looks: LastListings;
  /**
   * Whether the first day that is expected of a dataset is still to come: no day has come, and none is due. Asked of an
   * empty folder.
   */
  readonly isToBegin: (source: Source, dataset: Dataset) => Promise<boolean>;
}

/** The result of one request, by dataset. */
interface SourcesPlan {
  /** The plans of the datasets that could be planned. */
  readonly planned: readonly DatasetPlan[];
  /** Datasets that could not be planned. They do not stop the others. */
  readonly failed: readonly {
    /** The name of the source. */
    readonly source: string;
    /** The name of the dataset. */
    readonly dataset: string;
    /** The code of the error: `SLUICE_…`. */
    readonly code: string;
    /** The cause with its detail, in words. */
    readonly message: string;
    /** Whether a retry may help: the failure is Sluice's own, or S3 is busy. */
    readonly transient: boolean;
  }[];
}

/** The datasets of a request, in the order of the configuration. */
export function requestedDatasets(
  sources: readonly Source[],
  {
    schedule,
    sources: names,
    datasets,
    kind,
  }: Pick<PlanRequest, 'schedule' | 'sources' | 'datasets' | 'kind'>,
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
 * Plans every dataset of a request, several in parallel, first the one whose last look is oldest. A failure of one does
 * not stop the others. Waiting days are checked again as soon as they may have settled, for up to 24 hours. An hourly
 * dataset waits for its next run instead, unless somebody asked for the day.
 */
export async function planSources(
  ports: PlanSourcesPorts,
  sources: readonly Source[],
  request: PlanRequest,
): Promise<SourcesPlan> {
  const planned: DatasetPlan[] = [];
  const failed: SourcesPlan['failed'][number][] = [];
  const alone = exclusive();
  const inTurn = await oldestFirst(requestedDatasets(sources, request), ({ source, dataset }) =>
    ports.looks.read(source.name, dataset.name),
  );
  await mapLimit(inTurn, PARALLEL_DATASETS, async ({ item: { source, dataset }, look }) => {
    const place = { source: source.name, dataset: dataset.name };
    let counts: DayCounts | undefined;
    try {
      const last = await look;
      const openDays = request.days === undefined ? last?.openDays : [];
      const plan = await planDataset({ ...ports, alone }, { source, dataset }, request, openDays);
      counts = countDays(plan.days);
      const isWhole = request.days === undefined && plan.rest.length === 0;
      if (isWhole) await noteListing({ ...ports, alone }, { source, dataset, last }, plan);
      else await noteOpenDays(ports, plan, last);
      await askAgain(ports, dataset, plan, request);
      planned.push(plan);
      if (plan.rest.length > 0) await goOn(ports, dataset, plan, request);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      const { code, message } = error;
      // A failure of Sluice, or a passing one, is not the bucket's. If the note fails, the next run repeats the check.
      const passes = error.fault === 'system' || code === 'SLUICE_SOURCE_UNAVAILABLE';
      const transient = passes || !(await noteFailure(ports, { source, dataset }, { code, message, counts }));
      failed.push({ ...place, code, message, transient });
    }
  });
  return { planned, failed };
}

/**
 * Asks for the days that a plan has not reached. The next run looks at those before the lookback, unless they were
 * requested.
 *
 * @throws SourceError for a dataset that its own run has not looked at whole.
 */
async function goOn(
  { requests, clock }: PlanSourcesPorts,
  { timezone, lookbackDays: lookback }: Dataset,
  plan: DatasetPlan,
  request: PlanRequest,
): Promise<void> {
  const { days } = request;
  const { rest } = plan;
  const wanted = days ?? lookbackDays(clock.now(), timezone, lookback);
  const left = rest.filter((day) => wanted.includes(day));
  if (left.length > 0) await requests.send([requestFor(plan, left, request)]);
  if (days === undefined) throw new SourceError('SLUICE_SOURCE_SLOW', `${rest.length} days are left.`);
}

/**
 * The body of a request for days of a dataset, as they were asked for: the newest, if they are more than a request may
 * name.
 */
function requestFor(
  { source, dataset }: DatasetPlan,
  days: readonly UtcDay[],
  { asked, round }: Pick<PlanRequest, 'asked' | 'round'>,
): string {
  const request: PlanRequestInput = {
    sluice: 'plan',
    sources: [source],
    datasets: [dataset],
    days: days.slice(-MAX_REQUEST_DAYS),
    asked,
    round,
  };
  return JSON.stringify(request);
}

/** Asks again for the days that wait, once they may have settled. */
async function askAgain(
  { requests, clock }: PlanSourcesPorts,
  { schedule }: Dataset,
  plan: DatasetPlan,
  { asked, round }: PlanRequest,
): Promise<void> {
  if ((schedule === 'hourly' && asked === undefined) || round >= MAX_ROUNDS) return;
  const waiting = plan.days.flatMap(({ day, decision }) =>
    'wait' in decision ? [{ day, until: decision.until }] : [],
  );
  if (waiting.length === 0) return;
  const first = Math.min(...waiting.map(({ until }) => until));
  const seconds = Math.ceil((first - clock.now()) / 1000);
  const days = waiting.map(({ day }) => day);
  // Every message is a hop of one chain, so a long upload is checked less often.
  const least = round < PATIENT_ROUNDS ? MIN_DELAY_SECONDS : MAX_DELAY_SECONDS;
  const delay = Math.min(MAX_DELAY_SECONDS, Math.max(least, seconds));
  await requests.send([requestFor(plan, days, { asked, round: round + 1 })], delay);
}
