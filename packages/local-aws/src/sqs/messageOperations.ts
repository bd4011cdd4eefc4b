import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { LocalClock } from '../base/clock.ts';
import { AwsError } from '../protocol/AwsError.ts';
import { type JsonOperation, operation } from '../protocol/jsonService.ts';
import {
  batchTooLong,
  emptyBatch,
  idsNotDistinct,
  invalidBatchId,
  invalidParameter,
  outOfRange,
  queryName,
  SQS_LIMITS,
  tooManyEntries,
} from './errors.ts';
import { bodyMd5, type ReceivedMessage, systemAttributes } from './Message.ts';
import type { Queue } from './Queue.ts';
import type { Queues } from './Queues.ts';

/** The member of every operation on one queue. */
const byUrl = { QueueUrl: z.string() };

/** Send, receive and delete single messages. */
export function messageOperations(
  queues: Queues,
  clock: LocalClock,
  account: string,
): Record<string, JsonOperation> {
  return {
    SendMessage: operation({
      input: z.strictObject({ ...byUrl, ...sentMembers }),
      run: ({ QueueUrl, ...sent }, { headers }) => send(queues.byUrl(QueueUrl), sent, headers),
    }),
    ReceiveMessage: operation({
      input: z.strictObject({
        ...byUrl,
        MaxNumberOfMessages: z.int().default(1),
        VisibilityTimeout: z.int().optional(),
        WaitTimeSeconds: z.int().default(0),
        /** The older name of `MessageSystemAttributeNames`. */
        AttributeNames: z.array(z.string()).default([]),
        MessageSystemAttributeNames: z.array(z.string()).default([]),
        /** Messages have none. */
        MessageAttributeNames: z.array(z.string()).optional(),
      }),
      run: async (input) => {
        const queue = queues.byUrl(input.QueueUrl);
        const max = within(input.MaxNumberOfMessages, 'MaxNumberOfMessages', 1, SQS_LIMITS.batch);
        const messages = await receiveWithin(queue, clock, {
          max,
          visibilityMs: visibilityMs(input.VisibilityTimeout),
          waitMs: within(input.WaitTimeSeconds, 'WaitTimeSeconds', 0, SQS_LIMITS.wait) * 1_000,
        });
        if (messages.length === 0) return {};
        const names = new Set([...input.AttributeNames, ...input.MessageSystemAttributeNames]);
        return {
          Messages: messages.map((message) => messageDocument(message, names, account)),
        };
      },
    }),
    DeleteMessage: operation({
      input: z.strictObject({ ...byUrl, ReceiptHandle: z.string() }),
      run: ({ QueueUrl, ReceiptHandle }) => queues.byUrl(QueueUrl).delete(ReceiptHandle),
    }),
    ChangeMessageVisibility: operation({
      input: z.strictObject({ ...byUrl, ReceiptHandle: z.string(), VisibilityTimeout: z.int() }),
      run: ({ QueueUrl, ReceiptHandle, VisibilityTimeout }) =>
        queues.byUrl(QueueUrl).changeVisibility(ReceiptHandle, visibilityMs(VisibilityTimeout) ?? 0),
    }),
  };
}

/** Members of a message that is sent. */
const sentMembers = {
  MessageBody: z.string(),
  DelaySeconds: z.int().default(0),
  /** The tenant of a fair queue; for standard queues only. */
  MessageGroupId: z.string().optional(),
};
/** A message that is sent. */
type Sent = z.output<z.ZodObject<typeof sentMembers>>;

