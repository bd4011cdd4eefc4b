import { type ForwardedKind, forwardedKinds } from '../../lib/schema/kinds.ts';
import type { OpenPlace } from '../../observe/place.ts';
import { placedCommand } from '../aws/placedCommand.ts';
import {
  type Action,
  type Command,
  type CommandLine,
  calendarDays,
  choiceOption,
  daysOption,
  placeOptions,
  runAction,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeNote, writeResult } from '../terminal/output.ts';

const ACTIONS: Readonly<Record<string, Action>> = {
  status: { summary: 'Show the calendar of curated days.', options: ['days'], run: status },
  run: { summary: 'Curate the days that are due now.', options: ['dry-run'], run: runNow },
  rebuild: {
    summary: 'Curate days again, changed or not.',
    options: ['from', 'to', 'dry-run'],
    run: rebuild,
  },
};

/** `sluice curate`: the calendar of curated days, and curating them on demand. */
export const curate: Command = {
  name: 'curate',
  summary: 'Show which days are curated and what views read of the others, and curate days now or again.',
  usage: 'sluice curate status | run | rebuild [options]',
  options: {
    table: {
      type: 'string',
      values: forwardedKinds,
      help: `one of ${forwardedKinds.join(', ')} (default: both)`,
    },
    days: { type: 'string', help: 'status: number of days up to today (default 14)' },
    from: { type: 'string', help: 'rebuild: first day, YYYY-MM-DD' },
    to: { type: 'string', help: 'rebuild: last day (default: the first)' },
    'dry-run': { type: 'boolean', help: 'run, rebuild: only print what would be requested' },
    ...placeOptions,
    json: { type: 'boolean', help: 'print one object' },
  },
  examples: [
    'sluice curate status --days 30 --stage prod',
    'sluice curate run --dry-run --stage prod',
    'sluice curate run --table events --stage prod',
    'sluice curate rebuild --from 2026-10-01 --to 2026-10-31 --dry-run --stage prod',
  ],
  actions: ACTIONS,
  run: (line) => runAction(line, ACTIONS),
};

async function status(line: CommandLine): Promise<number> {
  const days = calendarDays(line);
  const kinds = kindsOf(line);
  const [{ readCuratedCalendar }, { curatedText }] = await Promise.all([
    import('../../observe/curate/curatedDays.ts'),
    import('../observe/curatedText.ts'),
  ]);
  const calendar = await withCuration(line, (place) => readCuratedCalendar(place, { kinds, days }));
  writeResult(line, calendar, () => curatedText(calendar));
  const hasProblems = calendar.tables.some((table) =>
    table.days.some(({ state, isLate }) => state === 'failed' || isLate),
  );
  return hasProblems ? 3 : 0;
}

async function runNow(line: CommandLine): Promise<number> {
  const dryRun = line.values['dry-run'] === true;
  const kinds = kindsOf(line);
  const [{ requestCuration }, { askedText }, limits] = await Promise.all([
    import('../../observe/curate/requests.ts'),
    import('../observe/curatedText.ts'),
    import('../../lib/curate/limits.ts'),
  ]);
  const requested = await withCuration(line, (place) => requestCuration(place, { dryRun, kinds }));
  writeResult(line, requested, () => askedText(requested));
  const most = `${limits.MOST_DAYS_A_NIGHT} days or ${limits.MOST_BYTES_A_NIGHT / 10 ** 9} GB of raw files`;
  writeNote(
    dryRun
      ? `Nothing was requested: this is a dry run. A run queues at most ${most} of a table, the newest days first.\n`
      : `Requested a run, which queues at most ${most} of a table. \`${await placedCommand(line, ['curate', 'status'])}\` shows the result.\n`,
  );
  return 0;
}

async function rebuild(line: CommandLine): Promise<number> {
  const dryRun = line.values['dry-run'] === true;
  const kinds = kindsOf(line);
  if (textOption(line, 'from') === undefined)
    throw new UsageError('SLUICE_USAGE_OPTIONS', '--from: missing, expected YYYY-MM-DD.');
  const [{ requestRebuild, CurationsError }, { askedText }, { MAX_BACKFILL_DAYS }] = await Promise.all([
    import('../../observe/curate/requests.ts'),
    import('../observe/curatedText.ts'),
    import('../../observe/ingest/requests.ts'),
  ]);
  const wanted = daysOption(line, MAX_BACKFILL_DAYS) ?? [];
  const [from = '', to = from] = [wanted[0], wanted.at(-1)];
  const requested = await withCuration(line, async (place) => {
    try {
      return await requestRebuild(place, { dryRun, kinds, from, to });
    } catch (error) {
      if (!(error instanceof CurationsError && error.code === 'SLUICE_CURATE_DAYS_INVALID')) throw error;
      throw new UsageError('SLUICE_USAGE_OPTIONS', `--from, --to: ${error.detail}`);
    }
  });
  writeResult(line, requested, () => askedText(requested));
  writeNote(
    dryRun
      ? 'Nothing was requested: this is a dry run. These days would be curated again, changed or not.\n'
      : `Requested. Views read the version that exists until the new one is complete; \`${await placedCommand(line, ['curate', 'status'])}\` shows the result.\n`,
  );
  return 0;
}

function kindsOf(line: CommandLine): readonly ForwardedKind[] {
  const kind = choiceOption(line, 'table', forwardedKinds);
  return kind === undefined ? forwardedKinds : [kind];
}

/** Imported here so that other commands do not load AWS clients. */
async function withCuration<Result>(
  line: CommandLine,
  work: (place: OpenPlace) => Promise<Result>,
): Promise<Result> {
  const [{ withPlace }, { CurationsError }] = await Promise.all([
    import('../aws/withPlace.ts'),
    import('../../observe/curate/requests.ts'),
  ]);
  return withPlace(
    line,
    work,
    (detail, error) => new CurationsError('SLUICE_CURATE_REFUSED', detail, { cause: error }),
  );
}
