import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { StatementResult } from '../../lib/aws/athenaStatements.ts';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { counted } from '../../lib/base/text.ts';
import { defaultDataDirectory } from '../../local/roots.ts';
import { isLocalMeant, namedTarget } from '../aws/target.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import {
  type Command,
  type CommandLine,
  filledOption,
  onlyArgument,
  stageOption,
  targetOptions,
  UsageError,
} from '../terminal/commandLine.ts';
import { INTERRUPTED, untilInterrupted } from '../terminal/interrupt.ts';
import { writeCsv, writeJson, writeNote, writeOut } from '../terminal/output.ts';
import { athenaRead } from '../terminal/phrases.ts';
import { openProgress } from '../terminal/progress.ts';
import { textTable } from '../terminal/tables.ts';

/** Milliseconds that a query may take in Athena, which stops one after 30 minutes itself: https://docs.aws.amazon.com/athena/latest/ug/service-limits.html */
const ATHENA_DEADLINE_MS = 30 * 60_000;

/** Why `sluice query` has no answer of Athena. */
export const QueryCommandError = defineErrorFamily('user', {
  SLUICE_QUERY_ATHENA_FAILED: {
    cause: 'Athena did not run the query.',
    cure: "Read Athena's message. After `Bytes scanned limit was exceeded`, name fewer days `ds` and columns: docs/cost.md, \"Who scans\". Athena's SQL differs from DuckDB's: docs/reference/sql.md. A query of the local cloud without --athena runs on DuckDB.",
  },
  SLUICE_QUERY_TOO_MANY_ROWS: {
    cause:
      'The result has more rows than `--csv` and `--json` print of Athena, which is 9,999. None is printed.',
    cure: 'Download all of them, as CSV, from the address in the message: `aws s3 cp ADDRESS answer.csv`. Or ask for fewer.',
  },
});

