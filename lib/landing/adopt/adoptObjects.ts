import { hash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  directRecordKey,
  overflowFolder,
  PARKED_FOLDER,
  parkedKey,
  parseErrorKey,
  parseOverflowKey,
} from '../../tables/objectKeys.ts';
import { isOwnFault } from '../frames/LandingError.ts';
import { WriteError } from '../write/WriteError.ts';
import type { WriteStore } from '../write/WriteStore.ts';
import type { ObjectWriter, WriteTime } from '../write/writeObject.ts';
import { type AdoptedRecord, adoptedRecords } from './adoptedRecords.ts';

/** Whether release 0.2 left an object: in its overflow, in the errors of its streams, or parked from there. */
export function isLeftObject(key: string): boolean {
  const own = ownKey(key);
  return parseOverflowKey(own) !== null || parseErrorKey(own) !== null;
}

/**
 * Takes over what release 0.2 had not delivered: rows of its overflow, and records that its streams gave up, become records of
 * the landing. The object is deleted once they exist. If this stops on the way, the next call puts the same records.
 *
 * @returns How many rows it had; null if it is gone, somebody else has it, or it can't be read and is parked.
 * @throws WriteError.
 */
export async function adoptObject(
  { key, modifiedAt }: { readonly key: string; readonly modifiedAt: number },
  { config, store, directory }: ObjectWriter,
  { claimUntil, signal }: WriteTime,
): Promise<number | null> {
  const own = ownKey(key);
  const claim = await store.claim(claimOf(own), claimUntil);
  if (claim === null) return null;
  const path = join(directory, 'left');
  try {
    const fetched = await store.fetch(key, path, signal);
    if (fetched === null) return null;
    let rows = 0;
    try {
      for await (const record of adoptedRecords(config, { key: own, writtenAt: modifiedAt, path }))
        rows += await putRecord(record, store, signal);
    } catch (error) {
      if (!isOwnFault(error)) throw error;
      if (key !== own) return null;
      const metadata = { 'sluice-code': error.code, 'sluice-detail': error.detail };
      const parked = { body: await readFile(path), contentType: 'application/octet-stream', metadata };
      await store.put(parkedKey(key), parked, null, signal);
      await store.remove(key, fetched.eTag);
      return null;
    }
    if ((await store.remove(key, fetched.eTag)) === 'changed')
      throw new WriteError('SLUICE_WRITE_OBJECT_CHANGED', `${key}.`);
    return rows;
  } finally {
    await rm(path, { force: true });
    // A claim that could not be released expires by itself.
    await claim.release().catch(() => undefined);
  }
}

/** @returns How many rows it has. */
async function putRecord(
  { bytes, header, large }: AdoptedRecord,
  store: WriteStore,
  signal?: AbortSignal,
): Promise<number> {
  for (const { key, body, contentType } of large)
    await store.put(
      key,
      { body: typeof body === 'string' ? Buffer.from(body) : body, contentType },
      null,
      signal,
    );
  const key = directRecordKey(hash('sha256', bytes));
  await store.put(key, { body: bytes, contentType: 'application/zstd' }, null, signal);
  return header.frames.flatMap(({ rows }) => Object.values(rows)).reduce((sum, count) => sum + count, 0);
}

function ownKey(key: string): string {
  return key.startsWith(PARKED_FOLDER) ? key.slice(PARKED_FOLDER.length) : key;
}

/** The key that 0.2 claims before it delivers an object. For overflow: its folder and the first digit of its name. */
function claimOf(key: string): string {
  const folder = parseOverflowKey(key);
  return folder === null ? key : key.slice(0, overflowFolder(folder).length + 1);
}
