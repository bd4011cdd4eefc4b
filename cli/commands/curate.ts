import { counted } from '../../lib/base/text.ts';
import { isUtcDay } from '../../lib/base/time.ts';
import { type ForwardedKind, forwardedKinds } from '../../lib/schema/kinds.ts';
import type { CuratedCalendar } from '../../observe/facts/days/curatedCalendar.ts';
import type { AcceptedDay } from '../../operate/curate/acceptLost.ts';
import type { CurateRequested } from '../../operate/curate/requests.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import { curatedText } from '../observe/curatedText.ts';
import {
  type Action,
  assertNoArguments,
  type CommandLine,
  calendarDays,
  calendarOption,
  choiceOption,
  commandWithActions,
  daysOption,
  dryRunOption,
  isDryRun,
  PROBLEMS_FOUND,
  rangeOptions,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeNote, writeResult } from '../terminal/output.ts';
import { textTable } from '../terminal/tables.ts';
import { requestWork } from './requestWork.ts';

/** The actions, by their names. */
const ACTIONS: Readonly<Record<string, Action>> = {
  status: { summary: 'Show the calendar of curated days.', options: ['days'], run: status },
  run: {
    summary: 'Curate the days that are due now.',
    options: ['dry-run'],
    run: runNow,
  },
  rebuild: {
    summary: 'Curate days again, changed or not.',
    options: ['from', 'to', 'dry-run'],
    run: rebuild,
  },
  accept: {
    summary: 'Accept that raw files of a day are gone: their rows stay, or go.',
    options: ['drop', 'dry-run'],
    takes: 'DAY',
    run: accept,
  },
};

/** Bytes of a GB. */
const GIGABYTE = 10 ** 9;

/** `sluice curate`: the calendar of curated days, and curating them on demand. */
export const curate = commandWithActions({
  name: 'curate',
  summary: 'Show which days are curated and what views read of the others, and curate days now or again.',
  options: {
    table: {
      type: 'string',
      values: forwardedKinds,
      help: 'kind of the curated table (default: both)',
    },
    ...calendarOption,
    ...rangeOptions,
    drop: { type: 'boolean', help: 'the rows go; without it they stay in the curated table' },
    ...dryRunOption,
    ...targetOptions,
  },
  examples: [
    'sluice curate run --table events --stage prod',
    'sluice curate rebuild --from 2026-10-01 --to 2026-10-31 --dry-run --stage prod',
    'sluice curate accept 2026-10-04 --stage prod',
  ],
  actions: ACTIONS,
});

/** Prints the calendar of curated days. @returns The exit code: {@link PROBLEMS_FOUND} if a day failed, lacks files or is late. */
async function status(line: CommandLine): Promise<number> {
  const days = calendarDays(line);
  const kinds = kindsOf(line);
  const { hasCurationProblems, readCuratedCalendar } = await import(
    '../../observe/facts/days/curatedCalendar.ts'
  );
  const calendar = await withDeployment(line, (deployment) =>
    readCuratedCalendar(deployment, { kinds, days }),
  );
  writeResult<CuratedCalendar>(line, calendar, () => curatedText(calendar));
  return hasCurationProblems(calendar) ? PROBLEMS_FOUND : 0;
}

/** Requests a run of what is due. @returns The exit code 0. */
async function runNow(line: CommandLine): Promise<number> {
  const kinds = kindsOf(line);
  const [{ requestCuration }, limits] = await Promise.all([
    import('../../operate/curate/requests.ts'),
    import('../../lib/curate/limits.ts'),
  ]);
  const most = `${limits.MOST_DAYS_A_NIGHT} days or ${limits.MOST_BYTES_A_NIGHT / GIGABYTE} GB of raw files`;
  return requestWork<CurateRequested>(line, {
    ask: (deployment, dryRun) => requestCuration(deployment, { dryRun, kinds }),
    text: askedText,
    dry: `A run queues at most ${most} of a table, the newest days first.`,
    done: () => `Requested a run, which queues at most ${most} of a table.`,
    follow: ['curate', 'status'],
  });
}

/** Requests that days are curated again. @returns The exit code 0. @throws UsageError without `--from`. */
async function rebuild(line: CommandLine): Promise<number> {
  const kinds = kindsOf(line);
  if (textOption(line, 'from') === undefined)
    throw new UsageError('SLUICE_USAGE_OPTIONS', '--from: missing, expected YYYY-MM-DD.');
  const [{ requestRebuild }, { MAX_BACKFILL_DAYS }] = await Promise.all([
    import('../../operate/curate/requests.ts'),
    import('../../operate/requestedDays.ts'),
  ]);
  const wanted = daysOption(line, MAX_BACKFILL_DAYS) ?? [];
  const from = wanted[0] ?? '';
  const to = wanted.at(-1) ?? from;
  return requestWork<CurateRequested>(line, {
    ask: (deployment, dryRun) => requestRebuild(deployment, { dryRun, kinds, from, to }),
    text: askedText,
    dry: 'These days would be curated again, changed or not.',
    done: () => 'Requested. Views read the version that exists until the new one is complete.',
    follow: ['curate', 'status'],
    first: from,
  });
}

/** Accepts that raw files of a day are gone. @returns The exit code 0. @throws UsageError for an argument that is no day. */
async function accept(line: CommandLine): Promise<number> {
  const [, day = '', ...more] = line.positionals;
  assertNoArguments(more);
  if (!isUtcDay(day))
    throw new UsageError('SLUICE_USAGE_ARGUMENTS', `DAY: got ${JSON.stringify(day)}, expected YYYY-MM-DD.`);
  const asked = { kinds: kindsOf(line), day, drop: line.values['drop'] === true };
  const dryRun = isDryRun(line);
  const { acceptLost } = await import('../../operate/curate/acceptLost.ts');
  const accepted = await withDeployment(line, (deployment) => acceptLost(deployment, { ...asked, dryRun }));
  const { tables, rawTables } = accepted;
  writeResult<AcceptedDay>(line, accepted, () =>
    textTable([
      ...tables.map(({ table, rows }) => ({ table, accepted: counted(rows, 'row') })),
      ...rawTables.map((table) => ({ table, accepted: 'files that are gone' })),
    ]),
  );
  const fate = asked.drop
    ? 'these rows go with the next version of the day, which is requested'
    : 'these rows stay in the curated table, and views go on reading them';
  const parts = [
    ...(tables.length === 0 ? [] : [fate]),
    ...(rawTables.length === 0 ? [] : ['raw files that are gone are no problem any more']),
  ];
  writeNote(`${dryRun ? 'This would be accepted' : 'Accepted'}: ${parts.join('; ')}.\n`);
  return 0;
}

/** The tables that `--table` means; both without it. */
function kindsOf(line: CommandLine): readonly ForwardedKind[] {
  const kind = choiceOption(line, 'table', forwardedKinds);
  return kind === undefined ? forwardedKinds : [kind];
}

/** Formats the requested days, a line for each table. */
function askedText({ asked }: CurateRequested): string {
  return textTable(
    asked.map(({ table, from, to, days }) => ({ table, from: from ?? '', to: to ?? '', days })),
  );
}
