import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Faults } from '../../faults/Faults.ts';
import { serviceError } from '../../faults/serviceErrors.ts';
import { blob } from '../../protocol/blob.ts';
import { type JsonOperation, operation } from '../../protocol/JsonService.ts';
import { invalidArgument, serviceUnavailable, streamNotFound } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Streams } from '../model/Streams.ts';
import { streamName } from './streamName.ts';

const record = z.strictObject({ Data: blob });

/**
 * PutRecord and PutRecordBatch. A record is in the journal before it is answered.
 * https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
 *
 * @param faults Asked which records of a call that succeeds fail.
 */
export function putOperations(streams: Streams, faults: Faults): Record<string, JsonOperation> {
  async function put(name: string, records: readonly { readonly Data: Uint8Array }[]) {
    const entry = streams.byName.get(name);
    if (entry === undefined) throw streamNotFound(name, streams.account);
    checkLimits(records.map(({ Data }) => Data.length));
    const faultOf = faults.takeItems('firehose', name);
    const answers = records.map((_, index) => {
      const code = faultOf(index, '');
      if (code === undefined) return { RecordId: recordId() };
      return { ErrorCode: code, ErrorMessage: serviceError('firehose', { code }).message };
    });
    const accepted = records.filter((_, index) => 'RecordId' in (answers[index] ?? {}));
    try {
      await entry.stream.accept(accepted.map(({ Data }) => Data));
    } catch {
      // Nothing is acknowledged; whatever was written may still be delivered, as after any failed call.
      throw serviceUnavailable();
    }
    return answers;
  }

  return {
    PutRecord: operation({
      input: z.strictObject({ DeliveryStreamName: streamName, Record: record }),
      async run({ DeliveryStreamName, Record }) {
        const [answer] = await put(DeliveryStreamName, [Record]);
        // A single record has no partial failure to report: the call fails.
        if (answer === undefined || 'ErrorCode' in answer) throw serviceUnavailable();
        return { ...answer, Encrypted: false };
      },
    }),
    PutRecordBatch: operation({
      input: z.strictObject({ DeliveryStreamName: streamName, Records: z.array(record) }),
      async run({ DeliveryStreamName, Records }) {
        if (Records.length < 1 || Records.length > limits.recordsPerCall) {
          throw invalidArgument(
            `Records: ${Records.length} records, expected 1 to ${limits.recordsPerCall} in a call.`,
          );
        }
        const answers = await put(DeliveryStreamName, Records);
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
      `Record size must be at most ${limits.bytesPerRecord} bytes (1,000 KiB), came ${largest}.`,
    );
  }
  const all = sizes.reduce((sum, size) => sum + size, 0);
  if (all > limits.bytesPerCall) {
    throw invalidArgument(`Records size exceeds 4 MB limit: ${all} bytes of ${limits.bytesPerCall}.`);
  }
}

/** As long and as opaque as AWS's. */
function recordId(): string {
  return randomBytes(165).toString('base64');
}
