import { queryableSeconds } from '../../infra/streams/streams.ts';
import { quoteName } from '../../lib/base/sql.ts';
import { viewNames } from '../../lib/views/viewNames.ts';
import { explainAwsError } from '../../observe/explainAwsError.ts';
import { type Answer, answer } from './Answer.ts';
import { type CleanUp, cleanUp } from './cleanUp.ts';
import { EXTRA_WAIT_MS, LOOK_EVERY_MS, LOOK_LOCALLY_EVERY_MS, PACKED_EVENTS } from './limits.ts';
import type { ProbeContext } from './openProbe.ts';
import { ENVIRONMENT, type ProbeOptions, type Run } from './Run.ts';
import {
  Athena,
  judgeBodies,
  judgeTimes,
  type ProbedTable,
  QueryError,
  type Replies,
  type Row,
  readFiles,
  readRows,
  type Sent,
} from './rows.ts';
import { PACKED_PART } from './sendRequest.ts';

/**
 * Waits for the rows of accepted requests, judges them, and cleans up.
 *
 * @throws QueryError, and what Athena's client throws.
 */
export async function followRows(
  context: ProbeContext,
  run: Run,
  options: ProbeOptions,
  sent: Sent,
): Promise<{ readonly answers: readonly Answer[]; readonly cleanUp: CleanUp | null }> {
  const { config, clients, clock, wait, random } = context;
  const athena = new Athena({
    client: clients.athena,
    workGroup: config.athena.workgroup,
    database: config.database,
    clock,
    wait,
    random,
  });
  const where = { database: config.database, table: config.tables.events };
  try {
    const { rows, seenAt } = await awaitRows(context, athena, run, options, sent, where);
    const answers: Answer[] = [
      ...judgeBodies(sent, rows, config),
      ...judgeTimes(rows, run),
      answer(
        'SLUICE_PROBE_DELIVERED',
        rows.length > 0,
        `${rows.length} ${rows.length === 1 ? 'row' : 'rows'} in ${config.tables.events}`,
      ),
      judgeDelay(context, sent.sentAt, seenAt),
      await judgeViews(context, athena),
    ];
    if (options.keep) return { answers, cleanUp: null };
    options.onProgress('cleaning up');
    const files = rows.length === 0 ? [] : await readFiles(athena, where, run);
    const hidden = rows.every(({ environment }) => environment === ENVIRONMENT);
    const remains = { files, results: athena.results };
    return { answers, cleanUp: await cleanUp(clients.s3, config, remains, hidden) };
  } catch (error) {
    // The results of the earlier queries are of no further use.
    if (!options.keep) await cleanUp(clients.s3, config, { files: [], results: athena.results }, true);
    throw error;
  }
}

/** Polls until every event that was answered 202 has a row, or the time is over. */
async function awaitRows(
  context: ProbeContext,
  athena: Athena,
  run: Run,
  { waitMs, onProgress }: ProbeOptions,
  { replies, sentAt }: Sent,
  where: ProbedTable,
): Promise<{ readonly rows: readonly Row[]; readonly seenAt: number | null }> {
  const { clock, wait } = context;
  const deadline = sentAt + (waitMs ?? longestDelayMs(context) + EXTRA_WAIT_MS);
  const promised = promisedEvents(replies);
  await context.flush?.();
  for (;;) {
    const rows = await readRows(athena, where, run);
    const events = new Set(rows.map(({ eventId }) => eventId)).size;
    if (events >= promised) return { rows, seenAt: clock.now() };
    if (clock.now() >= deadline) return { rows, seenAt: null };
    const seconds = (ms: number) => Math.round(ms / 1_000);
    onProgress(
      `${events} of ${promised} events have a row, after ${seconds(clock.now() - sentAt)} s of at most ${seconds(deadline - sentAt)} s`,
    );
    await wait(Math.min(context.isLocal ? LOOK_LOCALLY_EVERY_MS : LOOK_EVERY_MS, deadline - clock.now()));
  }
}

function promisedEvents(replies: Replies): number {
  return [...replies].reduce(
    (sum, [part, { status }]) => sum + (status === 202 ? (part === PACKED_PART ? PACKED_EVENTS : 1) : 0),
    0,
  );
}

function longestDelayMs({ config }: ProbeContext): number {
  return queryableSeconds(config) * 1_000;
}

function judgeDelay(context: ProbeContext, sentAt: number, seenAt: number | null): Answer {
  const code = 'SLUICE_PROBE_DELIVERY_TIME';
  const longest = longestDelayMs(context);
  if (seenAt === null) return answer(code, false, 'not all rows arrived in time');
  const took = seenAt - sentAt;
  const flushed = context.flush === undefined ? '' : ', flushed';
  return answer(
    code,
    took <= longest,
    `${Math.ceil(took / 1_000)} s${flushed}; at most ${Math.round(longest / 1_000)} s`,
  );
}

/** Queries every view without rows, at the same time: an error of a view is found before anything is read. */
async function judgeViews({ config }: ProbeContext, athena: Athena): Promise<Answer> {
  const problems = await Promise.all(
    viewNames.map(async (name) => {
      try {
        await athena.query(`SELECT * FROM ${quoteName(config.database)}.${quoteName(name)} LIMIT 0`);
        return [];
      } catch (error) {
        const problem = explainAwsError(error);
        if (!(error instanceof QueryError) && problem?.kind !== 'answered') throw error;
        return [`${name}: ${error instanceof Error ? error.message : ''}`];
      }
    }),
  );
  const found = problems.flat();
  return answer(
    'SLUICE_PROBE_VIEWS',
    found.length === 0,
    found.length === 0 ? `${viewNames.length} views answer` : found.join('; '),
  );
}
