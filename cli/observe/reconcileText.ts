import { isoTimestamp } from '../../lib/base/time.ts';
import type { ReconciledHour, Reconciliation, TableHour } from '../../observe/reconcile/reconcile.ts';
import { textTable } from '../terminal/output.ts';
import { athenaRead, counted, lines } from './words.ts';

/** A reconciliation as `--json` prints it. */
export function reconcileJson({ closes, day, hours, notes }: Reconciliation) {
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
export function reconcileText(
  { closes, day, hours, notes, scannedBytes }: Reconciliation,
  { isLocal }: { readonly isLocal: boolean },
): string {
  const closed = hours.filter(({ isClosed }) => isClosed);
  const findings = hours.flatMap(({ problems, notes: own }) => [
    ...problems.map((problem) => `MISSING  ${problem}`),
    ...own.map((note) => `note     ${note}`),
  ]);
  const told = [
    ...findings,
    ...notes.map((note) => `note     ${note}`),
    ...(hours.length > closed.length
      ? [
          `${hours.length - closed.length} of ${hours.length} hours are not closed: buffers may still hold rows of them.`,
        ]
      : []),
    verdict(closes, day, closed),
    ...(isLocal ? [] : [athenaRead(scannedBytes)]),
  ];
  return `${hours.length === 0 ? '' : `${textTable(hours.flatMap(hourRows))}\n`}${lines(told)}`;
}

function verdict(closes: boolean, day: string, closed: readonly ReconciledHour[]): string {
  if (closed.length === 0)
    return `${day}: no closed hour has events. Hours close one and a half buffer intervals after their end.`;
  const hours = counted(closed.length, 'closed hour');
  return closes
    ? `${day}: ${hours}, and everything that was accepted is there.`
    : `${day}: ${hours}, and rows are missing.`;
}

/** A line for the hour's requests, and one for each table with figures. */
function hourRows({ hour, isClosed, received, ignored, notStored, tables }: ReconciledHour) {
  const shown = tables.filter((table) =>
    Object.entries(table).some(([name, value]) => name !== 'table' && value !== 0),
  );
  const requests = { received, ignored, 'not stored': notStored };
  const rows: readonly (TableHour | undefined)[] = shown.length === 0 ? [undefined] : shown;
  return rows.map((table, i) => ({
    hour: i === 0 ? `${isoTimestamp(hour).slice(11, 16)}${isClosed ? '' : ' (open)'}` : '',
    received: i === 0 ? requests.received : null,
    ignored: i === 0 ? requests.ignored : null,
    'not stored': i === 0 ? requests['not stored'] : null,
    table: table?.table ?? '',
    accepted: table?.landed ?? null,
    overflowed: table?.overflowed ?? null,
    'in table': table?.found ?? null,
    elsewhere: table === undefined ? null : elsewhere(table),
    doubles: table?.doubles ?? null,
    missing: isClosed ? (table?.missing ?? null) : null,
    surplus: isClosed ? (table?.surplus ?? null) : null,
  }));
}

/** Where rows are that are not in the table, e.g. `3 buffered, 1 quarantine`. */
function elsewhere({ buffered, givenUp }: TableHour): string {
  const places = { buffered, quarantine: givenUp };
  return Object.entries(places)
    .filter(([, count]) => count > 0)
    .map(([where, count]) => `${count} ${where}`)
    .join(', ');
}
