import type { OpenIngest } from '../ingest/openIngest.ts';
import {
  type Action,
  type Command,
  type CommandLine,
  countOption,
  dayOption,
  daysOption,
  placeOptions,
  runAction,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeNote, writeResult } from '../terminal/output.ts';

/** Maximum days of a calendar and of a backfill: a year and a day, and ten years. */
const MAX_STATUS_DAYS = 366;
const MAX_BACKFILL_DAYS = 3_660;
/** Maximum rows of each kind in a preview. */
const MAX_PREVIEW_ROWS = 1_000;

/** `sluice ingest`: the status of customers' drops, and loads on demand. */
export const ingest: Command = {
  name: 'ingest',
  summary: "Show the status of customers' drops, and load days now or again.",
  usage: 'sluice ingest status | explain | preview | run | backfill [options]',
  options: {
    source: { type: 'string', help: 'one source (default: all; required by explain, preview and backfill)' },
    dataset: {
      type: 'string',
      help: 'one dataset (default: all; required by explain, preview and backfill)',
    },
    days: { type: 'string', help: 'status: number of days up to today (default 14)' },
    day: { type: 'string', help: 'explain, preview: the day, YYYY-MM-DD' },
    file: { type: 'string', help: 'preview: key of a file (default: the first of the latest day)' },
    rows: { type: 'string', help: 'preview: rows to show, mapped and refused (default 5)' },
    from: { type: 'string', help: 'backfill: first day, YYYY-MM-DD' },
    to: { type: 'string', help: 'backfill: last day (default: the first)' },
    ...placeOptions,
    json: { type: 'boolean', help: 'print one object; status: an array' },
  },
  examples: [
    'sluice ingest status --days 30 --stage prod',
    'sluice ingest explain --source acme --dataset events --day 2026-11-19',
    'sluice ingest preview --source acme --dataset events --day 2026-11-19 --rows 10',
    'sluice ingest run --source acme',
    'sluice ingest backfill --source acme --dataset events --from 2026-10-01 --to 2026-10-31',
  ],
  run: (line) => runAction(line, ACTIONS),
};

const ACTIONS: Readonly<Record<string, Action>> = {
  status: { options: ['days'], run: status },
  explain: { options: ['day'], run: explain },
  preview: { options: ['day', 'file', 'rows'], run: preview },
  run: { options: [], run: runNow },
  backfill: { options: ['from', 'to'], run: backfill },
};

/** What is expected for a missing option. */
const EXPECTED = {
  source: 'the name of a source',
  dataset: 'the name of a dataset',
  day: 'YYYY-MM-DD',
  from: 'YYYY-MM-DD',
};

async function status(line: CommandLine): Promise<number> {
  const days = countOption(line, 'days', { usual: 14, most: MAX_STATUS_DAYS });
  const { calendarText, readStatus } = await import('../ingest/datasetStatus.ts');
  const datasets = await withIngest(line, (open) => readStatus(open, days));
  writeResult(line, datasets, () => calendarText(datasets));
  const hasProblems = datasets.some(
    ({ lastLook, late, days: known }) =>
      late.length > 0 ||
      lastLook?.failure !== undefined ||
      known.some(({ entry }) => entry?.state === 'failed'),
  );
  return hasProblems ? 3 : 0;
}

async function explain(line: CommandLine): Promise<number> {
  requireOptions(line, ['source', 'dataset', 'day']);
  const day = dayOption(line, 'day') ?? '';
  const { readDay, dayText } = await import('../ingest/explainDay.ts');
  const entry = await withIngest(line, (open) => readDay(open, day));
  writeResult(line, entry, () => dayText(entry));
  return entry.state === 'failed' ? 3 : 0;
}

async function preview(line: CommandLine): Promise<number> {
  requireOptions(line, ['source', 'dataset']);
  const [key, day] = [textOption(line, 'file'), dayOption(line, 'day')];
  if (key !== undefined && day !== undefined)
    throw new UsageError('SLUICE_USAGE_OPTIONS', '--file and --day: expected only one of them.');
  const shown = countOption(line, 'rows', { usual: 5, most: MAX_PREVIEW_ROWS });
  const { previewDrop, previewText } = await import('../ingest/previewDrop.ts');
  const seen = await withIngest(line, (open) => previewDrop(open, { key, day, shown }));
  writeResult(line, seen, () => previewText(seen));
  return seen.refused.length > 0 ? 3 : 0;
}

async function runNow(line: CommandLine): Promise<number> {
  const { enqueueRequests } = await import('../aws/openDeployment.ts');
  const asked = await withIngest(line, async (open) => {
    const datasets = open.datasets.map(({ source, dataset }) => ({
      source: source.name,
      dataset: dataset.name,
    }));
    // One request per source: two sources can have datasets of the same name.
    const sources = [...new Set(datasets.map(({ source }) => source))];
    await enqueueRequests(
      open,
      'ingest-plan',
      sources.map((source) => ({
        sluice: 'plan',
        sources: [source],
        datasets: datasets.filter((one) => one.source === source).map(({ dataset }) => dataset),
      })),
    );
    return datasets;
  });
  writeResult(line, { asked }, () => '');
  writeNote(
    `Requested a run for ${asked.length} dataset${asked.length === 1 ? '' : 's'}. \`sluice ingest status\` shows the result.\n`,
  );
  return 0;
}

async function backfill(line: CommandLine): Promise<number> {
  requireOptions(line, ['source', 'dataset', 'from']);
  const days = daysOption(line, MAX_BACKFILL_DAYS) ?? [];
  const [from = '', to = from] = [days[0], days.at(-1)];
  const [{ lookbackDays }, { backfillRequests }, { enqueueRequests }] = await Promise.all([
    import('../../lib/drops/plan/decideDay.ts'),
    import('../ingest/openIngest.ts'),
    import('../aws/openDeployment.ts'),
  ]);
  const place = { source: textOption(line, 'source') ?? '', dataset: textOption(line, 'dataset') ?? '' };
  await withIngest(line, (open) => {
    const [timezone = 'UTC'] = open.datasets.map(({ dataset }) => dataset.timezone);
    const [today = to] = lookbackDays(open.now, timezone, 0);
    if (to > today)
      throw new UsageError(
        'SLUICE_USAGE_OPTIONS',
        `--from, --to: got ${to}, expected a day up to today, ${today} (${timezone}).`,
      );
    return enqueueRequests(open, 'ingest-plan', backfillRequests(place, days));
  });
  writeResult(line, { ...place, from, to, days: days.length }, () => '');
  writeNote(
    `Requested ${days.length} day${days.length === 1 ? '' : 's'} of ${place.source}/${place.dataset}, which are loaded again even if they have not changed.\n`,
  );
  return 0;
}

/** Imported here so that other commands do not load AWS clients. */
async function withIngest<Result>(
  line: CommandLine,
  work: (ingest: OpenIngest) => Promise<Result>,
): Promise<Result> {
  const { openIngest } = await import('../ingest/openIngest.ts');
  return openIngest(line, work);
}

function requireOptions(line: CommandLine, names: readonly (keyof typeof EXPECTED)[]): void {
  const missing = names.filter((name) => textOption(line, name) === undefined);
  if (missing.length > 0)
    throw new UsageError(
      'SLUICE_USAGE_OPTIONS',
      missing.map((name) => `--${name}: missing, expected ${EXPECTED[name]}.`).join(' '),
    );
}
