import { z } from 'zod';
import type { LocalClock } from '../../base/LocalClock.ts';
import { type JsonOperation, operation } from '../../protocol/JsonService.ts';
import { outOfRange } from '../errors.ts';
import { SQS_LIMITS } from '../limits.ts';
import { bodyMd5, type ReceivedMessage, systemAttributes } from '../model/Message.ts';
import type { Queues } from '../Queues.ts';
import { traceHeader } from '../recursion.ts';
import { receiveWithin } from './receiveWithin.ts';

const byUrl = { QueueUrl: z.string() };

/** Send, receive and delete single messages. Message attributes are refused by name. */
export function messageOperations(
  queues: Queues,
  clock: LocalClock,
  account: string,
): Record<string, JsonOperation> {
  return {
    SendMessage: operation({
      input: z.strictObject({ ...byUrl, MessageBody: z.string(), DelaySeconds: z.int().optional() }),
      run: ({ QueueUrl, MessageBody, DelaySeconds }, { headers }) => {
        const { id } = queues.byUrl(QueueUrl).send(MessageBody, delayMs(DelaySeconds), traceHeader(headers));
        return { MessageId: id, MD5OfMessageBody: bodyMd5(MessageBody) };
      },
    }),
    ReceiveMessage: operation({
      input: z.strictObject({
        ...byUrl,
        MaxNumberOfMessages: z.int().default(1),
        VisibilityTimeout: z.int().optional(),
        WaitTimeSeconds: z.int().optional(),
        /** The older name of the next member. */
        AttributeNames: z.array(z.string()).default([]),
        MessageSystemAttributeNames: z.array(z.string()).default([]),
        /** Messages have none here, so whatever is asked for, nothing is left out. */
        MessageAttributeNames: z.array(z.string()).optional(),
      }),
      run: async (input) => {
        const queue = queues.byUrl(input.QueueUrl);
        const max = within(input.MaxNumberOfMessages, 'MaxNumberOfMessages', 1, SQS_LIMITS.batch);
        const wait = input.WaitTimeSeconds ?? queue.settings.ReceiveMessageWaitTimeSeconds;
        const messages = await receiveWithin(queue, clock, {
          max,
          visibilityMs: visibilityMs(input.VisibilityTimeout),
          waitMs: within(wait, 'WaitTimeSeconds', 0, SQS_LIMITS.wait) * 1_000,
        });
        if (messages.length === 0) return {};
        const names = new Set([...input.AttributeNames, ...input.MessageSystemAttributeNames]);
        return { Messages: messages.map((message) => messageDocument(message, names, account)) };
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

/** Seconds of delay to milliseconds; undefined stays for the queue's own. */
export function delayMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : within(seconds, 'DelaySeconds', 0, SQS_LIMITS.delay) * 1_000;
}

function visibilityMs(seconds: number | undefined): number | undefined {
  return seconds === undefined
    ? undefined
    : within(seconds, 'VisibilityTimeout', 0, SQS_LIMITS.visibilityTimeout) * 1_000;
}

function within(value: number, name: string, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  throw outOfRange(value, name, `Must be >= ${least} and <= ${most}, if provided`);
}

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
