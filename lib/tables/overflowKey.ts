import type { TableKind } from '../schema/kinds.ts';
import { tableKinds } from '../schema/kinds.ts';

/** Folder of what streams did not take in time. */
export const OVERFLOW_FOLDER = 'overflow/';
const EXTENSION = '.ndjson.gz';
/** A SHA-256 in hexadecimal. */
const DIGEST = /^[0-9a-f]{64}$/;

/** Folder of what a stream did not take in time: `overflow/<stream>/`. */
export function overflowFolder(kind: TableKind): string {
  return `${OVERFLOW_FOLDER}${kind}/`;
}

/**
 * Key of what one request could not put on one stream: `overflow/<stream>/<digest>.ndjson.gz`.
 *
 * @param digest Of the rows' IDs and of nothing else: a batch that is sent again and spilled again overwrites its
 *   object, and whatever lies under one key is the same rows.
 */
export function overflowKey(kind: TableKind, digest: string): string {
  return `${overflowFolder(kind)}${digest}${EXTENSION}`;
}

/** The stream that an object waits for; null when it is no overflow of ours. */
export function parseOverflowKey(key: string): TableKind | null {
  const kind = tableKinds.find((one) => key.startsWith(overflowFolder(one)));
  if (kind === undefined || !key.endsWith(EXTENSION)) return null;
  return DIGEST.test(key.slice(overflowFolder(kind).length, -EXTENSION.length)) ? kind : null;
}
