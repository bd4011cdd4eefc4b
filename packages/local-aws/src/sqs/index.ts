import { z } from 'zod';
import type { LocalClock } from '../base/clock.ts';
import { memberOf } from '../base/json.ts';
import { notImplemented } from '../protocol/AwsError.ts';
import type { AwsRequest, AwsService } from '../protocol/AwsService.ts';
import { type JsonOperation, jsonService, operation } from '../protocol/JsonService.ts';
import {
  invalidAttributeName,
  invalidAttributeValue,
  invalidParameter,
  noDeadLetterTarget,
  purgeInProgress,
  queryErrorHeaders,
  queueDeletedRecently,
  SQS_LIMITS,
  tooManyTags,
} from './errors.ts';
import { batchOperations, messageOperations } from './messageOperations.ts';
import type { Queue } from './Queue.ts';
import type { Queues } from './Queues.ts';
import {
  type QueueSettings,
  queueNameSchema,
  queueSettingsSchema,
  withOneEncryption,
} from './queueSettings.ts';

export { Queues } from './Queues.ts';
export { queueProperties } from './queueSettings.ts';

/** The API of Amazon SQS for standard queues. */
export function sqsService(options: {
  readonly queues: Queues;
  readonly clock: LocalClock;
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

const byUrl = { QueueUrl: z.string() };

/** Create, find and inspect queues. */
function queueOperations(queues: Queues, account: string): Record<string, JsonOperation> {
  return {
    CreateQueue: operation({
      input: z.strictObject({
        QueueName: z.string(),
        Attributes: z.record(z.string(), z.string()).default({}),
        tags: z.record(z.string(), z.string()).optional(),
      }),
      run: ({ QueueName, Attributes, tags = {} }, request) => {
        if (QueueName.endsWith('.fifo')) throw notImplemented('sqs CreateQueue of a FIFO queue');
        const settings = settingsFromAttributes('CreateQueue', Attributes);
        requireTarget(queues, Attributes['RedrivePolicy']);
        checkTags(QueueName, tags);
        if (queues.deletedWithin(QueueName, SQS_LIMITS.deletionSeconds * 1_000))
          throw queueDeletedRecently(SQS_LIMITS.deletionSeconds);
        const queue = queues.create(queueName(QueueName), withTags(settings, tags), Object.keys(Attributes));
        return { QueueUrl: queues.urlOf(queue.name, endpointOf(request)) };
      },
    }),
    GetQueueUrl: operation({
      input: z.strictObject({ QueueName: z.string(), QueueOwnerAWSAccountId: z.string().optional() }),
      run: ({ QueueName, QueueOwnerAWSAccountId: owner = account }, request) => {
        // A queue of another account doesn't exist here: byUrl throws SQS's own error.
        const queue = queues.byUrl(`http://queue/${owner}/${QueueName}`);
        return { QueueUrl: queues.urlOf(queue.name, endpointOf(request)) };
      },
    }),
    ListQueues: operation({
      input: z.strictObject({
        QueueNamePrefix: z.string().default(''),
        MaxResults: z.int().min(1).max(SQS_LIMITS.queuePage).default(SQS_LIMITS.queuePage),
        NextToken: z.string().default(''),
      }),
      run: ({ QueueNamePrefix, MaxResults, NextToken }, request) => {
        const names = queues
          .all()
          .map(({ name }) => name)
          .filter((name) => name.startsWith(QueueNamePrefix) && name > NextToken);
        const taken = names.slice(0, MaxResults);
        const urls = taken.map((name) => queues.urlOf(name, endpointOf(request)));
        return {
          ...(urls.length > 0 ? { QueueUrls: urls } : {}),
          ...(names.length > MaxResults ? { NextToken: taken.at(-1) } : {}),
        };
      },
    }),
    GetQueueAttributes: operation({
      input: z.strictObject({ ...byUrl, AttributeNames: z.array(z.string()).default([]) }),
      run: ({ QueueUrl, AttributeNames }) => {
        const attributes = queueAttributes(queues.byUrl(QueueUrl), AttributeNames);
        return Object.keys(attributes).length > 0 ? { Attributes: attributes } : {};
      },
    }),
    SetQueueAttributes: operation({
      input: z.strictObject({ ...byUrl, Attributes: z.record(z.string(), z.string()) }),
      run: ({ QueueUrl, Attributes }) => {
        const queue = queues.byUrl(QueueUrl);
        const settings = settingsFromAttributes('SetQueueAttributes', Attributes, queue.settings);
        requireTarget(queues, Attributes['RedrivePolicy']);
        queues.ensure(queue.name, settings);
      },
    }),
    TagQueue: operation({
      input: z.strictObject({ ...byUrl, Tags: z.record(z.string(), z.string()) }),
      run: ({ QueueUrl, Tags }) => {
        const { name, settings } = queues.byUrl(QueueUrl);
        const tags = { ...settings.tags, ...Tags };
        checkTags(name, tags);
        queues.ensure(name, withTags(settings, tags));
      },
    }),
    UntagQueue: operation({
      input: z.strictObject({ ...byUrl, TagKeys: z.array(z.string()) }),
      run: ({ QueueUrl, TagKeys }) => {
        const { name, settings } = queues.byUrl(QueueUrl);
        const left = Object.entries(settings.tags ?? {}).filter(([key]) => !TagKeys.includes(key));
        queues.ensure(name, withTags(settings, Object.fromEntries(left)));
      },
    }),
    ListQueueTags: operation({
      input: z.strictObject(byUrl),
      run: ({ QueueUrl }) => {
        const { tags } = queues.byUrl(QueueUrl).settings;
        return tags === undefined ? {} : { Tags: tags };
      },
    }),
    DeleteQueue: operation({
      input: z.strictObject(byUrl),
      run: ({ QueueUrl }) => queues.delete(queues.byUrl(QueueUrl).name),
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

/** @throws AwsError `InvalidParameterValue` for a dead-letter queue that isn't there. */
function requireTarget(queues: Queues, policy = ''): void {
  if (policy === '') return;
  const arn = memberOf(JSON.parse(policy), 'deadLetterTargetArn');
  if (!queues.all().some((queue) => queue.arn === arn)) throw noDeadLetterTarget(policy);
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-tags.html */
function checkTags(queue: string, tags: Readonly<Record<string, string>>): void {
  const entries = Object.entries(tags);
  if (entries.length > SQS_LIMITS.tags) throw tooManyTags(queue);
  for (const [key, value] of entries) {
    if (key === '' || key.length > SQS_LIMITS.tagKey || /^aws:/i.test(key))
      throw invalidParameter(
        `Tag keys must be between 1 and ${SQS_LIMITS.tagKey} characters in length and not begin with aws:.`,
      );
    if (value.length > SQS_LIMITS.tagValue)
      throw invalidParameter(`Tag values must be between 0 and ${SQS_LIMITS.tagValue} characters in length.`);
  }
}

function withTags(
  { tags: _, ...settings }: QueueSettings,
  tags: Readonly<Record<string, string>>,
): QueueSettings {
  return Object.keys(tags).length === 0 ? settings : { ...settings, tags: { ...tags } };
}

function queueName(name: string): string {
  if (!queueNameSchema.safeParse(name).success) {
    throw invalidParameter(
      'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
    );
  }
  return name;
}

/** URLs have the host name that the caller used. */
function endpointOf(request: AwsRequest): string {
  return `http://${request.headers.host ?? '127.0.0.1'}`;
}

const NUMBERS = new Set([
  'VisibilityTimeout',
  'MessageRetentionPeriod',
  'DelaySeconds',
  'ReceiveMessageWaitTimeSeconds',
  'MaximumMessageSize',
  'KmsDataKeyReusePeriodSeconds',
]);
const FIFO = new Set(['FifoQueue', 'ContentBasedDeduplication', 'DeduplicationScope', 'FifoThroughputLimit']);

/**
 * A queue's settings from attributes, which are all text.
 *
 * @param before What attributes that are left out stay. An empty text removes a policy or key.
 */
function settingsFromAttributes(
  operationName: string,
  attributes: Readonly<Record<string, string>>,
  before: Partial<QueueSettings> = {},
): QueueSettings {
  const values: Record<string, unknown> = { ...before };
  for (const [name, text] of Object.entries(attributes)) {
    if (REMOVABLE.has(name) && text === '') delete values[name];
    else values[name] = settingFromText(operationName, name, text);
  }
  const parsed = queueSettingsSchema.safeParse(withOneEncryption(attributes, values));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue?.code === 'unrecognized_keys') throw invalidAttributeName(issue.keys.join(', '));
  throw invalidAttributeValue(String(issue?.path[0]));
}

/** Attributes that an empty string removes. No queue has one of the last two. */
const REMOVABLE: ReadonlySet<string> = new Set([
  'RedrivePolicy',
  'KmsMasterKeyId',
  'Policy',
  'RedriveAllowPolicy',
]);

function settingFromText(operationName: string, name: string, text: string): unknown {
  if (FIFO.has(name) || name === 'Policy' || name === 'RedriveAllowPolicy')
    throw notImplemented(`sqs ${operationName} attribute ${name}`);
  if (name === 'tags') throw invalidAttributeName(name);
  if (NUMBERS.has(name)) return /^\d+$/.test(text) ? Number(text) : text;
  if (name === 'SqsManagedSseEnabled') return text === 'true' ? true : text === 'false' ? false : text;
  if (name !== 'RedrivePolicy') return text;
  try {
    return JSON.parse(text);
  } catch {
    throw invalidAttributeValue(name);
  }
}

/** The attributes of a queue as GetQueueAttributes returns them; `All` selects every one. */
function queueAttributes(queue: Queue, names: readonly string[]): Record<string, string> {
  const { visible, inFlight, delayed } = queue.counts();
  const {
    RedrivePolicy,
    KmsMasterKeyId,
    KmsDataKeyReusePeriodSeconds,
    tags: _,
    ...settings
  } = queue.settings;
  const all: Record<string, string> = {
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    CreatedTimestamp: seconds(queue.createdAt),
    LastModifiedTimestamp: seconds(queue.modifiedAt),
    ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)])),
    ...(RedrivePolicy === undefined ? {} : { RedrivePolicy: JSON.stringify(RedrivePolicy) }),
    ...(KmsMasterKeyId === undefined ? {} : { KmsMasterKeyId }),
    ...(KmsDataKeyReusePeriodSeconds === undefined
      ? {}
      : { KmsDataKeyReusePeriodSeconds: String(KmsDataKeyReusePeriodSeconds) }),
  };
  if (names.includes('All')) return all;
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = all[name];
      if (value === undefined && !OPTIONAL.has(name)) throw invalidAttributeName(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Attributes that SQS defines but that a standard queue need not have. */
const OPTIONAL = new Set([
  ...FIFO,
  'Policy',
  'RedrivePolicy',
  'RedriveAllowPolicy',
  'KmsMasterKeyId',
  'KmsDataKeyReusePeriodSeconds',
]);

function seconds(epochMs: number): string {
  return String(Math.floor(epochMs / 1_000));
}
