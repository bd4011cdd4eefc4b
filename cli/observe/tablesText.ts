import { visibleLine } from '../../lib/base/text.ts';
import type { TableFiles } from '../../observe/facts/tables/dayFiles.ts';
import type { DayState, TableDays } from '../../observe/facts/tables/tableDays.ts';
import type { TableList, TableSummary } from '../../observe/facts/tables/tables.ts';
import { textTable } from '../terminal/output.ts';
import { athenaRead } from './words.ts';

/** The list of tables for people. */
export function listText({ database, tables, missing }: TableList): string {
  const rows = tables.map(({ name, kind, days, columns, description }) => ({
    table: name,
    kind,
    days: days === null ? null : days.count,
    from: days?.first ?? '',
    to: days?.last ?? '',
    columns: columns.length,
    description,
  }));
  const lacking =
    missing.length === 0
      ? ''
      : `\nIn the configuration and not in the database ${database}: ${missing.map(visibleLine).join(', ')}. Deploy it.\n`;
  return `${textTable(rows)}${lacking}`;
}

/** One table for people. */
export function tableText(shown: {
  readonly table: TableSummary;
  readonly days: TableDays | null;
  readonly files: TableFiles | null;
}): string {
  const { table, days, files } = shown;
  const { name, kind, description, dataset } = table;
  const of = dataset === null ? '' : ` of the dataset ${dataset.name} of ${dataset.source}`;
  const about = `${visibleLine(name)} (${kind}${of})${description === '' ? '' : `: ${visibleLine(description)}`}\n`;
  const parts = [
    about,
    ...(files === null ? [columnTable(table)] : [fileTable(files)]),
    ...(days === null ? [] : [dayTable(days), `${athenaRead(days.scannedBytes)}\n`]),
  ];
  return parts.join('\n');
}

function columnTable({ columns }: TableSummary): string {
  return textTable(
    columns.map(({ name, type, comment, isKey }) => ({
      column: name,
      type: isKey ? `${type} (key)` : type,
      comment,
    })),
  );
}

const STATES: Readonly<Record<DayState, string>> = {
  filled: '',
  ahead: 'registered ahead',
  empty: 'NO FILES at its partition',
  unregistered: 'NO PARTITION: readers do not see these files',
  gap: 'gap',
};

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

function fileTable({ files, day, location, isRegistered }: TableFiles): string {
  const prefix = location.replace(/^s3:\/\/[^/]+\//, '');
  const rows = files.map(({ key, bytes, lastModified }) => ({
    file: key.slice(prefix.length),
    bytes,
    'last modified': lastModified,
  }));
  const head = [
    `Files${day === null ? '' : ` of ${day}`} in ${visibleLine(location)}`,
    ...(isRegistered ? [] : ['The day has NO PARTITION: readers do not see these files.']),
  ];
  return `${head.join('\n')}\n${textTable(rows)}`;
}
