import type { S3Client } from '@aws-sdk/client-s3';
import { parseJson } from '../base/json.ts';
import { CurateError } from '../curate/CurateError.ts';
import { type ListedDaysStore, listedDaysSchema } from '../curate/ListedDays.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { curatedDaysKey } from '../tables/ledgerKeys.ts';
import { readText, writeTextIf } from './s3Text.ts';

/** The lists of curated days in an S3 bucket. */
export function s3ListedDays(client: S3Client, bucket: string): ListedDaysStore {
  const object = (kind: ForwardedKind) => ({ Bucket: bucket, Key: curatedDaysKey(kind) });
  return {
    async read(kind) {
      const read = await readText(client, object(kind)).catch((error: unknown) => {
        throw bucketFailed(error, kind);
      });
      if (read === null) return null;
      const { data } = listedDaysSchema.safeParse(parseJson(read.text));
      return { days: data?.days ?? {}, eTag: read.eTag };
    },

    async write(kind, days, expected) {
      const text = JSON.stringify({ days });
      const written = await writeTextIf(client, object(kind), text, expected).catch((error: unknown) => {
        throw bucketFailed(error, kind);
      });
      return written !== null;
    },
  };
}

function bucketFailed(error: unknown, kind: ForwardedKind): Error {
  const name = error instanceof Error ? error.name : 'Error';
  return new CurateError('SLUICE_CURATE_BUCKET_FAILED', `${curatedDaysKey(kind)}: ${name}.`, {
    cause: error,
  });
}
