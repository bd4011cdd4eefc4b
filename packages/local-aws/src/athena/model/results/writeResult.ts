import type { StatementResult } from '../../engine/StatementRunner.ts';
import type { Outcome } from '../Execution.ts';
import { formatCsv, formatText } from './resultFormat.ts';
import { outputLocation } from './resultLocation.ts';
import { encodeMetadata } from './resultMetadata.ts';

/**
 * Streams the result of a statement to S3.
 *
 * @returns What was written, and where. The location can differ from the one that the statement's kind implies, since
 *   only the result tells what kind a prepared statement is.
 */
export async function writeResult(
  result: StatementResult,
  into: {
    /** Writes an object to a location and returns its size in bytes. */
    readonly write: (location: string, body: AsyncIterable<Uint8Array> | Uint8Array) => Promise<number>;
    /** The `s3://` location of the folder. It ends with a slash. */
    readonly folder: string;
    /** ID of the execution, which names the objects. */
    readonly id: string;
    /** Called before the first row and after every chunk. It throws if the statement is to end. */
    readonly check: () => void;
  },
): Promise<{ readonly outcome: Outcome; readonly location: string }> {
  const { write, folder, id, check } = into;
  const { columns, updateCount, manifest } = result;
  const format = manifest === undefined ? result.output : 'none';
  const location = format === 'none' ? outputLocation(folder, id, result) : `${folder}${id}.${format}`;
  let outputRows = 0;

  async function* pieces(): AsyncGenerator<Uint8Array> {
    check();
    const names = columns.map(({ name }) => name);
    if (format === 'csv') yield Buffer.from(formatCsv([names]));
    else if (result.header === true) yield Buffer.from(formatText([names]));
    for await (const rows of result.rows) {
      check();
      outputRows += rows.length;
      yield Buffer.from(format === 'csv' ? formatCsv(rows) : formatText(rows));
    }
    check();
  }

  let outputBytes = 0;
  const manifestLocation = manifest === undefined ? undefined : `${location}-manifest.csv`;
  if (format !== 'none') {
    outputBytes = await write(location, pieces());
  } else {
    // The rows were written elsewhere; the result's rows only hold the count.
    for await (const _ of pieces());
  }
  if (manifest !== undefined && manifestLocation !== undefined) {
    await write(manifestLocation, Buffer.from(manifest.map((key) => `${key}\n`).join('')));
  }
  await write(`${location}.metadata`, encodeMetadata(id, columns));
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
