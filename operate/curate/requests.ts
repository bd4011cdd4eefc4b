import { randomUUID } from 'node:crypto';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import type { RetryPorts } from '../../lib/base/retry.ts';
import { addDays, type UtcDay } from '../../lib/base/time.ts';
import { firstYoungDay } from '../../lib/curate/planDays.ts';
import { Ledger } from '../../lib/ledger/Ledger.ts';
import { ledgerStore } from '../../lib/ledger/ledgerStore.ts';
import type { ForwardedKind } from '../../lib/schema/kinds.ts';
import { curatedSubject } from '../../lib/tables/ledgerKeys.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { type CuratedReaders, readCuratedDays } from '../../observe/facts/days/curatedDays.ts';
import {
  type AskedDays,
  daySlices,
  MAX_BACKFILL_DAYS,
  requireDays,
  sendRequests,
} from '../ingest/requests.ts';

/** Errors of requests to curate days. */
export const CurationsError = defineErrorFamily('user', {
  SLUICE_CURATE_OFF: {
    cause: 'The configuration does not curate days.',
    cure: 'Remove `curate: false` from sluice.config.ts and deploy: docs/curated.md, "Turn it on".',
  },
  SLUICE_CURATE_NOTHING_KEPT: {
    cause: 'The day has no rows that raw files have lost.',
    cure: 'Check the day: `sluice curate status` says which days keep some. What is lost is counted when the day is curated again, in the next night at the latest.',
  },
});

/** Days of a table that were requested, or in a dry run would be. */
export interface AskedTable {
  readonly kind: ForwardedKind;
  readonly table: string;
  /** First and last day; null if there are no days. */
  readonly from: UtcDay | null;
  readonly to: UtcDay | null;
  readonly days: number;
}

/** A request to curate days. */
export interface CurateRequested {
  readonly dryRun: boolean;
  readonly asked: readonly AskedTable[];
}

type Requested = CuratedReaders & Pick<Deployment, 'sqs' | 'stack' | keyof RetryPorts>;

/** States of days that are due. */
const DUE: readonly string[] = ['waiting', 'failed', 'outdated'];

/**
 * Requests what the nightly schedule does: that days are curated which never were, have changed since, or failed. Like a
 * night it queues a limited number of days, the newest first (lib/curate/limits.ts). The answer names the days that are due by
 * the ledger; the plan also finds listed days whose raw files have changed.
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
    const old = await readCuratedDays(deployment, kind, (day) => day < firstYoung);
    const due = old.filter(({ state }) => DUE.includes(state)).map(({ day }) => day);
    asked.push(askedTable(deployment, kind, due.toReversed()));
  }
  if (!dryRun)
    await sendRequests(deployment, 'curate-plan', [{ sluice: 'curate', kinds: [...kinds], asked: 'run' }]);
  return { dryRun, asked };
}

/**
 * Requests that days are curated again, changed or not: columns that are derived from kept JSON are made again with today's
 * configuration and code. Views read the version that exists until the new one is complete.
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
  const requests = kinds.flatMap((kind) =>
    daySlices(days).map((some) => ({
      ...({ sluice: 'curate', asked: 'rebuild' } as const),
      ...{ kinds: [kind], days: some },
    })),
  );
  if (!dryRun) await sendRequests(deployment, 'curate-plan', requests);
  return { dryRun, asked: kinds.map((kind) => askedTable(deployment, kind, days)) };
}

/** What was accepted of a day. */
export interface AcceptedDay {
  readonly day: UtcDay;
  /** Whether the rows go. */
  readonly drop: boolean;
  readonly tables: readonly { readonly kind: ForwardedKind; readonly table: string; readonly rows: number }[];
}

/**
 * Accepts that raw files of a curated day are gone. Their rows stay kept; with `drop` they go with the next version, which is
 * requested.
 *
 * @throws CurationsError; LedgerError; what AWS's clients throw.
 */
export async function acceptLost(
  deployment: Requested,
  {
    kinds,
    day,
    drop,
  }: { readonly kinds: readonly ForwardedKind[]; readonly day: UtcDay; readonly drop: boolean },
): Promise<AcceptedDay> {
  requireOn(deployment);
  const { s3, config, clock, wait, random } = deployment;
  const store = ledgerStore(s3ObjectStore(s3, config.bucket));
  const ledger = new Ledger({ store, newToken: randomUUID, clock, wait, random });
  const tables: AcceptedDay['tables'][number][] = [];
  for (const kind of kinds) {
    const { entry } = await ledger.change(curatedSubject(config, kind, day), (known) => {
      const { kept, ...curated } = known.curated ?? {};
      if (kept === undefined || kept.rows === 0) return {};
      const accepted = drop ? ('drop' as const) : ('keep' as const);
      return { entry: { ...known, curated: { ...curated, kept: { ...kept, accepted } } } };
    });
    const { rows } = entry?.curated?.kept ?? {};
    if (rows !== undefined) tables.push({ kind, table: config.curatedTables[kind], rows });
  }
  if (tables.length === 0) throw new CurationsError('SLUICE_CURATE_NOTHING_KEPT', `${day}.`);
  const asked = { ...({ sluice: 'curate', asked: 'run' } as const), kinds: tables.map(({ kind }) => kind) };
  if (drop) await sendRequests(deployment, 'curate-plan', [{ ...asked, days: [day] }]);
  return { day, drop, tables };
}

function requireOn({ config }: Pick<Deployment, 'config'>): void {
  if (!config.curate) throw new CurationsError('SLUICE_CURATE_OFF');
}

function askedTable(
  { config }: Pick<Deployment, 'config'>,
  kind: ForwardedKind,
  days: readonly UtcDay[],
): AskedTable {
  const [from = null, to = null] = [days[0], days.at(-1)];
  return { kind, table: config.curatedTables[kind], from, to, days: days.length };
}
