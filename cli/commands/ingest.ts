import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { S3 } from '@aws-sdk/client-s3';
import { counted, listed, visibleLine } from '../../lib/base/text.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import type { DropsCalendar } from '../../observe/facts/days/dropsPage.ts';
import type { QuarantinedPage } from '../../observe/facts/tables/listQuarantined.ts';
import type { DatasetNames } from '../../observe/ingest/datasets.ts';
import type { ExplainedDay } from '../../observe/ingest/explainDay.ts';
import type { BackfillRequest, IngestRequest } from '../../operate/ingest/requests.ts';
import { configuredTarget } from '../aws/target.ts';
import { explainingAws, withDeployment } from '../aws/withDeployment.ts';
import {
  type Action,
  always,
  assertNoArguments,
  type CommandLine,
  calendarDays,
  calendarOption,
  commandWithActions,
  countOption,
  dayOption,
  daysOption,
  dryRunOption,
  filledOption,
  PROBLEMS_FOUND,
  pageOption,
  rangeOptions,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeNote, writeResult } from '../terminal/output.ts';
import { requestedText, requestWork } from './requestWork.ts';

/** The most rows that `--rows` takes. */
const MOST_ROWS = 1_000;
/** Rows of a list without `--rows`. */
const USUAL_ROWS = 20;

/** Days of one drop. */
const MOST_DROPPED_DAYS = 400;
/** The name of a dropped file without `--name`. */
const USUAL_NAME = 'part-0.parquet';

/** The actions, by their names. */
const ACTIONS: Readonly<Record<string, Action>> = {
  status: {
    summary:
      'Show the calendar of days: loaded, failed, late, waiting; first the datasets that need somebody.',
    options: ['days', 'after'],
    run: status,
  },
  explain: {
    summary: 'Show what the ledger says of one day and each of its files.',
    options: ['day'],
    run: explain,
  },
  refused: {
    summary: 'List the rows of one day that were refused, with the reason.',
    options: ['day', 'rows'],
    run: refused,
  },
  run: {
    summary: 'Look for new and changed days now, and load them.',
    options: ['dry-run'],
    run: runNow,
  },
  backfill: {
    summary: 'Load days again, even if they have not changed.',
    options: ['from', 'to', 'dry-run'],
    run: backfill,
  },
  accept: {
    summary: 'Accept days as they are: rows whose files are gone stay (keep), or go (empty).',
    options: ['from', 'to', 'dry-run'],
    takes: 'keep|empty',
    run: accept,
  },
  drop: {
    summary:
      'Play the customer in the local cloud: put a file, or the rows of a query with {day}, where they would.',
    options: ['day', 'from', 'to', 'name', 'remove'],
    takes: 'FILE|"<sql>"',
    changes: always,
    run: drop,
  },
};

/** `sluice ingest`: the status of customers' drops, and loads on demand. */
export const ingest = commandWithActions({
  name: 'ingest',
  summary: "Show the status of customers' drops, and load days now or again.",
  options: {
    source: {
      type: 'string',
      help: 'one source (default: all; required by all actions except status and run)',
    },
    dataset: {
      type: 'string',
      help: 'one dataset (default: all; required as --source is, except by accept, which then takes days that already need somebody)',
    },
    ...calendarOption,
    ...pageOption,
    day: { type: 'string', help: 'the day, YYYY-MM-DD' },
    rows: { type: 'string', help: `rows to show (default ${USUAL_ROWS})` },
    ...rangeOptions,
    name: { type: 'string', help: `name of the file (default ${USUAL_NAME})` },
    remove: { type: 'boolean', help: 'delete the file instead' },
    ...dryRunOption,
    ...targetOptions,
  },
  examples: [
    'sluice ingest explain --source acme --dataset events --day 2026-11-19',
    'sluice ingest backfill --source acme --dataset events --from 2026-10-01 --to 2026-10-31',
    'sluice ingest accept keep --source acme --dataset events --from 2026-11-19',
  ],
  actions: ACTIONS,
});

