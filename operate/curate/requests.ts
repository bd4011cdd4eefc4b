import { defineErrorFamily } from '../../lib/base/errors.ts';
import type { RetryPorts } from '../../lib/base/retry.ts';
import { addDays, type UtcDay } from '../../lib/base/time.ts';
import type { CurateRequestBody } from '../../lib/curate/messageBodies.ts';
import { firstYoungDay } from '../../lib/curate/youngDays.ts';
import type { ForwardedKind } from '../../lib/schema/kinds.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { readCuratedStatuses } from '../../observe/facts/days/curatedCalendar.ts';
import type { CuratedReaders } from '../../observe/facts/days/curatedTable.ts';
import { type AskedDays, daySlices, MAX_BACKFILL_DAYS, requireDays } from '../requestedDays.ts';
import { sendRequests } from '../sendRequests.ts';

/** Errors of requests to curate days. */
export const CurationsError = defineErrorFamily('user', {
  SLUICE_CURATE_OFF: {
    cause: 'The configuration does not curate days.',
    cure: 'Remove `curate: false` from the configuration and deploy.',
  },
  SLUICE_CURATE_NOTHING_KEPT: {
    cause:
      'The curated day has no rows that raw files have lost, and no hourly look has found its raw files gone.',
    cure: 'Check the day: `sluice status` names the days that have lost files, and `sluice curate status` the days that keep rows. Lost rows are counted when the day is curated again, which is in the next night at the latest.',
  },
});

/** The days of a table that were requested, or in a dry run would be. */
interface AskedTable {
  /** What its rows are. */
  readonly kind: ForwardedKind;
  /** Name of the curated table. */
  readonly table: string;
  /** The first day; null if there are no days. */
  readonly from: UtcDay | null;
  /** The last day; null if there are no days. */
  readonly to: UtcDay | null;
  /** Number of days. */
  readonly days: number;
}

/** A request to curate days. */
export interface CurateRequested {
  /** Whether nothing was sent. */
  readonly dryRun: boolean;
  /** The days of each table. */
  readonly asked: readonly AskedTable[];
}

/** What is asked of curation, and what it is asked with. */
export type Requested = CuratedReaders & Pick<Deployment, 'sqs' | 'stack' | keyof RetryPorts>;

/** The states of days that are due for curation. */
const DUE: readonly string[] = ['waiting', 'failed', 'outdated', 'lacking'];

/**
 * Requests what the nightly schedule does: the curation of days that were never curated, have changed since, or failed.
 * Like a night it queues a limited number of days, the newest first (lib/curate/limits.ts). The answer names the days
 * that are due by the ledger; the plan also finds listed days whose raw files have changed.
 *
 * @throws CurationsError; CurateError; what AWS's clients throw.
 */
export async function requestCuration(
  deployment: Requested,
  { dryRun, kinds }: { readonly dryRun: boolean; readonly kinds: readonly ForwardedKind[] },
): Promise<CurateRequested> {
  requireOn(deployment);
  const { config, now } = deployment;
  const firstYoung = firstYoungDay(config, now);
  const asked: AskedTable[] = [];
  for (const kind of kinds) {
    const old = await readCuratedStatuses(deployment, kind, (day) => day < firstYoung);
    const due = old.filter(({ state }) => DUE.includes(state)).map(({ day }) => day);
    asked.push(askedTable(deployment, kind, due.toReversed()));
  }
  if (!dryRun)
    await sendRequests(deployment, 'curate-plan', [{ sluice: 'curate', kinds: [...kinds], asked: 'run' }]);
  return { dryRun, asked };
}

/**
 * Requests that days are curated again, whether they have changed or not. Columns that are derived from kept JSON are
 * made again with today's configuration and code. Views read the version that exists until the new one is complete.
 *
 * @throws CurationsError; DaysError; what AWS's clients throw.
 */
export async function requestRebuild(
  deployment: Omit<Requested, 'glue'>,
  { dryRun, kinds, from, to = from }: AskedDays & { readonly kinds: readonly ForwardedKind[] },
): Promise<CurateRequested> {
  requireOn(deployment);
  const last = addDays(firstYoungDay(deployment.config, deployment.now), -1);
  const days = requireDays(
    { from, to, last, most: MAX_BACKFILL_DAYS },
    `a day up to ${last}, because later ones are too young`,
  );
  const requests = kinds.flatMap((kind) => curateRequests('rebuild', kind, days));
  if (!dryRun) await sendRequests(deployment, 'curate-plan', requests);
  return { dryRun, asked: kinds.map((kind) => askedTable(deployment, kind, days)) };
}

/** Requests to curate days of a table: with `run` the days that have changed, with `rebuild` all of them. */
export function curateRequests(
  asked: 'run' | 'rebuild',
  kind: ForwardedKind,
  days: readonly UtcDay[],
): readonly CurateRequestBody[] {
  return daySlices(days).map((slice) => ({ sluice: 'curate', asked, kinds: [kind], days: slice }));
}

/**
 * Requires a configuration that curates.
 *
 * @throws CurationsError `SLUICE_CURATE_OFF` if the configuration curates nothing.
 */
function requireOn({ config }: Pick<Deployment, 'config'>): void {
  if (!config.curate) throw new CurationsError('SLUICE_CURATE_OFF');
}

/** What is asked of a curated table; without days its first and last are null. */
function askedTable(
  { config }: Pick<Deployment, 'config'>,
  kind: ForwardedKind,
  days: readonly UtcDay[],
): AskedTable {
  const from = days[0] ?? null;
  const to = days.at(-1) ?? null;
  return { kind, table: config.curatedTables[kind], from, to, days: days.length };
}
