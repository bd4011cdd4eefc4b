import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  paginateListObjectsV2,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { Clock } from '../base/time.ts';
import type { RedriveStore } from '../landing/redrive/Redrive.ts';
import { claimKey } from '../tables/ledgerKeys.ts';
import { s3Claim } from './s3Claim.ts';

/** The objects that redrive processes, in an S3 bucket. */
export function s3RedriveStore(client: S3Client, bucket: string, clock: Clock): RedriveStore {
  const object = (key: string) => ({ Bucket: bucket, Key: key });
  return {
    async read(key) {
      const answer = await nullOn(['NoSuchKey'], client.send(new GetObjectCommand(object(key))));
      if (answer?.Body === undefined) return null;
      return answer.Body.transformToByteArray();
    },

    async lines(key) {
      const answer = await nullOn(['NoSuchKey'], client.send(new GetObjectCommand(object(key))));
      if (answer === null) return null;
      if (!(answer.Body instanceof Readable)) throw new TypeError(`S3 answered no stream for ${key}.`);
      return readLines(answer.Body);
    },

    async remove(keys) {
      const Objects = keys.map((Key) => ({ Key }));
      const { Errors = [] } = await client.send(
        new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
      );
      return Errors.flatMap(({ Key }) => (Key === undefined ? [] : [Key]));
    },

    async copy(from, to) {
      const CopySource = `${bucket}/${encodeURIComponent(from)}`;
      const copied = client.send(new CopyObjectCommand({ ...object(to), CopySource }));
      return (await nullOn(['NoSuchKey'], copied)) !== null;
    },

    async *list(prefix) {
      for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
        for (const { Key, LastModified } of page.Contents ?? []) {
          if (Key !== undefined) yield { key: Key, modifiedAt: LastModified?.getTime() ?? 0 };
        }
      }
    },

    claim: (key, until) => s3Claim(client, clock, object(claimKey(key)), until),
  };
}

/** The answer of S3; null for one of these errors. */
async function nullOn<Output>(names: readonly string[], sent: Promise<Output>): Promise<Output | null> {
  try {
    return await sent;
  } catch (error) {
    if (error instanceof S3ServiceException && names.includes(error.name)) return null;
    throw error;
  }
}

/** The most characters of a line. A Firehose record in base64 has up to 1.4 million. */
const LONGEST_LINE = 8_388_608;

/**
 * The lines of a UTF-8 stream, separated by line feeds only. `node:readline` also breaks at U+2028, which JSON may contain,
 * and treats an aborted stream as complete.
 *
 * @throws The error of the stream; RangeError for an endless line.
 */
export async function* readLines(stream: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let open = '';
  for await (const chunk of stream) {
    const lines = (open + decoder.decode(chunk, { stream: true })).split('\n');
    open = lines.pop() ?? '';
    yield* lines;
    if (open.length > LONGEST_LINE) throw new RangeError(`A line is longer than ${LONGEST_LINE} characters.`);
  }
  open += decoder.decode();
  if (open !== '') yield open;
}