/** Days of a dataset that were requested, and those among them that are loaded later or not at all. */
interface LaterBackfill extends BackfillRequest {
  /** Days that are being loaded: they are loaded again afterwards if they still differ. */
  readonly loading: readonly UtcDay[];
  /** Days that were loaded from another place, and stay while this one has no files. */
  readonly moved: readonly UtcDay[];
}

/** Files that were put into a customer's bucket of the local cloud, or deleted there. */
interface DroppedFiles {
  /** Name of the bucket. */
  readonly bucket: string;
  /** Keys of the files. */
  readonly keys: readonly string[];
}

/** The expected values of missing options. */
const EXPECTED = {
  source: 'the name of a source',
  dataset: 'the name of a dataset',
  day: 'YYYY-MM-DD',
  from: 'YYYY-MM-DD',
};

/** Prints the calendar of datasets. @returns The exit code: {@link PROBLEMS_FOUND} if one needs somebody. */
async function status(line: CommandLine): Promise<number> {
  const days = calendarDays(line);
  const after = textOption(line, 'after');
  const [{ calendarText, pageText }, { targetedCommand }, { readDropsPage }, { namedDatasets }] =
    await Promise.all([
      import('../ingest/calendarText.ts'),
      import('../aws/target.ts'),
      import('../../observe/facts/days/dropsPage.ts'),
      import('../../observe/ingest/datasets.ts'),
    ]);
  const { calendar, datasets, hasProblem } = await withDeployment(line, (deployment) => {
    const named = namedDatasets(deployment.config, datasetNames(line));
    return readDropsPage(deployment, { datasets: named, exports: [] }, { days, after });
  });
  const command = (words: readonly string[]) => targetedCommand(line, words);
  writeResult<DropsCalendar>(
    line,
    calendar,
    () => `${calendarText(datasets, command)}${pageText(line, 'ingest', calendar)}`,
    'calendar',
  );
  return hasProblem ? PROBLEMS_FOUND : 0;
}

/** Prints what the ledger says of a day. @returns The exit code: {@link PROBLEMS_FOUND} if somebody has to do something about it. */
async function explain(line: CommandLine): Promise<number> {
  const wanted = oneDay(line);
  const [{ explainDay }, { dayText }] = await Promise.all([
    import('../../observe/ingest/explainDay.ts'),
    import('../ingest/dayText.ts'),
  ]);
  const explained = await withDeployment(line, (deployment) => explainDay(deployment, wanted));
  writeResult<ExplainedDay>(line, explained, () => dayText(explained));
  const { state, explanation } = explained;
  const { isLacking, hasNewer } = explanation;
  return state === 'failed' || state === 'inputs_missing' || isLacking || hasNewer ? PROBLEMS_FOUND : 0;
}

/** Prints the refused rows of a day. @returns The exit code: {@link PROBLEMS_FOUND} if there are some. */
async function refused(line: CommandLine): Promise<number> {
  const wanted = oneDay(line);
  const limit = countOption(line, 'rows', { usual: USUAL_ROWS, most: MOST_ROWS });
  const [{ listRefusedRows }, { refusedText }] = await Promise.all([
    import('../../observe/ingest/explainDay.ts'),
    import('../ingest/dayText.ts'),
  ]);
  const page = await withDeployment(line, (deployment) => listRefusedRows(deployment, wanted, limit));
  writeResult<QuarantinedPage>(line, page, () => refusedText(page, { listed: limit, most: MOST_ROWS }));
  return page.rows.length > 0 ? PROBLEMS_FOUND : 0;
}

/** Requests a run of datasets. @returns The exit code 0. */
async function runNow(line: CommandLine): Promise<number> {
  const { requestIngest } = await import('../../operate/ingest/requests.ts');
  return requestWork<IngestRequest>(line, {
    ask: (deployment, dryRun) => requestIngest(deployment, { ...datasetNames(line), dryRun }),
    text: ({ asked }) =>
      requestedText(asked.map((request) => ({ name: `${request.source}/${request.dataset}`, ...request }))),
    dry: 'A run lists these days and loads those whose files have changed.',
    done: ({ asked }) => `Requested a run for ${counted(asked.length, 'dataset')}.`,
    follow: ['ingest', 'status'],
  });
}

