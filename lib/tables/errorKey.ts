import type { TableKind } from '../schema/kinds.ts';
import { tableKinds } from '../schema/kinds.ts';

/** Folder of what streams took and could not deliver. */
export const ERRORS_FOLDER = 'errors/';

/** Folder of what a stream took and could not deliver: `errors/<stream>/`. */
export function errorFolder(kind: TableKind): string {
  return `${ERRORS_FOLDER}${kind}/`;
}

/** What the key of an error object says of the records in it. */
export interface ErrorKey {
  readonly kind: TableKind;
  /** Firehose's error output type, `format-conversion-failed` for example. */
  readonly outputType: string;
}

/** Reads the key of an object that Firehose wrote to its error prefix; null when it is none. */
export function parseErrorKey(key: string): ErrorKey | null {
  const kind = tableKinds.find((one) => key.startsWith(errorFolder(one)));
  if (kind === undefined) return null;
  const [outputType = '', ...rest] = key.slice(errorFolder(kind).length).split('/');
  // A folder marker, as consoles leave them, holds no records.
  if (outputType === '' || rest.length === 0 || rest.at(-1) === '') return null;
  return { kind, outputType };
}
