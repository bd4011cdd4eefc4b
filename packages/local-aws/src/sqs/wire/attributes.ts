import { notImplemented } from '../../protocol/AwsError.ts';
import { invalidAttributeName, invalidAttributeValue } from '../errors.ts';
import { type QueueSettings, queueSettingsSchema } from '../model/queueSettings.ts';
import type { Queue } from '../Queue.ts';

const NUMBERS = new Set([
  'VisibilityTimeout',
  'MessageRetentionPeriod',
  'DelaySeconds',
  'ReceiveMessageWaitTimeSeconds',
  'MaximumMessageSize',
  'KmsDataKeyReusePeriodSeconds',
]);
const FIFO = new Set(['FifoQueue', 'ContentBasedDeduplication', 'DeduplicationScope', 'FifoThroughputLimit']);

/** A queue's settings from the attributes of CreateQueue, which are all text. */
export function settingsFromAttributes(attributes: Readonly<Record<string, string>>): QueueSettings {
  const values: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(attributes)) values[name] = settingFromText(name, text);
  const parsed = queueSettingsSchema.safeParse(values);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue?.code === 'unrecognized_keys') throw invalidAttributeName(issue.keys.join(', '));
  throw invalidAttributeValue(String(issue?.path[0]));
}

function settingFromText(name: string, text: string): unknown {
  if (FIFO.has(name)) throw notImplemented(`sqs CreateQueue attribute ${name}`);
  if (name === 'Policy' || name === 'RedriveAllowPolicy') {
    throw notImplemented(`sqs CreateQueue attribute ${name}`);
  }
  if (NUMBERS.has(name)) return /^\d+$/.test(text) ? Number(text) : text;
  if (name === 'SqsManagedSseEnabled') return text === 'true' ? true : text === 'false' ? false : text;
  if (name !== 'RedrivePolicy') return text;
  try {
    return JSON.parse(text);
  } catch {
    throw invalidAttributeValue(name);
  }
}

/** The attributes of a queue as GetQueueAttributes answers them; `All` asks for every one. */
export function queueAttributes(queue: Queue, names: readonly string[]): Record<string, string> {
  const { visible, inFlight, delayed } = queue.counts();
  const { RedrivePolicy, KmsMasterKeyId, KmsDataKeyReusePeriodSeconds, ...settings } = queue.settings;
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

/** Attributes that exist but that a standard queue need not have. */
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
