import { randomUUID } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { DiskError, StoreError } from '../../base/errors.ts';
import { codeOf } from '../../base/nodeErrors.ts';
import { LineJournal } from '../../disk/LineJournal.ts';
import { checksumAlgorithms } from '../checksums.ts';
import { s3Errors } from '../errors.ts';
import { compareUtf8 } from './KeyIndex.ts';
import { moveFile, type StagedFile } from './objectFiles.ts';
import { objectAttributesSchema, storedChecksumSchema } from './StoredObject.ts';

/** An upload as its journal has it. */
const uploadSchema = z.strictObject({
  uploadId: z.string(),
  key: z.string(),
  /** Epoch ms. */
  initiatedMs: z.int(),
  attributes: objectAttributesSchema,
  /** Sequencer of the object that its key had; absent for none. */
  replaces: z.string().optional(),
  checksum: z
    .strictObject({ algorithm: z.enum(checksumAlgorithms), type: z.enum(['FULL_OBJECT', 'COMPOSITE']) })
    .optional(),
});
/** A multipart upload with the properties it was started with. */
export type Upload = z.output<typeof uploadSchema>;

/** A part as the upload's journal has it. */
const partSchema = z.strictObject({
  partNumber: z.int(),
  size: z.int().nonnegative(),
  /** Hex MD5, without quotes. */
  etag: z.string(),
  modifiedMs: z.int(),
  checksum: storedChecksumSchema.optional(),
  /** Name of the file with its bytes. */
  file: z.string(),
});
/** An uploaded part. */
export type Part = z.output<typeof partSchema>;

/** A line of an upload's journal. */
const uploadLineSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('upload'), upload: uploadSchema }),
  z.strictObject({ op: z.literal('part'), part: partSchema }),
]);
/** A line of an upload's journal. */
type UploadLine = z.output<typeof uploadLineSchema>;

/** An upload that is neither completed nor aborted. */
interface OpenUpload {
  /** The upload as its client has begun it. */
  readonly upload: Upload;
  /** The parts by their numbers; a part that is sent again replaces the earlier one. */
  readonly parts: Map<number, Part>;
  /** The file that keeps the upload and its parts. */
  readonly journal: LineJournal<UploadLine>;
}

/** The file of an upload's journal in its folder. */
const JOURNAL = 'journal.ndjson';

/** An upload's ID, and the name of its folder. Other names in the folder of all uploads are of other programs. */
export const UPLOAD_ID = /^[0-9a-f]{32}$/;

/** The multipart uploads of a bucket that are neither completed nor aborted: a folder and a journal each. */
export class MultipartUploads {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #uploads = new Map<string, OpenUpload>();

  private constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** Opens the uploads in a folder, which is created when missing. @throws DiskError DISK_DAMAGED */
  static open(folder: string, clock: Clock): MultipartUploads {
    mkdirSync(folder, { recursive: true });
    const uploads = new MultipartUploads(folder, clock);
    for (const name of readdirSync(folder)) if (UPLOAD_ID.test(name)) uploads.#load(name);
    return uploads;
  }

