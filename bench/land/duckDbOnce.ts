// The same lines, split into plain files by kind already, written by DuckDB alone.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { quoteText } from '../../lib/base/sql.ts';
import { engineShare } from '../../lib/lambda/machine.ts';
import { ROWS, stageStatement } from '../../lib/landing/write/lineStatements.ts';
import { DuckDbSession } from '../../lib/parquet/DuckDbSession.ts';
import { SORTED_BY, sortedQuery } from '../../lib/parquet/tableFile.ts';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { forwardedTables } from '../../lib/tables/deliveredTables.ts';
import { measured, requested } from '../measure.ts';
import { viewConfig } from '../views/viewSession.ts';

const MEGABYTES = 1_769;
const LONGEST = 1_048_576;
const { lines, directory } = await requested<{ lines: string; directory: string }>();
mkdirSync(directory, { recursive: true });
await measured(async () => {
  const limits = { ...engineShare(MEGABYTES), temporaryDirectory: directory };
  const session = await DuckDbSession.open(limits, { files: [], directories: [lines, directory] });
  let rows = 0;
  for (const kind of forwardedKinds) {
    // The query of a stage is that of its table: without the table in between, it is one statement.
    const [, query = ''] = stageStatement(
      forwardedTables(viewConfig)[kind],
      join(lines, `${kind}.ndjson`),
      ROWS,
      LONGEST,
    ).split(' AS SELECT ');
    const sorted = sortedQuery(`SELECT ${query}`, ['ds', ...SORTED_BY[kind]]);
    const [counted] = await session.rows(
      `COPY (${sorted}) TO ${quoteText(join(directory, `${kind}.parquet`))} (FORMAT parquet, COMPRESSION zstd)`,
    );
    rows += Number(counted?.['Count']);
  }
  session.close();
  return { rows };
});
