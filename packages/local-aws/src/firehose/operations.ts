import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { diskProblem } from '../base/diskProblem.ts';
import { reportDefect } from '../base/reportDefect.ts';
import type { Faults } from '../faults/Faults.ts';
import { serviceError } from '../faults/serviceErrors.ts';
import { blob, type JsonOperation, operation } from '../protocol/JsonService.ts';
import type { Streams } from './DeliveryStream.ts';
import { invalidArgument, limits, serviceUnavailable, streamNotFound } from './errors.ts';

/** https://docs.aws.amazon.com/firehose/latest/APIReference/API_CreateDeliveryStream.html */
export const streamName = z
  .string()
  .regex(/^[a-zA-Z0-9_.-]{1,64}$/, 'a name of 1 to 64 letters, digits, _ . -');

const record = z.strictObject({ Data: blob });

/**
 * PutRecord and PutRecordBatch. A record is in the journal before the call is answered.
 * https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
 *
 * @param faults Decides which records of a successful call fail.
 */
export function putOperations(streams: Streams, faults: Faults): Record<string, JsonOperation> {
  function put(name: string, records: readonly { readonly Data: Uint8Array }[]) {
    const stream = streams.byName.get(name);
    if (stream === undefined) throw streamNotFound(name, streams.account);
    checkLimits(records.map(({ Data }) => Data.length));
    const faultOf = faults.takeItems('firehose', name);
    const answers = records.map((_, index) => {
      const code = faultOf(index, '');
      if (code === undefined) return { RecordId: recordId() };
      return { ErrorCode: code, ErrorMessage: serviceError('firehose', { code }).message };
    });
    const accepted = records.filter((_, index) => 'RecordId' in (answers[index] ?? {}));
    try {
      stream.accept(accepted.map(({ Data }) => Data));
    } catch (error) {
      const problem = diskProblem(error);
      if (problem !== undefined) reportDefect(error);
      throw serviceUnavailable(problem && `${problem.code}: ${problem.message} ${problem.cure}`);
    }
    return answers;
  }

  return {
    PutRecord: operation({
      input: z.strictObject({ DeliveryStreamName: streamName, Record: record }),
      run({ DeliveryStreamName, Record }) {
        const [answer] = put(DeliveryStreamName, [Record]);
        // A single record has no partial failure: the whole call fails.
        if (answer === undefined || 'ErrorCode' in answer) throw serviceUnavailable();
        return { ...answer, Encrypted: false };
      },
    }),
    PutRecordBatch: operation({
      input: z.strictObject({ DeliveryStreamName: streamName, Records: z.array(record) }),
      run({ DeliveryStreamName, Records }) {
        if (Records.length < 1 || Records.length > limits.recordsPerCall) {
          throw invalidArgument(
            `Records: ${Records.length} records, expected 1 to ${limits.recordsPerCall} in a call.`,
          );
        }
        const answers = put(DeliveryStreamName, Records);
        const FailedPutCount = answers.filter((answer) => 'ErrorCode' in answer).length;
        return { FailedPutCount, Encrypted: false, RequestResponses: answers };
      },
    }),
  };
}

function checkLimits(sizes: readonly number[]): void {
  const largest = Math.max(...sizes);
  if (largest > limits.bytesPerRecord) {
    throw invalidArgument(
      `Record size must be at most ${limits.bytesPerRecord} bytes (1,000 KiB), got ${largest}.`,
    );
  }
  const all = sizes.reduce((sum, size) => sum + size, 0);
  if (all > limits.bytesPerCall) {
    throw invalidArgument(`Records size exceeds 4 MB limit: ${all} bytes of ${limits.bytesPerCall}.`);
  }
}

/** As long and as opaque as AWS's record IDs. */
function recordId(): string {
  return randomBytes(165).toString('base64');
}

/** Operations for tools: they list the streams. */
export function streamOperations(streams: Streams): Record<string, JsonOperation> {
  return {
    ListDeliveryStreams: operation({
      input: z.strictObject({
        Limit: z.int().min(1).max(limits.listed.most).default(limits.listed.default),
        DeliveryStreamType: z.string().optional(),
        ExclusiveStartDeliveryStreamName: streamName.optional(),
      }),
      run({ Limit, DeliveryStreamType = 'DirectPut', ExclusiveStartDeliveryStreamName: after = '' }) {
        const names = [...streams.byName.keys()]
          .sort()
          .filter((name) => name > after && DeliveryStreamType === 'DirectPut');
        return {
          DeliveryStreamNames: names.slice(0, Limit),
          HasMoreDeliveryStreams: names.length > Limit,
        };
      },
    }),
  };
}
