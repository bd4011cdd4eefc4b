// The same lines, split into plain files by kind already, written by DuckDB alone.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { quoteName, quoteText } from '../../lib/base/sql.ts';
import { engineShare } from '../../lib/lambda/machine.ts';
import { typedQuery } from '../../lib/landing/write/lineStatements.ts';
import { DuckDbSession } from '../../lib/parquet/DuckDbSession.ts';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { forwardedTables } from '../../lib/tables/deliveredTables.ts';
import { benchConfig } from '../exposureColumns.ts';
import { measureWork, readRequest } from '../measure.ts';

/** Memory of the writer, MiB: infra/serverless/serviceFunctions.ts. */
const MEGABYTES = 1_769;
const { lines, directory } = await readRequest<{ lines: string; directory: string }>();
mkdirSync(directory, { recursive: true });
await measureWork(async () => {
  const limits = { ...engineShare(MEGABYTES), temporaryDirectory: directory };
  const session = await DuckDbSession.open(limits, { files: [], directories: [lines, directory] });
  let rows = 0;
  for (const kind of forwardedKinds) {
    const table = forwardedTables(benchConfig)[kind];
    const members = table.columns.map(({ name }) => `${quoteName(name)} VARCHAR`).join(', ');
    const textsFile = quoteText(join(lines, `${kind}.ndjson`));
    const rowType = quoteText(`STRUCT(${members})`);
    const texts = `(SELECT unnest("row") FROM read_json(${textsFile},
      format = 'newline_delimited', columns = {row: ${rowType}}))`;
    const parquetFile = quoteText(join(directory, `${kind}.parquet`));
    const [counted] = await session.rows(
      `COPY (${typedQuery(table, texts)}) TO ${parquetFile} (FORMAT parquet, COMPRESSION zstd)`,
    );
    rows += Number(counted?.['Count']);
  }
  session.close();
  return { rows };
});