/** The form of a `MessageGroupId`: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
const GROUP_ID = /^[\w!"#$%&'()*+,\-./:;<=>?@[\\\]^`{|}~]{1,128}$/;

/** Sends a message. Returns the members of the answer. @throws AwsError */
function send(
  queue: Queue,
  { MessageBody, DelaySeconds, MessageGroupId }: Sent,
  headers: IncomingHttpHeaders,
): Record<string, string> {
  if (MessageGroupId !== undefined && !GROUP_ID.test(MessageGroupId))
    throw invalidParameter(
      `Value ${MessageGroupId} for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
    );
  const { id } = queue.send(MessageBody, {
    delayMs: within(DelaySeconds, 'DelaySeconds', 0, SQS_LIMITS.delay) * 1_000,
    traceHeader: traceHeader(headers),
    groupId: MessageGroupId,
  });
  return { MessageId: id, MD5OfMessageBody: bodyMd5(MessageBody) };
}

/** The header with which AWS SDKs in a function pass its chain on. SQS stores it as `AWSTraceHeader`. */
function traceHeader(headers: IncomingHttpHeaders): string | undefined {
  const value = headers['x-amzn-trace-id'];
  return Array.isArray(value) ? value[0] : value;
}

/** Converts a visibility timeout to milliseconds; undefined stands for the queue's own. */
function visibilityMs(seconds: number | undefined): number | undefined {
  return seconds === undefined
    ? undefined
    : within(seconds, 'VisibilityTimeout', 0, SQS_LIMITS.visibilityTimeout) * 1_000;
}

/** A value within bounds. @throws AwsError InvalidParameterValueException */
function within(value: number, name: string, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  throw outOfRange(value, name, `Must be >= ${least} and <= ${most}, if provided`);
}

/**
 * A message as `ReceiveMessage` answers it. @param names Names of the attributes that the caller asks for, or `All`.
 */
function messageDocument(message: ReceivedMessage, names: ReadonlySet<string>, account: string) {
  const attributes = Object.fromEntries(
    Object.entries(systemAttributes(message, account)).filter(
      ([name]) => names.has('All') || names.has(name),
    ),
  );
  return {
    MessageId: message.id,
    ReceiptHandle: message.receipt,
    MD5OfBody: bodyMd5(message.body),
    Body: message.body,
    ...(Object.keys(attributes).length > 0 ? { Attributes: attributes } : {}),
  };
}

/** The ID of an entry of a batch. */
const BATCH_ID = /^[\w-]{1,80}$/;

/** Send up to ten messages a call. Each entry succeeds or fails independently. */
export function batchOperations(queues: Queues): Record<string, JsonOperation> {
  return {
    SendMessageBatch: operation({
      input: z.strictObject({
        QueueUrl: z.string(),
        Entries: z.array(z.strictObject({ Id: z.string(), ...sentMembers })),
      }),
      run: ({ QueueUrl, Entries }, { headers }) => {
        const queue = queues.byUrl(QueueUrl);
        checkEntries(Entries);
        const bytes = Entries.reduce((sum, { MessageBody }) => sum + Buffer.byteLength(MessageBody), 0);
        if (bytes > SQS_LIMITS.messageBytes) throw batchTooLong(SQS_LIMITS.messageBytes, bytes);
        return settleEach(Entries, ({ Id: _, ...sent }) => send(queue, sent, headers));
      },
    }),
  };
}

/** Checks a batch before any of its entries. @throws AwsError for a batch that SQS refuses as a whole. */
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

/** Runs each entry of a batch. Returns the answer of the batch. */
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
        Code: queryName(error),
        Message: error.message,
      });
    }
  }
  return { Successful: successful, Failed: failed };
}

/** Long polling: returns as soon as there is a message, or with none after `waitMs`. */
async function receiveWithin(
  queue: Queue,
  clock: LocalClock,
  options: { readonly max: number; readonly visibilityMs: number | undefined; readonly waitMs: number },
): Promise<ReceivedMessage[]> {
  const first = queue.receive(options.max, options.visibilityMs);
  if (first.length > 0 || options.waitMs === 0) return first;
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      alarm.cancel();
      stopListening();
      finish();
    };
    const alarm = clock.after(options.waitMs, () => settle(() => resolve([])));
    // Nothing is visible now, so the listener isn't called before `onMessage` has returned.
    const stopListening = queue.onMessage(() => {
      try {
        const messages = queue.receive(options.max, options.visibilityMs);
        if (messages.length > 0) settle(() => resolve(messages));
      } catch (error) {
        settle(() => reject(error));
      }
    });
  });
}