/** Requests that days are loaded again. @returns The exit code 0. */
async function backfill(line: CommandLine): Promise<number> {
  const again = 'loaded again even if they have not changed';
  return requestDays(line, 'backfill', {
    dry: `These days would be ${again}.`,
    done: (days) => `Requested ${days}, which are ${again}.`,
  });
}

/** Accepts days as they are. @returns The exit code 0. @throws UsageError for another word than keep or empty. */
async function accept(line: CommandLine, [what, ...more]: readonly string[]): Promise<number> {
  assertNoArguments(more);
  if (what !== 'keep' && what !== 'empty')
    throw new UsageError('SLUICE_USAGE_ARGUMENTS', 'Expected keep or empty.');
  const fate = `Rows whose files are gone ${what === 'keep' ? 'stay' : 'go'}.`;
  if (textOption(line, 'dataset') === undefined) return acceptAll(line, what, fate);
  return requestDays(line, what, {
    dry: `These days would be accepted as they are. ${fate}`,
    done: (days) => `Requested that ${days} be accepted as they are. ${fate}`,
  });
}

/** Accepts days of all datasets of a source that have something to accept. */
async function acceptAll(line: CommandLine, asked: 'keep' | 'empty', fate: string): Promise<number> {
  requireOptions(line, ['source', 'from']);
  const { requestAcceptance } = await import('../../operate/ingest/requests.ts');
  const { MAX_BACKFILL_DAYS } = await import('../../operate/requestedDays.ts');
  const range = daysOption(line, MAX_BACKFILL_DAYS) ?? [];
  const [from = ''] = range;
  const to = range.at(-1);
  const { source = '' } = datasetNames(line);
  return requestWork<IngestRequest>(line, {
    ask: (deployment, dryRun) => requestAcceptance(deployment, { dryRun, asked, source, from, to }),
    text: (requested) =>
      requestedText(requested.asked.map((request) => ({ name: `${source}/${request.dataset}`, ...request }))),
    dry: `These days would be accepted as they are. ${fate}`,
    done: (requested) => {
      const each = requested.asked.map(
        ({ dataset, days }) => `${days === 0 ? 'nothing' : counted(days, 'day')} of ${source}/${dataset}`,
      );
      return `Requested that ${each.join(', ')} be accepted as it is. ${fate}`;
    },
    follow: ['ingest', 'status'],
    first: from,
  });
}

/** Requests days of a dataset, and says what becomes of them. */
async function requestDays(
  line: CommandLine,
  wanted: 'backfill' | 'keep' | 'empty',
  words: { readonly dry: string; readonly done: (days: string) => string },
): Promise<number> {
  requireOptions(line, ['source', 'dataset', 'from']);
  const { laterDays, requestBackfill } = await import('../../operate/ingest/requests.ts');
  const { MAX_BACKFILL_DAYS } = await import('../../operate/requestedDays.ts');
  const range = daysOption(line, MAX_BACKFILL_DAYS) ?? [];
  const from = range[0] ?? '';
  const to = range.at(-1) ?? from;
  return requestWork<LaterBackfill>(line, {
    ask: async (deployment, dryRun) => {
      const later = await laterDays(deployment, oneDataset(line), range);
      const asked = await requestBackfill(deployment, {
        ...oneDataset(line),
        dryRun,
        asked: wanted,
        from,
        to,
      });
      return { ...asked, ...later };
    },
    text: (asked) => requestedText([{ name: `${asked.source}/${asked.dataset}`, ...asked }]),
    dry: words.dry,
    done: ({ source, dataset, days, loading, moved }) => {
      const first =
        loading.length === 0
          ? ''
          : ` ${listed(loading)}: being loaded, which ends first; then again if it still differs.`;
      const stay =
        moved.length === 0 || wanted !== 'backfill'
          ? ''
          : ` ${listed(moved)}: loaded from another place, and stays while this one has no files.`;
      const asked = words.done(`${counted(days, 'day')} of ${source}/${dataset}`);
      return `${asked}${first}${stay}`;
    },
    follow: ['ingest', 'status'],
    first: from,
  });
}

