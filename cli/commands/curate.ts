import { type ForwardedKind, forwardedKinds } from '../../lib/schema/kinds.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { targetedCommand } from '../aws/targetedCommand.ts';
import {
  type Action,
  type Command,
  type CommandLine,
  calendarDays,
  choiceOption,
  daysOption,
  runAction,
  targetOptions,
  textOption,
  UsageError,
  unlessDryRun,
} from '../terminal/commandLine.ts';
import { writeNote, writeResult } from '../terminal/output.ts';

const ACTIONS: Readonly<Record<string, Action>> = {
  status: { summary: 'Show the calendar of curated days.', options: ['days'], run: status },
  run: {
    summary: 'Curate the days that are due now.',
    options: ['dry-run'],
    changes: unlessDryRun,
    run: runNow,
  },
  rebuild: {
    summary: 'Curate days again, changed or not.',
    options: ['from', 'to', 'dry-run'],
    changes: unlessDryRun,
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
    ...targetOptions,
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
    import('../../observe/facts/days/curatedDays.ts'),
    import('../observe/curatedText.ts'),
  ]);
  const calendar = await withCuration(line, (deployment) => readCuratedCalendar(deployment, { kinds, days }));
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
    import('../../operate/curate/requests.ts'),
    import('../observe/curatedText.ts'),
    import('../../lib/curate/limits.ts'),
  ]);
  const requested = await withCuration(line, (deployment) => requestCuration(deployment, { dryRun, kinds }));
  writeResult(line, requested, () => askedText(requested));
  const most = `${limits.MOST_DAYS_A_NIGHT} days or ${limits.MOST_BYTES_A_NIGHT / 10 ** 9} GB of raw files`;
  writeNote(
    dryRun
      ? `Nothing was requested: this is a dry run. A run queues at most ${most} of a table, the newest days first.\n`
      : `Requested a run, which queues at most ${most} of a table. \`${await targetedCommand(line, ['curate', 'status'])}\` shows the result.\n`,
  );
  return 0;
}

async function rebuild(line: CommandLine): Promise<number> {
  const dryRun = line.values['dry-run'] === true;
  const kinds = kindsOf(line);
  if (textOption(line, 'from') === undefined)
    throw new UsageError('SLUICE_USAGE_OPTIONS', '--from: missing, expected YYYY-MM-DD.');
  const [{ requestRebuild, CurationsError }, { askedText }, { MAX_BACKFILL_DAYS }] = await Promise.all([
    import('../../operate/curate/requests.ts'),
    import('../observe/curatedText.ts'),
    import('../../operate/ingest/requests.ts'),
  ]);
  const wanted = daysOption(line, MAX_BACKFILL_DAYS) ?? [];
  const [from = '', to = from] = [wanted[0], wanted.at(-1)];
  const requested = await withCuration(line, async (deployment) => {
    try {
      return await requestRebuild(deployment, { dryRun, kinds, from, to });
    } catch (error) {
      if (!(error instanceof CurationsError && error.code === 'SLUICE_CURATE_DAYS_INVALID')) throw error;
      throw new UsageError('SLUICE_USAGE_OPTIONS', `--from, --to: ${error.detail}`);
    }
  });
  writeResult(line, requested, () => askedText(requested));
  writeNote(
    dryRun
      ? 'Nothing was requested: this is a dry run. These days would be curated again, changed or not.\n'
      : `Requested. Views read the version that exists until the new one is complete; \`${await targetedCommand(line, ['curate', 'status'])}\` shows the result.\n`,
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
  work: (deployment: Deployment) => Promise<Result>,
): Promise<Result> {
  const [{ withDeployment }, { CurationsError }] = await Promise.all([
    import('../aws/withDeployment.ts'),
    import('../../operate/curate/requests.ts'),
  ]);
  return withDeployment(
    line,
    work,
    (detail, error) => new CurationsError('SLUICE_CURATE_REFUSED', detail, { cause: error }),
  );
}
