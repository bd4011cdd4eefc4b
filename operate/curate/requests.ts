import { defineErrorFamily } from '../../lib/base/errors.ts';
import type { RetryPorts } from '../../lib/base/retry.ts';
import { addDays, type UtcDay } from '../../lib/base/time.ts';
import type { CurateRequestBody } from '../../lib/curate/messageBodies.ts';
import { firstYoungDay } from '../../lib/curate/planDays.ts';
import type { ForwardedKind } from '../../lib/schema/kinds.ts';
import type { Deployment } from '../../observe/deployment.ts';
import {
  type CuratedDayState,
  type CuratedDayStatus,
  type CuratedReaders,
  knownDays,
  readCuratedDays,
  readLists,
} from '../../observe/facts/days/curatedDays.ts';
import { readViewDays } from '../../observe/facts/days/viewDays.ts';
import { DAYS_A_REQUEST, MAX_BACKFILL_DAYS, requireDays, sendRequests } from '../ingest/requests.ts';

/** Errors of requests to curate days. */
export const CurationsError = defineErrorFamily('user', {
  SLUICE_CURATE_OFF: {
    cause: 'The configuration does not curate days.',
    cure: 'Remove `curate: false` from sluice.config.ts and deploy: docs/curated.md, "Turn it on".',
  },
  SLUICE_CURATE_DAYS_INVALID: {
    cause: 'These days cannot be requested.',
    cure: 'Read the detail, and request other days.',
  },
});

/** Days of which a dry run reads the raw files and the ledger. */
const MOST_SEEN = 400;

/** Days of a table that were requested, or in a dry run would be. */
export interface AskedTable {
  readonly kind: ForwardedKind;
  readonly table: string;
  /** First and last day; null if there are no days. */
  readonly from: UtcDay | null;
  readonly to: UtcDay | null;
  readonly days: number;
  /** Raw files and bytes that are read for them. Null of a rebuild that is no dry run, or of more than 400 days. */
  readonly raw: { readonly files: number; readonly bytes: number } | null;
  /** The days by their state now. Null as `raw`. */
  readonly states: Readonly<Partial<Record<CuratedDayState, number>>> | null;
}

/** A request to curate days. */
export interface CurateRequested {
  readonly dryRun: boolean;
  readonly asked: readonly AskedTable[];
}

type Requested = CuratedReaders & Pick<Deployment, 'aws' | 'stack' | keyof RetryPorts>;

/** States of days that are due. */
const DUE: ReadonlySet<CuratedDayState> = new Set(['waiting', 'failed', 'outdated']);

/**
 * Requests what the nightly schedule does: that days are curated which never were, have changed since, or failed. Like a
 * night it queues a limited number of days, the newest first (lib/curate/limits.ts); a dry run names all that are due.
 *
 * @throws CurationsError; CurateError; what AWS's clients throw.
 */
export async function requestCuration(
  deployment: Requested,
  { dryRun, kinds }: { readonly dryRun: boolean; readonly kinds: readonly ForwardedKind[] },
): Promise<CurateRequested> {
  requireOn(deployment);
  const asked: AskedTable[] = [];
  for (const kind of kinds) asked.push(await dueDays(deployment, kind));
  if (!dryRun)
    await sendRequests(deployment, 'curate-plan', [{ sluice: 'curate', kinds: [...kinds], asked: 'run' }]);
  return { dryRun, asked };
}

/** The days that the plan would queue now, or in a later night. */
async function dueDays(deployment: Requested, kind: ForwardedKind): Promise<AskedTable> {
  const lists = await readLists(deployment);
  const firstYoung = firstYoungDay(deployment.config, deployment.now);
  const old = (await knownDays(deployment, kind, lists)).filter((day) => day < firstYoung);
  const views = await readViewDays(deployment, kind);
  const due = (await readCuratedDays(deployment, kind, old, { lists, views })).filter(({ state }) =>
    DUE.has(state),
  );
  return askedTable(
    deployment,
    kind,
    due.map(({ day }) => day),
    due,
  );
}

/**
 * Requests that days are curated again, changed or not: columns that are derived from kept JSON are made again with today's
 * configuration and code. Views read the version that exists until the new one is complete.
 *
 * @param to Default `from`.
 * @throws CurationsError; CurateError; what AWS's clients throw.
 */
export async function requestRebuild(
  deployment: Requested,
  {
    dryRun,
    kinds,
    from,
    to = from,
  }: {
    readonly dryRun: boolean;
    readonly kinds: readonly ForwardedKind[];
    readonly from: UtcDay;
    readonly to?: UtcDay | undefined;
  },
): Promise<CurateRequested> {
  requireOn(deployment);
  const last = addDays(firstYoungDay(deployment.config, deployment.now), -1);
  const days = requireDays(
    { from, to, last, most: MAX_BACKFILL_DAYS },
    `a day up to ${last}, because later ones are too young`,
    (detail) => new CurationsError('SLUICE_CURATE_DAYS_INVALID', detail),
  );
  const isSeen = dryRun && days.length * kinds.length <= MOST_SEEN;
  const asked: AskedTable[] = [];
  for (const kind of kinds) {
    const seen = isSeen ? await seenDays(deployment, kind, days) : null;
    asked.push(askedTable(deployment, kind, seen === null ? days : seen.map(({ day }) => day), seen));
  }
  if (!dryRun) {
    const requests = kinds.flatMap((kind) => rebuildRequests(kind, days));
    await sendRequests(deployment, 'curate-plan', requests);
  }
  return { dryRun, asked };
}

async function seenDays(deployment: Requested, kind: ForwardedKind, days: readonly UtcDay[]) {
  const lists = await readLists(deployment);
  return readCuratedDays(deployment, kind, days, { lists, views: await readViewDays(deployment, kind) });
}

function requireOn({ config }: Pick<Deployment, 'config'>): void {
  if (!config.curate) throw new CurationsError('SLUICE_CURATE_OFF');
}

function askedTable(
  { config }: Pick<Deployment, 'config'>,
  kind: ForwardedKind,
  days: readonly UtcDay[],
  seen: readonly CuratedDayStatus[] | null,
): AskedTable {
  const states: Partial<Record<CuratedDayState, number>> = {};
  for (const { state } of seen ?? []) states[state] = (states[state] ?? 0) + 1;
  const sum = (of: (one: CuratedDayStatus) => number) => (seen ?? []).reduce((all, one) => all + of(one), 0);
  return {
    kind,
    table: config.curatedTables[kind],
    from: days[0] ?? null,
    to: days.at(-1) ?? null,
    days: days.length,
    raw: seen === null ? null : { files: sum(({ raw }) => raw.files), bytes: sum(({ raw }) => raw.bytes) },
    states: seen === null ? null : states,
  };
}

/** Requests to curate days of a table again, some days each. */
function rebuildRequests(kind: ForwardedKind, days: readonly UtcDay[]): readonly CurateRequestBody[] {
  const requests: CurateRequestBody[] = [];
  for (let from = 0; from < days.length; from += DAYS_A_REQUEST) {
    const some = days.slice(from, from + DAYS_A_REQUEST);
    requests.push({ sluice: 'curate', kinds: [kind], days: some, asked: 'rebuild' });
  }
  return requests;
}
