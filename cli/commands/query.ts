import { defaultDataDirectory } from '../../local/dataDirectory.ts';
import { type Command, textOption, UsageError } from '../terminal/commandLine.ts';
import { textTable, writeResult } from '../terminal/output.ts';

/** `sluice query`: SQL over the local tables with DuckDB, whether the local cloud is running or not. */
export const query: Command = {
  name: 'query',
  summary: 'Run SQL over the local tables with DuckDB, whether the local cloud is running or not.',
  usage: 'sluice query "<sql>" [--json] [--data DIR]',
  options: {
    json: { type: 'boolean', help: 'print an array of row objects' },
    data: { type: 'string', help: 'data directory of the local cloud (default .sluice/data)' },
  },
  examples: [
    'sluice query "select event_name, count(*) n from statsig_forwarded_events group by 1 order by 2 desc"',
    'sluice query "show all tables" --json',
  ],
  async run(line) {
    const [sql, ...more] = line.positionals;
    if (sql === undefined || more.length > 0) {
      throw new UsageError('SLUICE_USAGE_ARGUMENTS', 'Expected one SQL text in quotes.');
    }
    const directory = textOption(line, 'data') ?? defaultDataDirectory();
    // Loaded here: other commands need not wait for DuckDB.
    await import('../../local/errors.ts');
    const { runQuery } = await import('../../packages/local-aws/src/index.ts');
    const rows = await runQuery(directory, sql);
    writeResult(line, rows, () => textTable(rows));
    return 0;
  },
};
