import { visibleLine } from '../../lib/base/text.ts';
import type { DayState, TableDays } from '../../observe/facts/tables/tableDays.ts';
import type { TableList, TableSummary } from '../../observe/facts/tables/tables.ts';
import { athenaRead } from '../terminal/phrases.ts';
import { textTable } from '../terminal/tables.ts';

/** The list of tables for people. */
export function tableListText({ tables }: TableList): string {
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
  const lines = days.map(({ day, rows, files, bytes, lastModified, state }) => ({
    day,
    rows,
    files,
    bytes,
    'last file': lastModified ?? '',
    note: STATES[state],
  }));
  return `Days from ${first} to ${last}, the newest first:\n${textTable(lines)}`;
}
