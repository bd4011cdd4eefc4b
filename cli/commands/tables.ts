import type { TableDays } from '../../observe/facts/tables/tableDays.ts';
import type { TableList, TableSummary } from '../../observe/facts/tables/tables.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import { tableListText, tableText } from '../observe/tableTexts.ts';
import {
  type Command,
  type CommandLine,
  countOption,
  targetOptions,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeNote, writeResult } from '../terminal/output.ts';
import { moreNote } from '../terminal/phrases.ts';

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
interface ShownTable {
  /** The table, without its days. */
  readonly table: TableSummary;
  /** Its calendar; null of a table without days. */
  readonly days: TableDays | null;
}

/** Prints all tables and views. @returns The exit code 0. */
async function showList(line: CommandLine): Promise<number> {
  const { listTables } = await import('../../observe/facts/tables/tables.ts');
  const list = await withDeployment(line, (deployment) => listTables(deployment));
  writeResult<TableList>(line, list, () => tableListText(list));
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
    writeNote(`${moreNote('--limit', { listed: answer.days.days.length, most: MOST_DAYS })}\n`);
  return 0;
}
