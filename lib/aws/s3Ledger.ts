import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type * as z from 'zod';
import { IngestError } from '../drops/IngestError.ts';
import { type LedgerStore, ledgerEntrySchema } from '../drops/ledger/LedgerEntry.ts';
import { type LateNotes, lateNoteSchema } from '../drops/plan/lateDrops.ts';
import { type LastListings, lastListingSchema } from '../drops/plan/planSources.ts';
import { lastLookKey, lateNoteKey, ledgerKey } from '../tables/ledgerKeys.ts';
import { isMissingAfter } from './listObjects.ts';
import { readText, writeTextIf } from './s3Text.ts';

/** The ledger in an S3 bucket. */
export function s3Ledger(client: S3Client, bucket: string): LedgerStore {
  return {
    async read({ source, dataset, day }) {
      const Key = ledgerKey(source, dataset, day);
      const object = { Bucket: bucket, Key };
      try {
        const read = await readText(client, object);
        return read === null ? null : { entry: parse(read.text, Key), eTag: read.eTag };
      } catch (error) {
        if (error instanceof IngestError) throw error;
        if (await isMissingAfter(error, client, object)) return null;
        throw unavailable(error, Key);
      }
    },

    async write(entry, expected) {
      const Key = ledgerKey(entry.source, entry.dataset, entry.day);
      try {
        return await writeTextIf(client, { Bucket: bucket, Key }, JSON.stringify(entry), expected);
      } catch (error) {
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
      const read = await readText(client, { Bucket: bucket, Key }).catch((error: unknown) => {
        throw unavailable(error, Key);
      });
      if (read === null) return null;
      try {
        return schema.parse(JSON.parse(read.text));
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
