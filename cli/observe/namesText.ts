import { visibleLine } from '../../lib/base/text.ts';
import { isoTimestamp } from '../../lib/base/time.ts';
import type { EventName, Names, TypeShare } from '../../observe/names/names.ts';
import type { NameWarning } from '../../observe/names/nameWarnings.ts';
import { textTable } from '../terminal/output.ts';
import { athenaRead, count, counted, lines } from './words.ts';

/** Properties that the line of an event names. */
const PROPERTIES_SHOWN = 5;
/** Warnings that the text lists; `--json` has more. */
const WARNINGS_SHOWN = 30;

/** Names for people: all events, or one. */
export function namesText(names: Names, event: string | undefined): string {
  const { total, environment, from, to, warnings } = names;
  const parts =
    event === undefined
      ? [
          `${counted(total, 'event')} in ${visibleLine(environment)}, ${from} to ${to}\n`,
          ...(names.events.length > 0 ? [textTable(names.events.map(eventRow))] : []),
        ]
      : names.events.flatMap(oneEvent);
  if (warnings.length > 0) parts.push(warningLines(names, warnings));
  parts.push(
    lines([
      ...(names.isCut ? ['There are more events: those with the fewest rows are left out.'] : []),
      ...(names.events.length < total
        ? ['There are more: --limit, or --search with a part of the name.']
        : []),
      `Rows as they were delivered, resends included. ${athenaRead(names.scannedBytes)}`,
    ]),
  );
  return parts.join('\n');
}

function eventRow(event: EventName) {
  const shown = event.properties.slice(0, PROPERTIES_SHOWN).map(({ name }) => name);
  const rest = event.propertyCount - shown.length;
  return {
    event: event.name,
    rows: event.rows,
    value: typesCell(event.value),
    properties: [...shown, ...(rest > 0 ? [`${rest} more`] : [])].join(', '),
    first: isoTimestamp(event.firstSeen).slice(0, 10),
    last: `${isoTimestamp(event.lastSeen).slice(0, 16)}Z`,
    warnings: event.warnings.map(kindText).join(', '),
  };
}

function oneEvent(event: EventName): string[] {
  const rest = event.propertyCount - event.properties.length;
  return [
    `${visibleLine(event.name)}: ${count(event.rows)} rows, from ${isoTimestamp(event.firstSeen)} to ${isoTimestamp(event.lastSeen)}; value: ${typesCell(event.value)}\n`,
    event.properties.length === 0
      ? 'It has no properties.\n'
      : textTable(
          event.properties.map(({ name, rows, share, types, firstSeen, lastSeen }) => ({
            property: name,
            rows,
            'in rows': percent(share),
            types: typesCell(types),
            first: isoTimestamp(firstSeen).slice(0, 10),
            last: `${isoTimestamp(lastSeen).slice(0, 16)}Z`,
          })),
        ),
    ...(rest > 0 ? [`${count(rest)} more properties.\n`] : []),
  ];
}

/** `string`, or `number 89 %, string 11 %`. */
function typesCell(types: readonly TypeShare[]): string {
  const [only] = types;
  if (types.length === 1 && only !== undefined) return only.type;
  return types.map(({ type, share }) => `${type} ${percent(share)}`).join(', ');
}

function warningLines({ warningsLeftOut }: Names, warnings: readonly NameWarning[]): string {
  const lines = warnings.slice(0, WARNINGS_SHOWN).map(({ kind, event, property, text }) => {
    const name = [event, property]
      .filter((one) => one !== null)
      .map(visibleLine)
      .join(' . ');
    return `${kindText(kind).toUpperCase()}  ${name === '' ? '' : `${name}: `}${visibleLine(text)}\n`;
  });
  const rest = warnings.length - lines.length + warningsLeftOut;
  return [...lines, ...(rest > 0 ? [`${rest} more warnings: --json has the first 200.\n`] : [])].join('');
}

function kindText(kind: NameWarning['kind']): string {
  return kind.replaceAll('_', ' ');
}

function percent(part: number): string {
  return `${(part * 100).toLocaleString('en-US', { maximumFractionDigits: part < 0.01 ? 3 : 0 })} %`;
}
