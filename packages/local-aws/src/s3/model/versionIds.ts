import { createHash, randomBytes } from 'node:crypto';

/** The ID of a version that was written while the bucket had no versioning, or had it suspended. */
export const NULL_VERSION = 'null';

/** The ID by which clients know a version. */
export function versionIdOf({
  versionId = NULL_VERSION,
}: {
  /** The ID; undefined for the version `null`. */
  readonly versionId?: string | undefined;
}): string {
  return versionId;
}

/** Random characters, the sequencer of the version, check characters. */
export const VERSION_ID = /^([A-Za-z0-9]{8}([0-9A-F]{18}))([A-Za-z0-9]{6})$/;

/**
 * 32 letters and digits, like S3's. No ID begins with a dash, which a command line would take for an option. The last
 * six distinguish an ID that was once given out from any other text, also when its version is gone.
 */
export function newVersionId(sequencer: string): string {
  const text = `${letters(randomBytes(6))}${sequencer}`;
  return text + checkOf(text);
}

/** Whether a text is a version ID that was given out, here or in another bucket. */
export function isVersionId(text: string): boolean {
  const [, checked, , check] = VERSION_ID.exec(text) ?? [];
  return text === NULL_VERSION || (checked !== undefined && checkOf(checked) === check);
}

/** The check characters of a version ID. */
function checkOf(text: string): string {
  return letters(createHash('sha256').update(text).digest()).slice(0, 6);
}

/** Bytes as letters and digits. */
function letters(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url').replaceAll('-', 'x').replaceAll('_', 'y');
}
