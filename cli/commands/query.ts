import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { systemClock } from '../../lib/base/time.ts';
import { defaultDataDirectory } from '../../local/dataDirectory.ts';
import { explainAwsError } from '../../observe/explainAwsError.ts';
import { configuredTarget, isLocalMeant, namedTarget, readTargetOptions } from '../aws/target.ts';
import {
  type Command,
  type CommandLine,
  stageOption,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { untilInterrupted } from '../terminal/interrupt.ts';
import { csvTable, textTable, writeJson, writeNote, writeOut } from '../terminal/output.ts';
import { openProgress } from '../terminal/progress.ts';

/** Time limit of a query in Athena, which stops one after 30 minutes itself: https://docs.aws.amazon.com/athena/latest/ug/service-limits.html */
const ATHENA_DEADLINE_MS = 30 * 60_000;

/** Why Athena did not answer `sluice query`. */
export const QueryCommandError = defineErrorFamily('user', {
  SLUICE_QUERY_ATHENA_FAILED: {
    cause: 'Athena did not run the query.',
    cure: "Read Athena's message. Athena's SQL differs from DuckDB's: docs/reference/sql.md. A query of the local cloud without --athena runs on DuckDB.",
  },
});

/** How statements begin that change nothing. One from stdin may be any. */
const ONLY_READS = /^[\s(]*(select|with|from|values|show|describe|explain|table)\b/i;

/** `sluice query`: SQL over local tables with DuckDB, or tables of a deployment or the local cloud, with Athena. */
export const query: Command = {
  name: 'query',
  summary: 'Run SQL: on local tables with DuckDB, or on tables of a stage or the local cloud with Athena.',
  usage: 'sluice query "<sql>"|- [--local] [--athena] [--stage NAME] [--json | --csv] [--data DIR] [options]',
  options: {
    athena: {
      type: 'boolean',
      help: "Athena's SQL on the running local cloud, as a deployment always has it",
    },
    ...targetOptions,
    json: { type: 'boolean', help: 'print an array of row objects' },
    csv: { type: 'boolean', help: 'print CSV with a header' },
    data: {
      type: 'string',
      help: 'data directory of the local cloud (default .sluice/data; of another stage .sluice/data-<stage>)',
    },
  },
  examples: [
    'sluice query "select event_name, count(*) n from statsig_forwarded_events group by 1 order by 2 desc"',
    'sluice query "show all tables" --json',
    'sluice query "select count(*) from experiment_exposures" --athena',
    'sluice query - --stage prod --csv < question.sql > answer.csv',
  ],
  changes: ({ positionals: [sql = ''] }) => !ONLY_READS.test(sql),
  async run(line) {
    const [sql, ...more] = line.positionals;
    if (sql === undefined || more.length > 0)
      throw new UsageError(
        'SLUICE_USAGE_ARGUMENTS',
        'Expected one SQL text in quotes, or - to read it from stdin.',
      );
    if (line.values['json'] === true && line.values['csv'] === true)
      throw new UsageError('SLUICE_USAGE_OPTIONS', '--json and --csv: expected one of them.');
    const statement = sql === '-' ? await text(process.stdin) : sql;
    const { isLocal: local } = namedTarget(readTargetOptions(line));
    if (!local && line.values['data'] !== undefined)
      throw new UsageError(
        'SLUICE_USAGE_OPTIONS',
        '--data: it is about the local cloud, and --stage names a deployment.',
      );
    const { athena, 'endpoint-url': endpoint } = line.values;
    // AWS_ENDPOINT_URL may also make a named stage one of this machine, which has Athena's SQL as on AWS.
    const isDuckDb = isLocalMeant(readTargetOptions(line)) && athena !== true && endpoint === undefined;
    if (!isDuckDb) return queryAthena(line, statement);
    await queryDuckDb(line, statement);
    return 0;
  },
};

/** The data directory of the local cloud that is asked. */
function dataDirectory(line: CommandLine): string {
  return textOption(line, 'data') ?? defaultDataDirectory(stageOption(line));
}

/** Runs a statement with DuckDB on the data directory. The local cloud need not run. */
async function queryDuckDb(line: CommandLine, sql: string): Promise<void> {
  const directory = dataDirectory(line);
  // Loaded here: other commands need not wait for DuckDB.
  await import('../../local/errors.ts');
  const [{ runQuery }, { runningEndpoint }] = await Promise.all([
    import('../../packages/local-aws/src/trino/index.ts'),
    import('../../packages/local-aws/src/disk/dataDirectory.ts'),
  ]);
  const rows = await runQuery(directory, sql);
  write(line, rows);
  if (rows.length === 0) await noteWhatWaits(runningEndpoint(resolve(directory)));
}

/**
 * Runs a statement in the workgroup of a deployment, or of the running local cloud. Ctrl-C stops the query, which would only
 * cost.
 *
 * @returns The exit code.
 */
async function queryAthena(line: CommandLine, sql: string): Promise<number> {
  const [{ AthenaClient }, { runStatement }, { runningEndpoint }] = await Promise.all([
    import('@aws-sdk/client-athena'),
    import('../../lib/aws/athenaStatements.ts'),
    import('../../packages/local-aws/src/disk/dataDirectory.ts'),
  ]);
  const endpoint =
    isLocalMeant(readTargetOptions(line)) && line.values['endpoint-url'] === undefined
      ? runningEndpoint(resolve(dataDirectory(line)))
      : undefined;
  const { config, aws, isLocal } = await configuredTarget({
    ...line,
    values: { ...line.values, ...(endpoint === undefined ? {} : { 'endpoint-url': endpoint }) },
  });
  const client = new AthenaClient(aws);
  const interrupted = new AbortController();
  void untilInterrupted().then(() => interrupted.abort());
  const progress = openProgress(line);
  progress.show('Athena runs the query');
  try {
    const outcome = await runStatement(client, sql, {
      workGroup: config.athena.workgroup,
      database: config.database,
      deadlineMs: ATHENA_DEADLINE_MS,
      clock: systemClock,
      wait,
      random: Math.random,
      signal: interrupted.signal,
    });
    progress.end();
    if ('failed' in outcome) throw new QueryCommandError('SLUICE_QUERY_ATHENA_FAILED', outcome.failed);
    const { columns, types, rows, scannedBytes, hasMore } = outcome;
    const isQuery = columns.length > 0;
    const isJsonOrCsv = line.values['json'] === true || line.values['csv'] === true;
    const named = rows.map((row) =>
      Object.fromEntries(columns.map((name, i) => [name, typedValue(row[i] ?? null, types[i] ?? '')])),
    );
    if (isQuery || isJsonOrCsv) write(line, named);
    else writeOut('Done. The statement returns no rows.\n');
    if (hasMore)
      writeNote(`Only the first ${rows.length} rows are shown. All of them are in ${outcome.location}.\n`);
    writeNote(`Athena read ${scannedBytes.toLocaleString('en-US')} bytes.\n`);
    if (isQuery && rows.length === 0 && isLocal) await noteWhatWaits(aws.endpoint);
    return 0;
  } catch (error) {
    if (interrupted.signal.aborted) {
      writeNote('Interrupted: the query was stopped.\n');
      return 130;
    }
    const problem = explainAwsError(error);
    if (problem === undefined) throw error;
    if (problem.kind === 'unasked') throw problem.error;
    throw new QueryCommandError('SLUICE_QUERY_ATHENA_FAILED', problem.detail, { cause: error });
  } finally {
    progress.end();
    client.destroy();
  }
}

/** Decimal digits that a double holds exactly: https://en.cppreference.com/w/cpp/types/numeric_limits/digits10 */
const EXACT_DIGITS = 15;

/** A value of Athena, which returns texts, as JSON has it. Numbers that JSON cannot hold stay texts. */
function typedValue(value: string | null, type: string): string | number | boolean | null {
  if (value === null) return null;
  if (type === 'boolean') return value === 'true';
  if (!/^(tinyint|smallint|integer|int|bigint|float|real|double|decimal)/.test(type)) return value;
  const number = Number(value);
  if (!Number.isFinite(number)) return value;
  // Doubles are written so that they are read back. Others are, up to 15 digits.
  const digits = value.replace(/^[-+]?0*|[.]/g, '').length;
  return /^(float|real|double)/.test(type) || digits <= EXACT_DIGITS || Number.isSafeInteger(number)
    ? number
    : value;
}

function write(line: CommandLine, rows: readonly Readonly<Record<string, unknown>>[]): void {
  if (line.values['json'] === true) writeJson(rows);
  else if (line.values['csv'] === true) writeOut(csvTable(rows));
  else writeOut(textTable(rows), 'table');
}

/** The control API's status of buffers and queues: docs/local.md, "Control". */
const statusSchema = z.object({
  pending: z.array(z.object({ stream: z.string(), documents: z.number() })),
  queues: z.array(z.object({ name: z.string(), messages: z.number() })),
});

/** Queues whose messages hide no rows: until a day is curated, views read its raw rows. */
const OF_CURATION = /-curate(-plan)?(-dead-letters)?$/;

/** Notes why a query of the local tables may find nothing yet: rows that are accepted and not delivered. */
async function noteWhatWaits(endpoint: string | undefined): Promise<void> {
  if (endpoint === undefined) return;
  const answer = await fetch(new URL('/_sluice/status', endpoint))
    .then((response) => response.json())
    .catch(() => undefined);
  const { data: status } = statusSchema.safeParse(answer);
  const waiting = [
    ...(status?.pending ?? [])
      .filter(({ documents }) => documents > 0)
      .map(({ stream, documents }) => `${documents} in the buffer of ${stream}`),
    ...(status?.queues ?? [])
      .filter(({ name, messages }) => messages > 0 && !OF_CURATION.test(name))
      .map(
        ({ name, messages }) => `${messages} ${messages === 1 ? 'message' : 'messages'} in the queue ${name}`,
      ),
  ];
  if (waiting.length === 0) return;
  writeNote(
    `Not delivered yet: ${waiting.join(', ')}. Rows can be queried when the buffering interval is over, or after \`curl -X POST ${new URL('/_sluice/flush', endpoint).href}\`.\n`,
  );
}
