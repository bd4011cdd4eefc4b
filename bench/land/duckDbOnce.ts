// The lines of an object, which land.bench.ts has split by kind, written to Parquet by DuckDB alone, without our writer.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { quoteName, quoteText } from '../../lib/base/sql.ts';
import { engineShare } from '../../lib/lambda/machine.ts';
import { typedQuery } from '../../lib/landing/write/lineStatements.ts';
import { DuckDbSession } from '../../lib/parquet/DuckDbSession.ts';
import { COPY_OPTIONS } from '../../lib/parquet/tableFile.ts';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { forwardedTables } from '../../lib/tables/deliveredTables.ts';
import { benchConfig, WRITER_MEGABYTES } from '../benchConfig.ts';
import { measureWork, readRequest } from '../measure.ts';

/** What land.bench.ts asks for. */
export interface LinesRequest {
  /** Folder with the lines: `exposures.ndjson` and `events.ndjson`. */
  readonly lines: string;
  /** Folder for the files that are written; made if it does not exist. */
  readonly directory: string;
}

const { lines, directory } = await readRequest<LinesRequest>();
mkdirSync(directory, { recursive: true });
await measureWork(async () => {
  const limits = { ...engineShare(WRITER_MEGABYTES), temporaryDirectory: directory };
  const session = await DuckDbSession.open(limits, { files: [], directories: [lines, directory] });
  let rows = 0;
  for (const kind of forwardedKinds) {
    const table = forwardedTables(benchConfig)[kind];
    const members = table.columns.map(({ name }) => `${quoteName(name)} VARCHAR`).join(', ');
    const textsFile = quoteText(join(lines, `${kind}.ndjson`));
    const rowType = quoteText(`STRUCT(${members})`);
    const textRows = `(SELECT unnest("row") FROM read_json(${textsFile},
      format = 'newline_delimited', columns = {row: ${rowType}}))`;
    const parquetFile = quoteText(join(directory, `${kind}.parquet`));
    const [counted] = await session.rows(
      `COPY (${typedQuery(table, textRows)}) TO ${parquetFile} ${COPY_OPTIONS}`,
    );
    rows += Number(counted?.['Count'] ?? 0);
  }
  session.close();
  return { rows };
});