/**
 * Puts a file for each day into the bucket of a source in the local cloud, or deletes it there.
 *
 * @returns The exit code 0.
 * @throws UsageError for a deployment of AWS; DropFileError.
 */
async function drop(line: CommandLine, [what, ...more]: readonly string[]): Promise<number> {
  assertNoArguments(more);
  requireOptions(line, ['source', 'dataset']);
  const removes = line.values['remove'] === true;
  if (removes === (what !== undefined))
    throw new UsageError('SLUICE_USAGE_ARGUMENTS', 'Expected a file, a query in quotes, or --remove.');
  const days = droppedDays(line);
  const [files, { namedDatasets }] = await Promise.all([
    import('../ingest/dropFiles.ts'),
    import('../../observe/ingest/datasets.ts'),
  ]);
  const target = await configuredTarget(line);
  if (!target.isLocal)
    throw new UsageError('SLUICE_USAGE_OPTIONS', '--stage: files are dropped in the local cloud only.');
  const [{ source, dataset }] = namedDatasets(target.config, datasetNames(line));
  // A query has spaces. The path of a file may, too, but the file exists.
  const isFile = what !== undefined && (existsSync(what) || !/\s/.test(what));
  if (dataset.layout !== undefined && textOption(line, 'name') !== undefined)
    throw new UsageError('SLUICE_USAGE_OPTIONS', '--name: the layout of the dataset names its files.');
  const name = filledOption(line, 'name') ?? USUAL_NAME;
  const dropped = days.map((day) => ({ day, key: files.dropKey(dataset, day, name) }));
  const put = async (s3: S3) => {
    for (const { day, key } of dropped) {
      const place = { Bucket: source.bucket, Key: key };
      if (what === undefined) await s3.deleteObject(place);
      else {
        const sql = what.replaceAll('{day}', day);
        const Body = isFile ? await readFile(what) : await files.parquetFromQuery(sql);
        await s3.putObject({ ...place, Body });
      }
      writeNote(`${removes ? 'Deleted' : 'Dropped'} s3://${source.bucket}/${visibleLine(key)}.\n`);
    }
  };
  await explainingAws(() => files.asCustomer(target, source, put));
  const keys = dropped.map(({ key }) => key);
  writeResult<DroppedFiles>(line, { bucket: source.bucket, keys }, () => '');
  return 0;
}

/** The days of a drop: that of `--day`, or those of `--from` and `--to`. @throws UsageError without either, or with both. */
function droppedDays(line: CommandLine): readonly UtcDay[] {
  const day = dayOption(line, 'day');
  const range = daysOption(line, MOST_DROPPED_DAYS);
  const days = day === undefined ? range : [day];
  if (days === undefined || (day !== undefined && range !== undefined))
    throw new UsageError('SLUICE_USAGE_OPTIONS', '--day, --from: expected one of them.');
  return days;
}

/** The source and the dataset of the options; undefined where an option is not given. */
function datasetNames(line: CommandLine): DatasetNames {
  return { source: textOption(line, 'source'), dataset: textOption(line, 'dataset') };
}

/** The dataset of the options, which requireOptions has checked. */
function oneDataset(line: CommandLine): { readonly source: string; readonly dataset: string } {
  return { source: textOption(line, 'source') ?? '', dataset: textOption(line, 'dataset') ?? '' };
}

/** The day of a dataset that the options name. @throws UsageError if one of the three is missing. */
function oneDay(line: CommandLine): {
  readonly source: string;
  readonly dataset: string;
  readonly day: UtcDay;
} {
  requireOptions(line, ['source', 'dataset', 'day']);
  return { ...oneDataset(line), day: dayOption(line, 'day') ?? '' };
}

/** Requires options that an action cannot do without. @throws UsageError with every option that is missing. */
function requireOptions(line: CommandLine, names: readonly (keyof typeof EXPECTED)[]): void {
  const missing = names.filter((name) => textOption(line, name) === undefined);
  if (missing.length > 0)
    throw new UsageError(
      'SLUICE_USAGE_OPTIONS',
      missing.map((name) => `--${name}: missing, expected ${EXPECTED[name]}.`).join(' '),
    );
}
