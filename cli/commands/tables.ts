import { visibleLine } from '../../lib/base/text.ts';
import type { DayState, TableDays } from '../../observe/facts/tables/tableDays.ts';
import type { TableList, TableSummary } from '../../observe/facts/tables/tables.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import { athenaRead, moreNote } from '../observe/words.ts';
import {
  type Command,
  type CommandLine,
  countOption,
  targetOptions,
  UsageError,
} from '../terminal/commandLine.ts';
import { textTable, writeNote, writeResult } from '../terminal/output.ts';

/** `sluice tables`: the tables and views, and the days of one. */
export const tables: Command = {
  name: 'tables',
  summary: 'Show the tables and views, or the columns and days of one.',
  takes: '[TABLE]',
  options: {
    limit: { type: 'string', help: 'days (default 60)' },
    'no-rows': { type: 'boolean', help: 'count no rows, which is a query' },
    ...targetOptions,
  },
  examples: ['sluice tables statsig_forwarded_events --stage prod'],
  async run(line) {
    const [table, ...more] = line.positionals;
    if (more.length > 0)
      throw new UsageError('SLUICE_USAGE_ARGUMENTS', 'Expected the name of one table or view.');
    if (table !== undefined) return showTable(line, table);
    const stray = ['limit', 'no-rows'].find((name) => line.values[name] !== undefined);
    if (stray !== undefined)
      throw new UsageError('SLUICE_USAGE_OPTIONS', `--${stray}: expected the name of a table with it.`);
    return showList(line);
  },
};

/** One table. */
export interface ShownTable {
  /** The table, without its days. */
  readonly table: TableSummary;
  /** Its calendar; null of a table without days. */
  readonly days: TableDays | null;
}

/** Prints all tables and views. @returns The exit code 0. */
async function showList(line: CommandLine): Promise<number> {
  const { listTables } = await import('../../observe/facts/tables/tables.ts');
  const list = await withDeployment(line, (deployment) => listTables(deployment));
  writeResult<TableList>(line, list, () => listText(list));
  return 0;
}

/** One table: its columns and its days. */
async function showTable(line: CommandLine, name: string): Promise<number> {
  const [{ findTable }, { listTableDays, MOST_DAYS }] = await Promise.all([
    import('../../observe/facts/tables/tables.ts'),
    import('../../observe/facts/tables/tableDays.ts'),
  ]);
  const limit = countOption(line, 'limit', { usual: undefined, most: MOST_DAYS });
  const answer = await withDeployment(line, async (deployment) => {
    const table = await findTable(deployment, name);
    const countRows = line.values['no-rows'] !== true;
    return {
      table,
      days: table.hasDays ? await listTableDays(deployment, table, { countRows, limit }) : null,
    };
  });
  writeResult<ShownTable>(line, answer, () => tableText(answer));
  if (answer.days?.hasMore === true && line.values['json'] !== true)
    writeNote(`${moreNote('--limit', answer.days.days.length, MOST_DAYS)}\n`);
  return 0;
}

/** The list of tables for people. */
export function listText({ tables }: TableList): string {
  return textTable(
    tables.map(({ name, kind, days, columns, description }) => ({
      table: name,
      kind,
      days: days === null ? null : days.count,
      from: days?.first ?? '',
      to: days?.last ?? '',
      columns: columns.length,
      description,
    })),
  );
}

/** One table for people. */
export function tableText({
  table,
  days,
}: {
  /** The table, without its days. */
  readonly table: TableSummary;
  /** Its calendar; null of a table without days. */
  readonly days: TableDays | null;
}): string {
  const { name, kind, description, dataset, location } = table;
  const ofDataset = dataset === null ? '' : ` of the dataset ${dataset.name} of ${dataset.source}`;
  const described = description === '' ? '' : `: ${visibleLine(description)}`;
  const files = location === null ? '' : `Its files are below ${visibleLine(location)}.\n`;
  const about = `${visibleLine(name)} (${kind}${ofDataset})${described}\n${files}`;
  const parts = [
    about,
    columnTable(table),
    ...(days === null ? [] : [dayTable(days), `${athenaRead(days.scannedBytes)}\n`]),
  ];
  return parts.join('\n');
}

/** The columns of a table. */
function columnTable({ columns }: TableSummary): string {
  return textTable(
    columns.map(({ name, type, comment, isKey }) => ({
      column: name,
      type: isKey ? `${type} (key)` : type,
      comment,
    })),
  );
}

/** What a day is noted with, by its state. */
const STATES: Readonly<Record<DayState, string>> = {
  filled: '',
  ahead: 'registered ahead',
  empty: 'NO FILES at its partition',
  unregistered: 'NO PARTITION: readers do not see these files',
  gap: 'gap',
};

/** The days of a table. */
function dayTable({ days, first, last }: TableDays): string {
  if (first === null) return 'It has no days yet.\n';
  const rows = days.map(({ day, rows, files, bytes, lastModified, state }) => ({
    day,
    rows,
    files,
    bytes,
    'last file': lastModified ?? '',
    note: STATES[state],
  }));
  return `Days from ${first} to ${last}, the newest first:\n${textTable(rows)}`;
}
