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

/** Rows that are shown of a day. */
const USUAL_SAMPLE = 3;
const MOST_SAMPLE = 100;

/** `sluice tables`: the tables and views, the days of one, and the files and some rows of a day. */
export const tables: Command = {
  name: 'tables',
  summary: 'Show the tables and views, the days of a table, or the files and some rows of a day.',
  usage: 'sluice tables [TABLE] [--day YYYY-MM-DD] [--local] [--stage NAME] [options]',
  options: {
    day: { type: 'string', help: 'the files and some rows of this day, YYYY-MM-DD' },
    limit: { type: 'string', help: 'days (default 60) or files (default 50)' },
    sample: {
      type: 'string',
      help: `rows to show (default ${USUAL_SAMPLE}, none of a view that reads all days; 0 queries none)`,
    },
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
      const alone = ['day', 'limit', 'sample'].filter((name) => textOption(line, name) !== undefined);
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

/** One table: its days, or with a day, and without days, its files; and some rows. */
async function showTable(line: CommandLine, name: string, day: string | undefined): Promise<number> {
  const [
    { withDeployment },
    { findTable },
    { listTableDays, MOST_DAYS },
    { listTableFiles, MOST_FILES },
    { readServedDays },
    rows,
    text,
  ] = await Promise.all([
    import('../aws/withDeployment.ts'),
    import('../../observe/facts/tables/tables.ts'),
    import('../../observe/facts/tables/tableDays.ts'),
    import('../../observe/facts/tables/dayFiles.ts'),
    import('../../observe/facts/days/viewDays.ts'),
    import('../../observe/tables/sampleRows.ts'),
    import('../observe/tablesText.ts'),
  ]);
  const page = (most: number) => {
    const limit = countOption(line, 'limit', { usual: undefined, most });
    return limit === undefined ? {} : { limit };
  };
  const sampled = countOption(line, 'sample', { usual: undefined, least: 0, most: MOST_SAMPLE });
  const answer = await withDeployment(line, async (deployment) => {
    const table = await findTable(deployment, name);
    const about = { table: table.name, ...(day === undefined ? {} : { day }) };
    const hasCalendar = table.hasDays && day === undefined;
    const isExpensive = table.kind === 'view' && !table.hasDayColumn;
    const limit = sampled ?? (isExpensive ? 0 : USUAL_SAMPLE);
    const days = hasCalendar
      ? await listTableDays(deployment, {
          table: table.name,
          countRows: line.values['no-rows'] !== true,
          ...page(MOST_DAYS),
        })
      : null;
    const kind = deployment.config.curate ? table.forwardedKind : null;
    return {
      table,
      days,
      curated:
        days === null || kind === null
          ? null
          : await readServedDays(
              deployment,
              kind,
              days.days.map((one) => one.day),
            ),
      files:
        hasCalendar || table.kind === 'view'
          ? null
          : await listTableFiles(deployment, { ...about, ...page(MOST_FILES) }),
      sample: hasCalendar || limit === 0 ? null : await rows.sampleRows(deployment, { ...about, limit }),
    };
  });
  writeResult(line, answer, () => text.tableText(answer));
  const hasMore = answer.days?.hasMore === true || answer.files?.hasMore === true;
  if (hasMore && line.values['json'] !== true) writeNote('There are more: --limit.\n');
  return 0;
}
