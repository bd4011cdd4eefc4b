import { open } from 'node:fs/promises';
import { FileError, type FileFailure } from './FileError.ts';

/** `PAR1` at both ends, and the footer's length before the last: https://parquet.apache.org/docs/file-format/ */
const MARK = 'PAR1';
/** Of a file whose footer is encrypted, too. */
const ENCRYPTED_MARK = 'PARE';
const MARK_BYTES = 4;
/** The least that a file has: a mark, the footer's length, a mark. */
const LEAST_BYTES = 12;

/** What the ends of a file say against its being Parquet, before any library opens it; null when nothing. */
export async function readFooterMark(file: {
  readonly path: string;
  readonly name: string;
}): Promise<FileFailure | null> {
  const handle = await open(file.path);
  try {
    const { size } = await handle.stat();
    const head = Buffer.alloc(MARK_BYTES);
    const tail = Buffer.alloc(2 * MARK_BYTES);
    await handle.read(head, 0, MARK_BYTES, 0);
    await handle.read(tail, 0, tail.length, Math.max(0, size - tail.length));
    const problem = markProblem(head.toString('latin1'), tail, size);
    return problem === null ? null : new FileError(problem, `${file.name}, ${size} bytes.`);
  } finally {
    await handle.close();
  }
}

function markProblem(head: string, tail: Buffer, size: number) {
  const end = tail.toString('latin1', MARK_BYTES);
  if (head === ENCRYPTED_MARK || (head === MARK && end === ENCRYPTED_MARK))
    return 'SLUICE_INGEST_FILE_ENCRYPTED';
  if (head !== MARK) return 'SLUICE_INGEST_FILE_NOT_PARQUET';
  if (size < LEAST_BYTES || end !== MARK) return 'SLUICE_INGEST_FILE_TRUNCATED';
  return tail.readUInt32LE(0) > size - LEAST_BYTES ? 'SLUICE_INGEST_FILE_DAMAGED' : null;
}
