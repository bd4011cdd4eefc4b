import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { systemTiming } from '../../../lib/base/retry.ts';
import { lookbackDays } from '../../../lib/drops/plan/decideDay.ts';
import type { LedgerEntry } from '../../../lib/ledger/LedgerEntry.ts';
import type { Dataset, Source } from '../../../lib/schema/sources.ts';
import { localAccount } from '../../../local/localAccount.ts';
import { readLedgerDays } from '../../../observe/ingest/readLedgerDays.ts';
import { backfillRequests, enqueueRequests } from '../../../operate/ingest/requests.ts';
import { type Answer, answer, unanswered } from '../Answer.ts';
import { LOAD_WAIT_MS, LOOK_EVERY_MS, LOOK_LOCALLY_EVERY_MS, MAX_LOAD_BYTES } from '../limits.ts';
import type { ProbeContext } from '../openProbe.ts';
import type { Run } from '../Run.ts';

const CODE = 'SLUICE_PROBE_LOAD_ENGINE';

/** A dataset of a source in the deployment's own account. */
interface OwnDataset {
  readonly source: Source;
  readonly dataset: Dataset;
}

/**
 * Requests that the smallest recent day of a source in the own account is loaded again, with the same rows. Buckets of
 * other accounts are not touched.
 *
 * @returns The day's earlier entry in the ledger, or an answer if there is no such day.
 * @throws What clients of AWS throw.
 */
export async function beginLoad(context: ProbeContext, run: Run): Promise<LedgerEntry | Answer> {
  const { config, clients } = context;
  if (config.sources.length === 0)
    return unanswered(CODE, 'no sources are configured: "A source of your own" in docs/aws.md');
  const account = context.isLocal
    ? localAccount.id
    : (await clients.sts.send(new GetCallerIdentityCommand({}))).Account;
  const own = config.sources
    .filter(({ owner }) => owner === account)
    .flatMap((source) => source.datasets.map((dataset) => ({ source, dataset })));
  if (own.length === 0)
    return unanswered(
      CODE,
      'every source is in another account and is not touched: "A source of your own" in docs/aws.md',
    );
  const day = await smallestDay(context, run, own);
  if (day === undefined)
    return unanswered(
      CODE,
      `no day of at most ${MAX_LOAD_BYTES / 1_048_576} MiB is in the ledger of ${own.map(datasetName).join(', ')}: put a small file under today's folder, then \`npx sluice ingest run\``,
    );
  await enqueueRequests(
    { ...systemTiming, sqs: clients.sqs, stack: context.stack },
    'ingest-plan',
    backfillRequests(day, [day.day]),
  );
  return day;
}

/** A day of the lookback that was loaded, or will be. */
async function smallestDay(
  { clients: { s3 }, config }: ProbeContext,
  { time }: Run,
  own: readonly OwnDataset[],
): Promise<LedgerEntry | undefined> {
  const subjects = own.map(({ source, dataset }) =>
    lookbackDays(time, dataset.timezone, dataset.lookbackDays).map((day) => ({
      source: source.name,
      dataset: dataset.name,
      day,
    })),
  );
  const days = (await readLedgerDays({ s3, config }, subjects)).flat();
  return days
    .flatMap(({ entry }) => (entry === null ? [] : [entry]))
    .filter((entry) => entry.state === 'waiting' || (entry.state !== 'loading' && sizeOf(entry) > 0))
    .filter((entry) => sizeOf(entry) <= MAX_LOAD_BYTES)
    .sort((a, b) => sizeOf(a) - sizeOf(b))[0];
}

function sizeOf({ files }: LedgerEntry): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

/**
 * Waits until the day is loaded or failed. If a file was refused, DuckDB ran as well, but not all of it is tested then.
 *
 * @throws What clients of AWS throw.
 */
export async function judgeLoad(context: ProbeContext, before: LedgerEntry): Promise<Answer> {
  const { clients, config, clock, wait } = context;
  await context.flush?.();
  const deadline = clock.now() + LOAD_WAIT_MS;
  const name = `${before.source}/${before.dataset} ${before.day}`;
  for (;;) {
    const [[now] = []] = await readLedgerDays({ s3: clients.s3, config }, [[before]]);
    const entry = now?.entry ?? before;
    const settled = entry.state !== 'waiting' && entry.state !== 'loading' && entry.token !== before.token;
    if (settled) return judgeSettled(name, entry);
    if (clock.now() >= deadline) {
      const code = entry.failure === undefined ? '' : `, ${entry.failure.code}`;
      return answer(CODE, false, `${name}: ${entry.state}${code} after ${LOAD_WAIT_MS / 1_000} s`);
    }
    await wait(
      Math.min(context.isLocal ? LOOK_LOCALLY_EVERY_MS : LOOK_EVERY_MS, Math.max(0, deadline - clock.now())),
    );
  }
}

function judgeSettled(name: string, { state, rows, failure }: LedgerEntry): Answer {
  if (state === 'succeeded') return answer(CODE, true, `${name}: loaded, rows ${rows.out}`);
  if (failure?.code.startsWith('SLUICE_ENGINE_')) return answer(CODE, false, `${name}: ${failure.code}`);
  return unanswered(CODE, `${name}: ${state}${failure === undefined ? '' : `, ${failure.code}`}`);
}

function datasetName({ source, dataset }: OwnDataset): string {
  return `${source.name}/${dataset.name}`;
}
