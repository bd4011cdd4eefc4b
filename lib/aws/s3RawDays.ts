import { Readable } from 'node:stream';
import { GetObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { isUtcDay } from '../base/time.ts';
import { CurateError } from '../curate/CurateError.ts';
import { MOST_DAY_PAGES, MOST_RAW_PAGES } from '../curate/limits.ts';
import type { RawDays, RawFile } from '../curate/RawDays.ts';
import { type Attempts, readPages } from '../landing/catalog/catalogCalls.ts';
import type { Config } from '../schema/config.ts';
import { dayFolder, tableFolder } from '../tables/tableFolders.ts';
import { isMissingAfter, listObjects } from './listObjects.ts';
import { s3DayFolders } from './s3DayFolders.ts';

/** Errors of a GET with `If-Match` for an object that has changed or is gone. */
const CHANGED: ReadonlySet<string> = new Set(['PreconditionFailed', 'NoSuchKey']);

/**
 * The raw files of forwarded tables in the deployment's bucket. Only the client retries.
 *
 * @param attempts Only its deadline is used.
 */
export function s3RawDays(
  client: S3Client,
  bucket: string,
  layout: Pick<Config, 'statsigFolder' | 'tables'>,
  attempts: Attempts,
): RawDays {
  return {
    async days(kind) {
      const folder = tableFolder(layout, kind);
      const names = await readPages(attempts, MOST_DAY_PAGES, (token) =>
        s3DayFolders(client).listPage(bucket, folder, token),
      ).catch((error: unknown) => {
        throw bucketFailed(error, folder);
      });
      if (names === undefined) throw new CurateError('SLUICE_CURATE_BUCKET_FAILED', `${folder}: too many.`);
      return names.filter((name) => isUtcDay(name)).sort();
    },

    async files(kind, day) {
      const folder = dayFolder(layout, kind, day);
      const objects = await listObjects(
        client,
        { Bucket: bucket, Prefix: folder },
        MOST_RAW_PAGES,
        attempts,
      ).catch((error: unknown) => {
        throw bucketFailed(error, folder);
      });
      if (objects === undefined) throw new CurateError('SLUICE_CURATE_DAY_TOO_LARGE', `${folder}: too many.`);
      return objects.flatMap(({ Key = '', Size = 0, ETag = '' }): RawFile[] => {
        const name = Key.slice(Key.lastIndexOf('/') + 1);
        // Like Athena: no markers, and no names that begin with an underscore or a dot.
        return Size > 0 && /^[^_.]/.test(name) ? [{ key: Key, size: Size, eTag: ETag }] : [];
      });
    },

    async read({ key, eTag }, range) {
      try {
        const { Body } = await client.send(
          new GetObjectCommand({
            Bucket: bucket,
            Key: key,
            IfMatch: eTag,
            ...(range === undefined ? {} : { Range: `bytes=${range.first}-${range.last}` }),
          }),
        );
        if (!(Body instanceof Readable)) throw new TypeError(`S3 answered no stream for ${key}.`);
        return Body;
      } catch (error) {
        if (error instanceof S3ServiceException && CHANGED.has(error.name)) return null;
        if (await isMissingAfter(error, client, { Bucket: bucket, Key: key })) return null;
        throw bucketFailed(error, key);
      }
    },
  };
}

/** Converts an error of S3. An archived file can't be read until somebody restores it, in Athena neither. */
function bucketFailed(error: unknown, what: string): Error {
  const name = error instanceof Error ? error.name : 'Error';
  const code =
    name === 'InvalidObjectState' ? 'SLUICE_CURATE_FILE_UNREADABLE' : 'SLUICE_CURATE_BUCKET_FAILED';
  return new CurateError(code, `${what}: ${name}.`, { cause: error });
}
