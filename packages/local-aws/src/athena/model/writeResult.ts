import type { StatementResult } from '../engine/StatementRunner.ts';
import { csvLines } from './csv.ts';
import type { Outcome } from './Execution.ts';
import { metadataFile } from './metadataFile.ts';
import { outputLocation } from './outputNames.ts';
import { textLines } from './textLines.ts';

/**
 * Writes what a statement answers to S3, as it comes: rows are not kept.
 *
 * @param check Called before the first row and after every chunk; throws to end it.
 * @returns What there is now, and where; the location may be another than the kind of the statement made expect,
 *   since only its result tells what a prepared statement is.
 */
export async function writeResult(
  result: StatementResult,
  into: {
    /** Writes an object by its location; answers its size in bytes. */
    readonly write: (location: string, body: AsyncIterable<Uint8Array> | Uint8Array) => Promise<number>;
    readonly folder: string;
    readonly id: string;
    readonly check: () => void;
  },
): Promise<{ readonly outcome: Outcome; readonly location: string }> {
  const { write, folder, id, check } = into;
  const { columns, updateCount, manifest } = result;
  const format = manifest === undefined ? result.output : 'none';
  const named = outputLocation(folder, id, result);
  const location = format === 'none' ? named.replace(/\.(csv|txt)$/, '') : `${folder}${id}.${format}`;
  let outputRows = 0;

  async function* pieces(): AsyncGenerator<Uint8Array> {
    check();
    if (format === 'csv') yield Buffer.from(csvLines([columns.map(({ name }) => name)]));
    for await (const rows of result.rows) {
      check();
      outputRows += rows.length;
      yield Buffer.from(format === 'csv' ? csvLines(rows) : textLines(rows));
    }
    check();
  }

  let outputBytes = 0;
  const manifestLocation = manifest === undefined ? undefined : `${location}-manifest.csv`;
  if (manifest === undefined || manifestLocation === undefined) {
    outputBytes = await write(location, pieces());
  } else {
    // What it wrote is elsewhere; its rows, if it has any, only say how many.
    for await (const _ of pieces());
    await write(manifestLocation, Buffer.from(manifest.map((key) => `${key}\n`).join('')));
  }
  await write(`${location}.metadata`, metadataFile(id, columns));
  return {
    location,
    outcome: {
      format,
      columns,
      ...(updateCount === undefined ? {} : { updateCount }),
      ...(manifestLocation === undefined ? {} : { manifestLocation }),
      outputBytes,
      outputRows: format === 'none' ? (updateCount ?? 0) : outputRows,
    },
  };
}