  /** Begins an upload. It is on disk when this returns. */
  begin(upload: Omit<Upload, 'uploadId' | 'initiatedMs'>): Upload {
    const begun: Upload = {
      ...upload,
      uploadId: randomUUID().replaceAll('-', ''),
      initiatedMs: this.#clock.now(),
    };
    const folder = join(this.#folder, begun.uploadId);
    mkdirSync(folder);
    const journal = LineJournal.create<UploadLine>(join(folder, JOURNAL), [{ op: 'upload', upload: begun }]);
    this.#uploads.set(begun.uploadId, { upload: begun, parts: new Map(), journal });
    return begun;
  }

  /** An open upload. @throws AwsError `NoSuchUpload`, also when the upload is for another key. */
  get(uploadId: string, key: string): Upload {
    return this.#find(uploadId, key).upload;
  }

  /** Turns a staged file into a part. It replaces an earlier part with the same number. */
  addPart(uploadId: string, key: string, staged: StagedFile, partNumber: number): Part {
    const { parts, journal } = this.#find(uploadId, key);
    const folder = join(this.#folder, uploadId);
    const { checksum } = staged;
    const added: Part = {
      partNumber,
      ...(checksum === undefined ? {} : { checksum }),
      size: staged.size,
      etag: Buffer.from(staged.md5).toString('hex'),
      modifiedMs: this.#clock.now(),
      file: basename(staged.path),
    };
    moveFile(staged.path, join(folder, added.file));
    try {
      journal.append({ op: 'part', part: added });
    } catch (error) {
      rmSync(join(folder, added.file), { force: true });
      throw error;
    }
    const replaced = parts.get(added.partNumber);
    parts.set(added.partNumber, added);
    if (replaced !== undefined) rmSync(join(folder, replaced.file), { force: true });
    return added;
  }

  /** All parts of an upload, ordered by number. @throws AwsError `NoSuchUpload` */
  parts(uploadId: string, key: string): Part[] {
    return [...this.#find(uploadId, key).parts.values()].sort((a, b) => a.partNumber - b.partNumber);
  }

  /**
   * The bytes of the parts, in order.
   *
   * @throws AwsError `NoSuchUpload` when the upload ends or a part is replaced meanwhile; StoreError for a file that something
   *   else has removed.
   */
  async *read(uploadId: string, parts: readonly Part[]): AsyncGenerator<Uint8Array> {
    for (const { file } of parts) {
      try {
        for await (const chunk of createReadStream(join(this.#folder, uploadId, file))) {
          const bytes: Uint8Array = chunk;
          yield bytes;
        }
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error;
        const open = this.#uploads.get(uploadId)?.parts.values() ?? [];
        if ([...open].some((part) => part.file === file))
          throw new StoreError('S3_FILE_MISSING', `${join(this.#folder, uploadId, file)}.`, { cause: error });
        throw s3Errors.noSuchUpload(uploadId);
      }
    }
  }

  /** Removes an upload and its parts after it was completed or aborted. */
  end(uploadId: string, key: string): void {
    const { journal } = this.#find(uploadId, key);
    this.#uploads.delete(uploadId);
    journal.close();
    rmSync(join(this.#folder, uploadId), { recursive: true, force: true });
  }

  /** Like {@link end}, for an upload that may have ended. */
  endIfOpen(uploadId: string, key: string): void {
    if (this.#uploads.get(uploadId)?.upload.key === key) this.end(uploadId, key);
  }

  /** All open uploads, ordered by key, then by start. */
  list(): Upload[] {
    return [...this.#uploads.values()]
      .map(({ upload }) => upload)
      .sort(
        (a, b) =>
          compareUtf8(a.key, b.key) || a.initiatedMs - b.initiatedMs || compareUtf8(a.uploadId, b.uploadId),
      );
  }

  /** Closes the journals of all uploads. */
  close(): void {
    for (const { journal } of this.#uploads.values()) journal.close();
    this.#uploads.clear();
  }

  /** An open upload. @throws AwsError `NoSuchUpload`, also for an upload of another key. */
  #find(uploadId: string, key: string): OpenUpload {
    const open = this.#uploads.get(uploadId);
    if (open === undefined || open.upload.key !== key) throw s3Errors.noSuchUpload(uploadId);
    return open;
  }

  /**
   * Reads an upload of an earlier process. A folder without a journal remains when a process is killed while it creates or
   * removes an upload: it is removed.
   *
   * @throws DiskError DISK_DAMAGED
   */
  #load(name: string): void {
    const folder = join(this.#folder, name);
    const names = readdirSync(folder);
    if (!names.includes(JOURNAL)) {
      rmSync(folder, { recursive: true });
      return;
    }
    const journalFile = join(folder, JOURNAL);
    // A journal is created whole, with its first line: nothing that was here when it was damaged may be removed.
    if (!readFileSync(journalFile).includes('\n')) throw noUpload(journalFile);
    const { journal, lines } = LineJournal.open(journalFile, (value) => uploadLineSchema.parse(value));
    const parts = new Map<number, Part>();
    let upload: Upload | undefined;
    for (const line of lines) {
      if (line.op === 'upload') upload = line.upload;
      else parts.set(line.part.partNumber, line.part);
    }
    if (upload === undefined) {
      journal.close();
      throw noUpload(journalFile);
    }
    const kept = new Set([JOURNAL, ...[...parts.values()].map(({ file }) => file)]);
    for (const stray of names.filter((file) => !kept.has(file))) rmSync(join(folder, stray));
    this.#uploads.set(upload.uploadId, { upload, parts, journal });
  }
}

/** The error for a journal that does not say which upload it is of. */
function noUpload(file: string): Error {
  return new DiskError('DISK_DAMAGED', `${file} names no upload.`);
}
