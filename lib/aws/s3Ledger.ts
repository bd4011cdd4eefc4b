import { GetObjectCommand, PutObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type * as z from 'zod';
import { IngestError } from '../drops/IngestError.ts';
import { type LedgerStore, ledgerEntrySchema } from '../drops/ledger/LedgerEntry.ts';
import { type LateNotes, lateNoteSchema } from '../drops/plan/lateDrops.ts';
import { type LastListings, lastListingSchema } from '../drops/plan/planSources.ts';
import { lastLookKey, lateNoteKey, ledgerKey } from '../tables/ledgerKeys.ts';
import { isMissingAfter } from './listObjects.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html; 404 if the object to replace is gone. */
const OTHER_IS_THERE: ReadonlySet<string> = new Set([
  'PreconditionFailed',
  'ConditionalRequestConflict',
  'NoSuchKey',
]);

/** The ledger in an S3 bucket. */
export function s3Ledger(client: S3Client, bucket: string): LedgerStore {
  return {
    async read({ source, dataset, day }) {
      const Key = ledgerKey(source, dataset, day);
      let text: string;
      let eTag: string;
      try {
        const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
        text = (await answer.Body?.transformToString()) ?? '';
        eTag = answer.ETag ?? '';
      } catch (error) {
        if (error instanceof S3ServiceException && error.name === 'NoSuchKey') return null;
        if (await isMissingAfter(error, client, { Bucket: bucket, Key })) return null;
        throw unavailable(error, Key);
      }
      return { entry: parse(text, Key), eTag };
    },

    async write(entry, expected) {
      const Key = ledgerKey(entry.source, entry.dataset, entry.day);
      try {
        const { ETag = '' } = await client.send(
          new PutObjectCommand({
            Bucket: bucket,
            Key,
            Body: JSON.stringify(entry),
            ContentType: 'application/json',
            ...(expected === null ? { IfNoneMatch: '*' } : { IfMatch: expected }),
          }),
        );
        return ETag;
      } catch (error) {
        if (error instanceof S3ServiceException && OTHER_IS_THERE.has(error.name)) return null;
        throw unavailable(error, Key);
      }
    },
  };
}

function parse(text: string, key: string) {
  try {
    return ledgerEntrySchema.parse(JSON.parse(text));
  } catch (error) {
    throw new IngestError('SLUICE_INGEST_LEDGER_INVALID', `${key}.`, { cause: error });
  }
}

function unavailable(error: unknown, key: string): Error {
  const name = error instanceof Error ? error.name : 'Error';
  return new IngestError('SLUICE_INGEST_LEDGER_UNAVAILABLE', `${key}: ${name}.`, { cause: error });
}

/** Last listings in an S3 bucket. The last write wins, as they are for display only. */
export function s3LastListings(client: S3Client, bucket: string): LastListings {
  return notes(client, bucket, lastLookKey, lastListingSchema);
}

/** Notes on late drops in an S3 bucket. The last write wins. */
export function s3LateNotes(client: S3Client, bucket: string): LateNotes {
  return notes(client, bucket, lateNoteKey, lateNoteSchema);
}

function notes<Note>(
  client: S3Client,
  bucket: string,
  keyOf: (source: string, dataset: string) => string,
  schema: z.ZodType<Note>,
) {
  return {
    async read(source: string, dataset: string): Promise<Note | null> {
      const Key = keyOf(source, dataset);
      let text: string;
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
        text = (await Body?.transformToString()) ?? '';
      } catch (error) {
        if (error instanceof S3ServiceException && error.name === 'NoSuchKey') return null;
        throw unavailable(error, Key);
      }
      try {
        return schema.parse(JSON.parse(text));
      } catch (error) {
        throw new IngestError('SLUICE_INGEST_LEDGER_INVALID', `${Key}.`, { cause: error });
      }
    },
    async write(source: string, dataset: string, note: Note): Promise<void> {
      const Key = keyOf(source, dataset);
      try {
        await client.send(
          new PutObjectCommand({
            Bucket: bucket,
            Key,
            Body: JSON.stringify(note),
            ContentType: 'application/json',
          }),
        );
      } catch (error) {
        throw unavailable(error, Key);
      }
    },
  };
}