/** How statements begin that change nothing. One from stdin may be any. */
const ONLY_READS = /^[\s(]*(select|with|from|values|show|describe|explain|table)\b/i;

/** `sluice query`: SQL over local tables with DuckDB, or tables of a deployment or the local cloud, with Athena. */
export const query: Command = {
  name: 'query',
  summary: 'Run SQL: on local tables with DuckDB, or on tables of a stage or the local cloud with Athena.',
  takes: '"<sql>"|-',
  options: {
    athena: {
      type: 'boolean',
      help: "Athena's SQL on the running local cloud, as a deployment always has it",
    },
    ...targetOptions,
    csv: {
      type: 'boolean',
      help: 'print CSV with a header; --csv and --json refuse an answer of Athena with more than 9,999 rows',
    },
    data: {
      type: 'string',
      help: 'data directory of the local cloud (default .sluice/data; of another stage .sluice/data-<stage>)',
    },
  },
  examples: [
    'sluice query "select event_name, count(*) n from statsig_forwarded_events group by 1 order by 2 desc"',
    'sluice query "select count(*) from experiment_exposures" --athena',
    'sluice query - --stage prod --csv < question.sql > answer.csv',
  ],
  changes: ({ positionals: [sql = ''] }) => !ONLY_READS.test(sql),
  async run(line) {
    const sql = onlyArgument(line.positionals, 'one SQL text in quotes, or - to read it from stdin');
    if (line.values['json'] === true && line.values['csv'] === true)
      throw new UsageError('SLUICE_USAGE_OPTIONS', '--json and --csv: expected one of them.');
    const statement = sql === '-' ? await text(process.stdin) : sql;
    const { isLocal } = namedTarget(line);
    if (!isLocal && line.values['data'] !== undefined)
      throw new UsageError(
        'SLUICE_USAGE_OPTIONS',
        '--data: it is about the local cloud, and --stage names a deployment.',
      );
    // AWS_ENDPOINT_URL may also make a named stage one of this machine, which has Athena's SQL as on AWS.
    const isDuckDb = isLocalMeant(line) && line.values['athena'] !== true && !namesEndpoint(line);
    if (!isDuckDb) return queryAthena(line, statement);
    await queryDuckDb(line, statement);
    return 0;
  },
};

/** Whether `--endpoint-url` names an address. An empty text names none, as for {@link namedTarget}. */
function namesEndpoint({ values }: CommandLine): boolean {
  return (values['endpoint-url'] ?? '') !== '';
}

/** The data directory of the local cloud that is asked. @throws UsageError for an empty text. */
function dataDirectory(line: CommandLine): string {
  return filledOption(line, 'data') ?? defaultDataDirectory(stageOption(line));
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
  if (rows.length === 0) await noteWhatWaits(line, runningEndpoint(resolve(directory)));
}

/**
 * Runs a statement in the workgroup of a deployment, or of the running local cloud. Ctrl-C stops the query, which would only
 * cost.
 *
 * @returns The exit code.
 */
async function queryAthena(line: CommandLine, sql: string): Promise<number> {
  const interrupted = new AbortController();
  void untilInterrupted().then(() => interrupted.abort());
  const progress = openProgress(line);
  progress.show('Athena runs the query');
  try {
    const { result, localControl } = await askDeployment(line, sql, interrupted.signal);
    progress.end();
    writeAthenaResult(line, result);
    if (result.columns.length > 0 && result.rows.length === 0) await noteWhatWaits(line, localControl);
    return 0;
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    writeNote('Interrupted: the query was stopped.\n');
    return INTERRUPTED;
  } finally {
    progress.end();
  }
}

/** What Athena answers to a statement that it has run. */
type AthenaResult = Exclude<StatementResult, { readonly failed: string }>;

/**
 * Has Athena run a statement.
 *
 * @returns The result, and the control address of the local cloud; undefined of a deployment.
 * @throws QueryCommandError if Athena does not run it; the reason of the signal.
 */
async function askDeployment(
  line: CommandLine,
  sql: string,
  signal: AbortSignal,
): Promise<{ readonly result: AthenaResult; readonly localControl: string | undefined }> {
  const [{ InvalidRequestException }, { runStatement }] = await Promise.all([
    import('@aws-sdk/client-athena'),
    import('../../lib/aws/athenaStatements.ts'),
  ]);
  return withDeployment(await athenaTarget(line), async (deployment) => {
    const { athena, config, clock, wait, random, localControl } = deployment;
    const { workgroup: workGroup } = config.athena;
    const how = { workGroup, database: config.database, deadlineMs: ATHENA_DEADLINE_MS };
    const outcome = await runStatement(athena, sql, { ...how, clock, wait, random, signal }).catch(
      (error: unknown) => {
        if (!(error instanceof InvalidRequestException)) throw error;
        throw new QueryCommandError('SLUICE_QUERY_ATHENA_FAILED', error.message, { cause: error });
      },
    );
    if ('failed' in outcome) throw new QueryCommandError('SLUICE_QUERY_ATHENA_FAILED', outcome.failed);
    return { result: outcome, localControl };
  });
}

/** The command line with the address of the running local cloud, if that is meant and no other address is named. */
async function athenaTarget(line: CommandLine): Promise<CommandLine> {
  if (!isLocalMeant(line) || namesEndpoint(line)) return line;
  const { runningEndpoint } = await import('../../packages/local-aws/src/disk/dataDirectory.ts');
  const endpoint = runningEndpoint(resolve(dataDirectory(line)));
  return endpoint === undefined ? line : { ...line, values: { ...line.values, 'endpoint-url': endpoint } };
}

/**
 * Writes the rows of a result to stdout, and to stderr what is left out and what Athena read.
 *
 * @throws QueryCommandError if programs would get only a part of the rows.
 */
function writeAthenaResult(line: CommandLine, result: AthenaResult): void {
  const { columns, types, rows, scannedBytes, hasMore, location } = result;
  const isJsonOrCsv = line.values['json'] === true || line.values['csv'] === true;
  // A script would take a part for the whole.
  if (hasMore && isJsonOrCsv)
    throw new QueryCommandError('SLUICE_QUERY_TOO_MANY_ROWS', `All rows are in ${location}`);
  const named = rows.map((row) =>
    Object.fromEntries(columns.map((name, i) => [name, typedValue(row[i] ?? null, types[i] ?? '')])),
  );
  if (columns.length > 0 || isJsonOrCsv) write(line, named);
  else writeOut('Done. The statement returns no rows.\n');
  if (hasMore) writeNote(`Only the first ${rows.length} rows are shown. All of them are in ${location}.\n`);
  writeNote(`${athenaRead(scannedBytes)}\n`);
}

/** Decimal digits that a double holds exactly: https://en.cppreference.com/w/cpp/types/numeric_limits/digits10 */
const EXACT_DIGITS = 15;

/** A value of Athena, which returns texts, as JSON has it. Numbers that JSON cannot hold stay texts. */
export function typedValue(value: string | null, type: string): string | number | boolean | null {
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

/**
 * The rows of a query, by column. Booleans and numbers are those of JSON, except numbers that would lose digits; all else is
 * text or null.
 */
type QueryRows = readonly Readonly<Record<string, unknown>>[];

/** Writes rows to stdout, in the form that the options ask for. */
function write(line: CommandLine, rows: QueryRows): void {
  if (line.values['json'] === true) writeJson<QueryRows>(rows);
  else if (line.values['csv'] === true) writeCsv(rows);
  else writeOut(textTable(rows), 'table');
}

/** Notes why a query of the local cloud may find nothing yet: what is accepted and in no table. */
async function noteWhatWaits(line: CommandLine, localControl: string | undefined): Promise<void> {
  if (localControl === undefined) return;
  const [{ readLocalState }, { countLanding }] = await Promise.all([
    import('../../observe/facts/flow/localCloud.ts'),
    import('../../observe/facts/flow/waitingObjects.ts'),
  ]);
  // It only looks: the place of a statement that may change something was printed before the statement ran.
  const target = { ...line, changes: false, values: { ...line.values, 'endpoint-url': localControl } };
  const [state, landing] = await Promise.all([
    readLocalState({ localControl }).catch(() => undefined),
    withDeployment(target, async (deployment) => (await countLanding(deployment)).landing).catch(
      () => undefined,
    ),
  ]);
  const requests = state?.buffered.count ?? 0;
  const objects = landing?.count ?? 0;
  const waiting = [
    ...(requests > 0 ? [`${counted(requests, 'request')} in the buffer of the stream`] : []),
    ...(objects > 0 ? [`${counted(objects, 'object')} in landing/`] : []),
  ];
  if (waiting.length === 0) return;
  writeNote(
    `Not delivered yet: ${waiting.join(', ')}. Rows can be queried when the buffering interval is over, or after \`curl -X POST ${new URL('/_sluice/flush', localControl).href}\`.\n`,
  );
}
