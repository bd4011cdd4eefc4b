import { queryableSeconds } from '../../infra/streams/streams.ts';
import { quoteName } from '../../lib/base/sql.ts';
import { viewNames } from '../../lib/views/viewNames.ts';
import { explainAwsError } from '../../observe/explainAwsError.ts';
import { type Answer, answer, unanswered } from './Answer.ts';
import { type CleanUp, cleanUp, parseS3Address } from './cleanUp.ts';
import { isLeft, judgeLanding, type PlantedObject } from './landing.ts';
import { EXTRA_WAIT_MS, LOOK_EVERY_MS, LOOK_LOCALLY_EVERY_MS, PACKED_EVENTS } from './limits.ts';
import type { ProbeContext } from './openProbe.ts';
import { DIRECT_PART, ENVIRONMENT, type ProbeOptions, type Run } from './Run.ts';
import {
  Athena,
  countQuarantined,
  judgeDoors,
  judgeTimes,
  PROBE_ROWS,
  type ProbedTable,
  QueryError,
  type Replies,
  type Row,
  readFiles,
  readRows,
  type SentTo,
} from './rows.ts';
import { PACKED_PART } from './sendRequest.ts';
import { timestampColumn } from './timestampColumn.ts';

/**
 * Waits for the rows of accepted requests, judges them, and cleans up.
 *
 * @throws QueryError, and what Athena's client throws.
 */
export async function followRows(
  context: ProbeContext,
  run: Run,
  options: ProbeOptions,
  sent: readonly SentTo[],
  planted: PlantedObject | undefined,
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
  const quarantine = { database: config.database, table: config.tables.quarantine };
  try {
    const { rows, seenAt, quarantined } = await awaitRows(context, athena, run, options, sent, {
      events: where,
      quarantine,
      planted,
    });
    const left = await isLeft(clients.s3, config.bucket, planted);
    const answers: Answer[] = [
      ...judgeDoors(sent, rows, config),
      ...judgeTimes(rows, run),
      answer(
        'SLUICE_PROBE_DELIVERED',
        rows.length > 0,
        `${rows.length} ${rows.length === 1 ? 'row' : 'rows'} in ${config.tables.events}`,
      ),
      judgeDelay(context, lastSent(sent), seenAt),
      await judgeType(context, rows),
      await judgeViews(context, athena),
      ...(planted === undefined ? [] : [judgeLanding(rows, quarantined, left)]),
    ];
    if (options.keep) return { answers, cleanUp: null };
    options.onProgress('cleaning up');
    const files = [
      ...(rows.length === 0 ? [] : await readFiles(athena, where, run, PROBE_ROWS.events)),
      ...(quarantined === 0 ? [] : await readFiles(athena, quarantine, run, PROBE_ROWS.quarantine)),
    ];
    const hidden = rows.every(({ environment }) => environment === ENVIRONMENT);
    const remains = {
      files,
      results: athena.results,
      objects: left && planted !== undefined ? [planted.key] : [],
    };
    return { answers, cleanUp: await cleanUp(clients.s3, config, remains, hidden) };
  } catch (error) {
    // The results of the earlier queries are of no further use.
    if (!options.keep) {
      const left = await isLeft(clients.s3, config.bucket, planted);
      const objects = left && planted !== undefined ? [planted.key] : [];
      await cleanUp(clients.s3, config, { files: [], results: athena.results, objects }, true);
    }
    throw error;
  }
}

/** Polls until every event that was answered 202 and those of the planted object have rows, or the time is over. */
async function awaitRows(
  context: ProbeContext,
  athena: Athena,
  run: Run,
  { waitMs, onProgress }: ProbeOptions,
  doors: readonly SentTo[],
  where: {
    readonly events: ProbedTable;
    readonly quarantine: ProbedTable;
    readonly planted: PlantedObject | undefined;
  },
): Promise<{ readonly rows: readonly Row[]; readonly seenAt: number | null; readonly quarantined: number }> {
  const { clock, wait } = context;
  const sentAt = lastSent(doors);
  const deadline = sentAt + (waitMs ?? longestDelayMs(context) + EXTRA_WAIT_MS);
  const promised = doors.reduce((sum, { replies }) => sum + promisedEvents(replies), 0);
  await context.flush?.();
  let seenAt: number | null = null;
  let quarantined = 0;
  for (;;) {
    const rows = await readRows(athena, where.events, run);
    const sent = rows.filter(({ part }) => part !== DIRECT_PART);
    const events = new Set(sent.map(({ eventId }) => eventId)).size;
    if (events >= promised) seenAt ??= clock.now();
    if (where.planted !== undefined && quarantined === 0)
      quarantined = await countQuarantined(athena, where.quarantine, run);
    const isWritten = where.planted === undefined || (sent.length < rows.length && quarantined > 0);
    if ((seenAt !== null && isWritten) || clock.now() >= deadline) return { rows, seenAt, quarantined };
    const seconds = (ms: number) => Math.round(ms / 1_000);
    onProgress(
      `${events} of ${promised} events have a row${isWritten ? '' : ', not yet all of the planted object'}, after ${seconds(clock.now() - sentAt)} s of at most ${seconds(deadline - sentAt)} s`,
    );
    await wait(Math.min(context.isLocal ? LOOK_LOCALLY_EVERY_MS : LOOK_EVERY_MS, deadline - clock.now()));
  }
}

function lastSent(doors: readonly SentTo[]): number {
  return Math.max(...doors.map(({ sentAt }) => sentAt));
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

/** Judges the timestamps of a file with a row of the probe. */
async function judgeType({ clients }: ProbeContext, rows: readonly Row[]): Promise<Answer> {
  const code = 'SLUICE_PROBE_TIMESTAMP_TYPE';
  const object = parseS3Address(rows[0]?.file ?? '');
  if (object === undefined) return unanswered(code, 'no row');
  try {
    const { text, isTime } = await timestampColumn(clients.s3, object.bucket, object.key);
    return answer(code, isTime, text);
  } catch (error) {
    const problem = explainAwsError(error);
    if (problem?.kind === 'answered') return unanswered(code, problem.detail);
    if (error instanceof TypeError) return answer(code, false, error.message);
    throw error;
  }
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
