import { visibleLine } from '../../lib/base/text.ts';
import type { DayState, TableDays, TableFiles } from '../../observe/facts/tables/tableDays.ts';
import type { TableList, TableSummary } from '../../observe/facts/tables/tables.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import { athenaRead } from '../observe/words.ts';
import {
  type Command,
  type CommandLine,
  countOption,
  dayOption,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { textTable, writeNote, writeResult } from '../terminal/output.ts';

/** `sluice tables`: the tables and views, the days of one, and the files of a day. */
export const tables: Command = {
  name: 'tables',
  summary: 'Show the tables and views, the days of a table, or the files of a day.',
  takes: '[TABLE]',
  options: {
    day: { type: 'string', help: 'the files of this day, YYYY-MM-DD' },
    limit: { type: 'string', help: 'days (default 60) or files (default 50)' },
    'no-rows': { type: 'boolean', help: 'count no rows, which is a query' },
    ...targetOptions,
  },
  examples: [
    'sluice tables statsig_forwarded_events --stage prod',
    'sluice tables statsig_forwarded_events --day 2026-11-20 --stage prod',
  ],
  async run(line) {
    const [table, ...more] = line.positionals;
    if (more.length > 0)
      throw new UsageError('SLUICE_USAGE_ARGUMENTS', 'Expected the name of one table or view.');
    const day = dayOption(line, 'day');
    if (table === undefined) {
      const alone = ['day', 'limit'].filter((name) => textOption(line, name) !== undefined);
      if (alone.length > 0)
        throw new UsageError('SLUICE_USAGE_OPTIONS', `--${alone[0]}: expected the name of a table with it.`);
      return showList(line);
    }
    return showTable(line, table, day);
  },
};

async function showList(line: CommandLine): Promise<number> {
  const { listTables } = await import('../../observe/facts/tables/tables.ts');
  const list = await withDeployment(line, (deployment) => listTables(deployment));
  writeResult(line, list, () => listText(list));
  return 0;
}

/** One table: its days, or with a day, and without days, its files. */
async function showTable(line: CommandLine, name: string, day: string | undefined): Promise<number> {
  const [{ findTable }, { listTableDays, listTableFiles, MOST_DAYS, MOST_FILES }] = await Promise.all([
    import('../../observe/facts/tables/tables.ts'),
    import('../../observe/facts/tables/tableDays.ts'),
  ]);
  const limit = (most: number) => countOption(line, 'limit', { usual: undefined, most });
  const answer = await withDeployment(line, async (deployment) => {
    const table = await findTable(deployment, name);
    const hasCalendar = table.hasDays && day === undefined;
    const countRows = line.values['no-rows'] !== true;
    return {
      table,
      days: hasCalendar
        ? await listTableDays(deployment, table, { countRows, limit: limit(MOST_DAYS) })
        : null,
      files:
        hasCalendar || (table.kind === 'view' && day === undefined)
          ? null
          : await listTableFiles(deployment, table, { day, limit: limit(MOST_FILES) }),
    };
  });
  writeResult(line, answer, () => tableText(answer));
  const hasMore = answer.days?.hasMore === true || answer.files?.hasMore === true;
  if (hasMore && line.values['json'] !== true) writeNote('There are more: --limit.\n');
  return 0;
}

/** The list of tables for people. */
function listText({ tables }: TableList): string {
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
function tableText(shown: {
  readonly table: TableSummary;
  readonly days: TableDays | null;
  readonly files: TableFiles | null;
}): string {
  const { table, days, files } = shown;
  const { name, kind, description, dataset } = table;
  const of = dataset === null ? '' : ` of the dataset ${dataset.name} of ${dataset.source}`;
  const described = description === '' ? '' : `: ${visibleLine(description)}`;
  const about = `${visibleLine(name)} (${kind}${of})${described}\n`;
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
  const ofDay = day === null ? '' : ` of ${day}`;
  const head = [
    `Files${ofDay} in ${visibleLine(location)}`,
    ...(isRegistered ? [] : ['The day has NO PARTITION: readers do not see these files.']),
  ];
  return `${head.join('\n')}\n${textTable(rows)}`;
}
