import { visibleLine } from '../../lib/base/text.ts';
import type { Names } from '../../observe/names/names.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import { count, counted, listText } from '../observe/words.ts';
import {
  assertNoArguments,
  type Command,
  countOption,
  targetOptions,
  textOption,
} from '../terminal/commandLine.ts';
import { textTable, writeResult } from '../terminal/output.ts';

/** `sluice names`: event names and properties, their types, and what a tracking plan would warn of. */
export const names: Command = {
  name: 'names',
  summary:
    'List event names and properties with counts and types; warn of changed types, new events, and events that stopped.',
  usage: 'sluice names [--event NAME] [--days N] [--local] [--stage NAME] [options]',
  options: {
    event: { type: 'string', help: 'one event with all of its properties (default: all events)' },
    days: { type: 'string', help: 'days that are read, the last one today (default 7)' },
    search: { type: 'string', help: 'only names that contain this' },
    environment: { type: 'string', help: 'environment of the events (default production)' },
    check: { type: 'boolean', help: 'exit with 3 if there are warnings' },
    ...targetOptions,
    json: { type: 'boolean', help: 'print one object' },
  },
  examples: [
    'sluice names --stage prod',
    'sluice names --event add_to_cart --days 30 --stage prod',
    'sluice names --check --json --local',
  ],
  async run(line) {
    assertNoArguments(line.positionals);
    const options = {
      event: textOption(line, 'event') || undefined,
      days: countOption(line, 'days', { usual: undefined, most: 90 }),
      search: textOption(line, 'search'),
      environment: textOption(line, 'environment') || undefined,
    };
    const { listNames } = await import('../../observe/names/names.ts');
    const found = await withDeployment(line, (deployment) => listNames(deployment, options));
    writeResult(line, found, () => namesText(found, options.event));
    return line.values['check'] === true && found.warnings.length > 0 ? 3 : 0;
  },
};

type EventName = Names['events'][number];

/** Properties that the line of an event names. */
const PROPERTIES_SHOWN = 5;
/** Warnings that the text lists; `--json` has more. */
const WARNINGS_SHOWN = 30;

/** Names for people: all events, or one with its properties. */
function namesText(names: Names, event: string | undefined): string {
  const { total, environment, from, to, events, warnings } = names;
  const list = listText(names, {
    title: `${counted(total, 'event')} in ${visibleLine(environment)}, ${from} to ${to}`,
    rows: events.map(eventRow),
    notes: [
      ...warnings.slice(0, WARNINGS_SHOWN).map(({ kind, event: of, property, text }) => {
        const name = property === null ? visibleLine(of) : `${visibleLine(of)} . ${visibleLine(property)}`;
        return `${kindText(kind).toUpperCase()}  ${name}: ${visibleLine(text)}`;
      }),
      ...(warnings.length > WARNINGS_SHOWN ? ['There are more warnings: --json.'] : []),
      'Rows as they were delivered, resends included.',
    ],
  });
  const properties = event === undefined ? [] : (events[0]?.properties ?? []);
  return properties.length === 0 ? list : `${list}\n${textTable(properties.map(propertyRow))}`;
}

function eventRow(one: EventName) {
  const shown = one.properties.slice(0, PROPERTIES_SHOWN).map(({ property }) => property);
  const rest = one.property_count - shown.length;
  return {
    ...{ event: one.event, rows: one.rows, value: typesCell(one.value) },
    properties: [...shown, ...(rest > 0 ? [`${count(rest)} more`] : [])].join(', '),
    ...seenCells(one),
    warnings: one.warnings.map(kindText).join(', '),
  };
}

function propertyRow(one: EventName['properties'][number]) {
  return {
    ...{ property: one.property, rows: one.rows, 'in rows': percent(one.share), types: typesCell(one.types) },
    ...seenCells(one),
  };
}

function seenCells({ first_seen, last_seen }: Pick<EventName, 'first_seen' | 'last_seen'>) {
  return { first: first_seen.slice(0, 10), last: `${last_seen.slice(0, 16)}Z` };
}

/** `string`, or `number 89 %, string 11 %`. */
function typesCell(types: EventName['value']): string {
  const [only] = types;
  if (types.length === 1 && only !== undefined) return only.type;
  return types.map(({ type, share }) => `${type} ${percent(share)}`).join(', ');
}

function kindText(kind: Names['warnings'][number]['kind']): string {
  return kind.replaceAll('_', ' ');
}

function percent(part: number): string {
  return `${(part * 100).toLocaleString('en-US', { maximumFractionDigits: part < 0.01 ? 3 : 0 })} %`;
}
