import { counted } from '../../lib/base/text.ts';
import { isoTimestamp, utcDay } from '../../lib/base/time.ts';
import type { ReconciledHour, Reconciliation, TableHour } from '../../observe/reconcile/reconcile.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import { athenaRead, lines } from '../observe/words.ts';
import { assertNoArguments, type Command, dayOption, targetOptions } from '../terminal/commandLine.ts';
import { textTable, writeResult } from '../terminal/output.ts';

/** `sluice reconcile`: whether everything that was accepted is in the tables. */
export const reconcile: Command = {
  name: 'reconcile',
  summary: 'Compare what the collector accepted with the rows that are queryable.',
  usage: 'sluice reconcile [--day DAY] [--local] [--stage NAME] [options]',
  options: {
    day: { type: 'string', help: 'UTC day of receipt, YYYY-MM-DD (default: today)' },
    ...targetOptions,
    json: { type: 'boolean', help: 'print one object' },
  },
  examples: [
    'sluice reconcile --stage prod',
    'sluice reconcile --stage prod --day 2026-11-20',
    'sluice reconcile --local --json',
  ],
  async run(line) {
    assertNoArguments(line.positionals);
    const day = dayOption(line, 'day');
    const observe = await import('../../observe/reconcile/reconcile.ts');
    return withDeployment(line, async (deployment) => {
      const result = await observe.reconcile(deployment, day ?? utcDay(deployment.now));
      writeResult(line, reconcileJson(result), () => reconcileText(result, deployment));
      return result.closes ? 0 : 3;
    });
  },
};

/** A reconciliation as `--json` prints it. */
function reconcileJson({ closes, day, hours, notes }: Reconciliation) {
  return {
    closes,
    day,
    hours: hours.map(({ hour, isClosed, received, ignored, notStored, tables, problems, notes }) => ({
      hour: isoTimestamp(hour),
      closed: isClosed,
      received,
      ignored,
      not_stored: notStored,
      tables: tables.map(({ givenUp, ...table }) => ({ ...table, given_up: givenUp })),
      problems,
      notes,
    })),
    notes,
  };
}

/** A reconciliation for people. */
function reconcileText(
  { closes, day, hours, notes, scannedBytes }: Reconciliation,
  { isLocal }: { readonly isLocal: boolean },
): string {
  const open = hours.filter(({ isClosed }) => !isClosed).length;
  return [
    hours.length === 0 ? '' : `${textTable(hours.flatMap(hourRows))}\n${DOUBLES}\n\n`,
    lines([
      ...hours.flatMap(({ problems }) => problems.map((problem) => `MISSING  ${problem}`)),
      ...[...hours.flatMap((hour) => hour.notes), ...notes].map((note) => `note     ${note}`),
      ...(open > 0
        ? [`${open} of ${hours.length} hours are not closed: buffers may still hold rows of them.`]
        : []),
      verdict(closes, day, hours.length - open),
      ...(isLocal ? [] : [athenaRead(scannedBytes)]),
    ]),
  ].join('');
}

const DOUBLES =
  'Doubles are rows that were written twice: same event_id and received_at. What a client sends again has another received_at and counts as received; `sluice status` has resends a day.';

function verdict(closes: boolean, day: string, closed: number): string {
  if (closed === 0)
    return `${day}: no closed hour has events. Hours close one and a half buffer intervals after their end.`;
  return `${day}: ${counted(closed, 'closed hour')}, and ${closes ? 'everything that was accepted is there' : 'rows are missing'}.`;
}

/** A line for each table with figures; the first has those of the hour's requests. */
function hourRows({ hour, isClosed, received, ignored, notStored, tables }: ReconciledHour) {
  const [first, ...others] = tables.filter(({ table, ...figures }) =>
    Object.values(figures).some((figure) => figure !== 0),
  );
  const name = `${isoTimestamp(hour).slice(11, 16)}${isClosed ? '' : ' (open)'}`;
  const figures = (table: TableHour | undefined) => ({
    table: table?.table ?? '',
    accepted: table?.landed ?? null,
    overflowed: table?.overflowed ?? null,
    'in table': table?.found ?? null,
    elsewhere: table === undefined ? null : elsewhere(table),
    doubles: table?.doubles ?? null,
    missing: isClosed ? (table?.missing ?? null) : null,
    surplus: isClosed ? (table?.surplus ?? null) : null,
  });
  return [
    { hour: name, received, ignored, 'not stored': notStored, ...figures(first) },
    ...others.map((table) => ({
      hour: '',
      received: null,
      ignored: null,
      'not stored': null,
      ...figures(table),
    })),
  ];
}

/** Where rows are that are not in the table, e.g. `3 buffered, 1 quarantine`. */
function elsewhere({ buffered, givenUp }: TableHour): string {
  return [
    ...(buffered > 0 ? [`${buffered} buffered`] : []),
    ...(givenUp > 0 ? [`${givenUp} quarantine`] : []),
  ].join(', ');
}
