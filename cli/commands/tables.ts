import {
  type Command,
  type CommandLine,
  countOption,
  dayOption,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeNote, writeResult } from '../terminal/output.ts';

/** `sluice tables`: the tables and views, the days of one, and the files of a day. */
export const tables: Command = {
  name: 'tables',
  summary: 'Show the tables and views, the days of a table, or the files of a day.',
  usage: 'sluice tables [TABLE] [--day YYYY-MM-DD] [--local] [--stage NAME] [options]',
  options: {
    day: { type: 'string', help: 'the files of this day, YYYY-MM-DD' },
    limit: { type: 'string', help: 'days (default 60) or files (default 50)' },
    'no-rows': { type: 'boolean', help: 'count no rows, which is a query' },
    ...targetOptions,
    json: { type: 'boolean', help: 'print one object' },
  },
  examples: [
    'sluice tables --stage prod',
    'sluice tables statsig_forwarded_events --stage prod',
    'sluice tables statsig_forwarded_events --day 2026-11-20 --stage prod',
    'sluice tables experiment_exposures --local --json',
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
  const [{ withDeployment }, { listTables }, { listText }] = await Promise.all([
    import('../aws/withDeployment.ts'),
    import('../../observe/facts/tables/tables.ts'),
    import('../observe/tablesText.ts'),
  ]);
  const list = await withDeployment(line, (deployment) => listTables(deployment));
  writeResult(line, list, () => listText(list));
  return 0;
}

/** One table: its days, or with a day, and without days, its files. */
async function showTable(line: CommandLine, name: string, day: string | undefined): Promise<number> {
  const [
    { withDeployment },
    { findTable },
    { listTableDays, MOST_DAYS },
    { listTableFiles, MOST_FILES },
    { tableText },
  ] = await Promise.all([
    import('../aws/withDeployment.ts'),
    import('../../observe/facts/tables/tables.ts'),
    import('../../observe/facts/tables/tableDays.ts'),
    import('../../observe/facts/tables/dayFiles.ts'),
    import('../observe/tablesText.ts'),
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
