import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { diskProblem } from '../base/diskProblem.ts';
import { reportDefect } from '../base/reportDefect.ts';
import { blob, type JsonOperation, operation } from '../protocol/jsonService.ts';
import type { DeliveryStream } from './DeliveryStream.ts';
import { FIREHOSE_LIMITS, invalidArgument, serviceUnavailable, streamNotFound } from './errors.ts';

/** Random bytes of a record's ID, which is then as long and as opaque as AWS's IDs. */
const RECORD_ID_BYTES = 165;

/** The name of a stream: https://docs.aws.amazon.com/firehose/latest/APIReference/API_CreateDeliveryStream.html */
export const streamName = z
  .string()
  .regex(/^[a-zA-Z0-9_.-]{1,64}$/, 'a name of 1 to 64 letters, digits, _ . -');

/**
 * PutRecord. A record is in the journal before the call is answered.
 * https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecord.html
 */
export function putRecord(
  streams: ReadonlyMap<string, DeliveryStream>,
  account: string,
): Record<string, JsonOperation> {
  return {
    PutRecord: operation({
      input: z.strictObject({ DeliveryStreamName: streamName, Record: z.strictObject({ Data: blob }) }),
      run({ DeliveryStreamName: name, Record: { Data } }) {
        const stream = streams.get(name);
        if (stream === undefined) throw streamNotFound(name, account);
        if (Data.length > FIREHOSE_LIMITS.bytesPerRecord) {
          throw invalidArgument(
            `Record size must be at most ${FIREHOSE_LIMITS.bytesPerRecord} bytes (1,000 KiB), got ${Data.length}.`,
          );
        }
        try {
          stream.accept(Data);
        } catch (error) {
          const problem = diskProblem(error);
          if (problem !== undefined) reportDefect(error);
          throw serviceUnavailable(problem && `${problem.code}: ${problem.message} ${problem.cure}`);
        }
        return { RecordId: randomBytes(RECORD_ID_BYTES).toString('base64'), Encrypted: false };
      },
    }),
  };
}
