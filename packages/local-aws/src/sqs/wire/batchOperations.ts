import { z } from 'zod';
import { AwsError } from '../../protocol/AwsError.ts';
import { type JsonOperation, operation } from '../../protocol/JsonService.ts';
import { batchTooLong, emptyBatch, idsNotDistinct, invalidBatchId, tooManyEntries } from '../errors.ts';
import { SQS_LIMITS } from '../limits.ts';
import { bodyMd5 } from '../model/Message.ts';
import type { Queues } from '../Queues.ts';
import { traceHeader } from '../recursion.ts';
import { delayMs } from './messageOperations.ts';

const BATCH_ID = /^[\w-]{1,80}$/;

/** Send and delete up to ten messages a call; each succeeds or fails by itself. */
export function batchOperations(queues: Queues): Record<string, JsonOperation> {
  return {
    SendMessageBatch: operation({
      input: z.strictObject({
        QueueUrl: z.string(),
        Entries: z.array(
          z.strictObject({ Id: z.string(), MessageBody: z.string(), DelaySeconds: z.int().optional() }),
        ),
      }),
      run: ({ QueueUrl, Entries }, { headers }) => {
        const queue = queues.byUrl(QueueUrl);
        checkEntries(Entries);
        const bytes = Entries.reduce((sum, { MessageBody }) => sum + Buffer.byteLength(MessageBody), 0);
        if (bytes > SQS_LIMITS.messageBytes) throw batchTooLong(SQS_LIMITS.messageBytes, bytes);
        return settleEach(Entries, ({ MessageBody, DelaySeconds }) => ({
          MessageId: queue.send(MessageBody, delayMs(DelaySeconds), traceHeader(headers)).id,
          MD5OfMessageBody: bodyMd5(MessageBody),
        }));
      },
    }),
    DeleteMessageBatch: operation({
      input: z.strictObject({
        QueueUrl: z.string(),
        Entries: z.array(z.strictObject({ Id: z.string(), ReceiptHandle: z.string() })),
      }),
      run: ({ QueueUrl, Entries }) => {
        const queue = queues.byUrl(QueueUrl);
        checkEntries(Entries);
        return settleEach(Entries, ({ ReceiptHandle }) => {
          queue.delete(ReceiptHandle);
          return {};
        });
      },
    }),
  };
}

function checkEntries(entries: readonly { readonly Id: string }[]): void {
  if (entries.length === 0) throw emptyBatch();
  if (entries.length > SQS_LIMITS.batch) throw tooManyEntries(SQS_LIMITS.batch, entries.length);
  const seen = new Set<string>();
  for (const { Id } of entries) {
    if (!BATCH_ID.test(Id)) throw invalidBatchId();
    if (seen.has(Id)) throw idsNotDistinct(Id);
    seen.add(Id);
  }
}

function settleEach<Entry extends { readonly Id: string }>(
  entries: readonly Entry[],
  run: (entry: Entry) => Readonly<Record<string, string>>,
) {
  const successful: Record<string, string>[] = [];
  const failed: { Id: string; SenderFault: boolean; Code: string; Message: string }[] = [];
  for (const entry of entries) {
    try {
      successful.push({ Id: entry.Id, ...run(entry) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      failed.push({
        Id: entry.Id,
        SenderFault: error.status < 500,
        Code: error.code,
        Message: error.message,
      });
    }
  }
  return { Successful: successful, Failed: failed };
}
