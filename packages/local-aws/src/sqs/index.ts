import { z } from 'zod';
import type { LocalClock } from '../base/clock.ts';
import { memberOf } from '../base/json.ts';
import { notImplemented } from '../protocol/AwsError.ts';
import type { AwsRequest, AwsService } from '../protocol/AwsService.ts';
import { type JsonOperation, jsonService, operation } from '../protocol/jsonService.ts';
import {
  invalidAttributeName,
  invalidParameter,
  purgeInProgress,
  queryErrorHeaders,
  SQS_LIMITS,
} from './errors.ts';
import { batchOperations, messageOperations } from './messageOperations.ts';
import type { Queue } from './Queue.ts';
import type { Queues } from './Queues.ts';
import { queueNameSchema, queueSettingsSchema } from './queueSettings.ts';

export { Queues } from './Queues.ts';
export { queueProperties } from './queueSettings.ts';

/** The API of Amazon SQS for standard queues. */
export function sqsService(options: {
  /** The queues of the account. */
  readonly queues: Queues;
  /** The clock of waits for messages. */
  readonly clock: LocalClock;
  /** The account of the queues: twelve digits. */
  readonly account: string;
}): AwsService {
  const { queues, clock, account } = options;
  return jsonService({
    signingName: 'sqs',
    targetPrefix: 'AmazonSQS',
    contentType: 'application/x-amz-json-1.0',
    invalidInput: invalidParameter,
    errorHeaders: queryErrorHeaders,
    resource: (input) => memberOf(input, 'QueueUrl', 'QueueName')?.split('/').at(-1),
    operations: {
      ...queueOperations(queues, account),
      ...messageOperations(queues, clock, account),
      ...batchOperations(queues),
    },
  });
}

/** The member of every operation on one queue. */
const byUrl = { QueueUrl: z.string() };

/** Create, find and inspect queues. */
function queueOperations(queues: Queues, account: string): Record<string, JsonOperation> {
  return {
    CreateQueue: operation({
      input: z.strictObject({ QueueName: z.string() }),
      run: ({ QueueName }, request) => {
        if (QueueName.endsWith('.fifo')) throw notImplemented('sqs CreateQueue of a FIFO queue');
        const name = queueName(QueueName);
        if (!queues.has(name)) queues.ensure(name, queueSettingsSchema.parse({}));
        return { QueueUrl: queues.urlOf(name, endpointOf(request)) };
      },
    }),
    GetQueueUrl: operation({
      input: z.strictObject({ QueueName: z.string() }),
      run: ({ QueueName }, request) => {
        // byUrl throws SQS's own error for a queue that does not exist.
        const queue = queues.byUrl(`http://queue/${account}/${QueueName}`);
        return { QueueUrl: queues.urlOf(queue.name, endpointOf(request)) };
      },
    }),
    GetQueueAttributes: operation({
      input: z.strictObject({ ...byUrl, AttributeNames: z.array(z.string()).default([]) }),
      run: ({ QueueUrl, AttributeNames }) => {
        const attributes = queueAttributes(queues.byUrl(QueueUrl), AttributeNames);
        return Object.keys(attributes).length > 0 ? { Attributes: attributes } : {};
      },
    }),
    // The task has ended when the call is answered, so it cannot be looked at or cancelled.
    StartMessageMoveTask: operation({
      input: z.strictObject({ SourceArn: z.string(), DestinationArn: z.string() }),
      run: ({ SourceArn, DestinationArn }) => {
        const isTarget = ({ settings }: Queue) => settings.RedrivePolicy?.deadLetterTargetArn === SourceArn;
        if (!queues.all().some(isTarget))
          throw invalidParameter('Source queue must be configured as a Dead Letter Queue.');
        queues.byArn(SourceArn).moveAll(queues.byArn(DestinationArn));
        return { TaskHandle: Buffer.from(JSON.stringify({ sourceArn: SourceArn })).toString('base64') };
      },
    }),
    PurgeQueue: operation({
      input: z.strictObject(byUrl),
      run: ({ QueueUrl }) => {
        const queue = queues.byUrl(QueueUrl);
        if (!queue.purge()) throw purgeInProgress(queue.name, SQS_LIMITS.purgeInterval);
      },
    }),
  };
}

/** A valid name of a queue. @throws AwsError InvalidParameterValueException */
function queueName(name: string): string {
  if (!queueNameSchema.safeParse(name).success) {
    throw invalidParameter(
      'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
    );
  }
  return name;
}

/** The endpoint in the URLs of queues: the host that the caller used. */
function endpointOf(request: AwsRequest): string {
  return `http://${request.headers.host ?? '127.0.0.1'}`;
}

/** The attributes of a queue as GetQueueAttributes returns them; `All` selects every one. */
function queueAttributes(queue: Queue, names: readonly string[]): Record<string, string> {
  const { visible, inFlight, delayed } = queue.counts();
  const settings = Object.entries(queue.settings).flatMap(([name, value]): [string, string][] => {
    if (value === undefined) return [];
    return [[name, typeof value === 'object' ? JSON.stringify(value) : String(value)]];
  });
  const attributes = new Map([
    ['QueueArn', queue.arn],
    ['ApproximateNumberOfMessages', String(visible)],
    ['ApproximateNumberOfMessagesNotVisible', String(inFlight)],
    ['ApproximateNumberOfMessagesDelayed', String(delayed)],
    ['CreatedTimestamp', seconds(queue.createdAt)],
    ['LastModifiedTimestamp', seconds(queue.modifiedAt)],
    // Neither can be set here.
    ['DelaySeconds', '0'],
    ['ReceiveMessageWaitTimeSeconds', '0'],
    ...settings,
  ]);
  if (names.includes('All')) return Object.fromEntries(attributes);
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = attributes.get(name);
      if (value === undefined && !OPTIONAL.has(name)) throw invalidAttributeName(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Attributes that SQS defines but that a queue need not have here. */
const OPTIONAL = new Set([
  'FifoQueue',
  'ContentBasedDeduplication',
  'DeduplicationScope',
  'FifoThroughputLimit',
  'Policy',
  'RedrivePolicy',
  'RedriveAllowPolicy',
  'KmsMasterKeyId',
  'KmsDataKeyReusePeriodSeconds',
]);

/** Epoch seconds as a text. */
function seconds(epochMs: number): string {
  return String(Math.floor(epochMs / 1_000));
}
