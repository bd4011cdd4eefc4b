import { resources } from '../../../infra/resources.ts';
import type { Resource } from '../../../infra/template/Resource.ts';
import { partName } from '../../../infra/template/Stack.ts';
import { parseJson, valueAt } from '../../../lib/base/json.ts';
import { isoTimestamp } from '../../../lib/base/time.ts';
import type { Deployment, Queue } from '../../deployment.ts';
import { isOtherRelease, type ReadStack, type StackOutputs } from '../flow/stackOutputs.ts';

/** A queue that is not as the template has it. */
interface QueueFault {
  /** What it is. */
  readonly what: 'queue';
  /** Its name. */
  readonly name: string;
  /** The question whose answer shows it. */
  readonly part: "the functions' runs";
  /** How it differs. */
  readonly differs: readonly string[];
  /** Of `differs` the one that names another key than that of the template; absent if the queue has the template's. */
  readonly keyPoint?: string;
  /** It is there. */
  readonly isDeployed: true;
  /** When the stack was deployed last, ISO 8601; null if CloudFormation does not say it. */
  readonly deployedAt: string | null;
  /** When it was changed last, ISO 8601; null if SQS does not say it. */
  readonly changedAt: string | null;
  /** Whether another release of Sluice has deployed the stack. */
  readonly isOtherRelease: boolean;
  /** Words after `aws` of the command that sets it back; none in the local cloud. */
  readonly repair: readonly (readonly string[])[];
}

/** How a queue differs from its template. */
interface QueueDrift {
  /** Each attribute that differs, in words. */
  readonly differs: readonly string[];
  /** Of `differs` the one that names another key; absent if the queue has the template's. */
  readonly keyPoint?: string;
  /** The attributes that set it back, as SQS takes them. */
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * The resources of the template, in a bucket that exists.
 *
 * @param outputs Of the deployed stack: names that a configuration brings are texts in the template, not references.
 */
export function templateResources(
  { config, stack }: Pick<Deployment, 'config' | 'stack'>,
  outputs: StackOutputs,
): readonly (readonly [id: string, resource: Resource])[] {
  const keyArn = config.existing.keyArn ?? outputs.get('KeyArn') ?? null;
  const written = { ...stack, config: { ...config, existing: { ...config.existing, bucket: true, keyArn } } };
  return Object.entries(resources(written).Resources);
}

/**
 * Queues whose attributes are other than the template makes them, as far as work depends on them. A longer retention loses nothing.
 *
 * @param queues Those that were read, by their names without the stack's.
 */
export function queueFaults(
  deployment: Pick<Deployment, 'config' | 'stack' | 'isLocal'>,
  { outputs, deployedAt }: Pick<ReadStack, 'outputs' | 'deployedAt'>,
  queues: ReadonlyMap<string, Pick<Queue, 'QueueUrl' | 'arn' | 'attributes'>>,
): readonly QueueFault[] {
  const wanted = new Map(
    templateResources(deployment, outputs).map(([, { Properties }]) => [Properties['QueueName'], Properties]),
  );
  return [...queues].flatMap(([part, { QueueUrl = '', arn, attributes }]): readonly QueueFault[] => {
    const name = partName(deployment.stack, part);
    const properties = wanted.get(name);
    const drift = properties === undefined ? null : queueDrift(properties, attributes, `${arn}-dead-letters`);
    if (drift === null || drift.differs.length === 0) return [];
    const set = ['--queue-url', QueueUrl, '--attributes', JSON.stringify(drift.attributes)];
    const changed = Number(attributes['LastModifiedTimestamp']);
    return [
      {
        what: 'queue',
        part: "the functions' runs",
        name,
        differs: drift.differs,
        ...(drift.keyPoint === undefined ? {} : { keyPoint: drift.keyPoint }),
        isDeployed: true,
        deployedAt,
        changedAt: changed > 0 ? isoTimestamp(changed * 1_000) : null,
        isOtherRelease: isOtherRelease(outputs),
        // The local cloud takes no new attributes: it makes those of its template when it starts.
        repair: deployment.isLocal ? [] : [['sqs', 'set-queue-attributes', ...set]],
      },
    ];
  });
}

/** Compares the attributes of a queue. @param deadLetters ARN of its dead-letter queue. */
function queueDrift(
  properties: Resource['Properties'],
  attributes: Queue['attributes'],
  deadLetters: string,
): QueueDrift {
  const key = keyDrift(properties['KmsMasterKeyId'], attributes['KmsMasterKeyId']);
  const points = [
    key,
    numberPoint('MessageRetentionPeriod', properties, attributes),
    numberPoint('VisibilityTimeout', properties, attributes),
    redrivePoint(properties['RedrivePolicy'], attributes['RedrivePolicy'], deadLetters),
  ].filter((point) => point !== null);
  return {
    differs: points.flatMap(({ differs }) => differs),
    ...(key === null ? {} : { keyPoint: key.keyPoint }),
    attributes: Object.assign({}, ...points.map((point) => point.attributes)),
  };
}

/** Another key than that of the template, which may be none. */
function keyDrift(wanted: unknown, current = ''): (QueueDrift & { readonly keyPoint: string }) | null {
  // The key of a stack that does not tell it is a reference.
  if (wanted !== undefined && typeof wanted !== 'string') return null;
  if (current === (wanted ?? '')) return null;
  const is = current === '' ? 'not set' : JSON.stringify(current);
  const keyPoint = `KmsMasterKeyId is ${is} instead of ${wanted === undefined ? 'none' : JSON.stringify(wanted)}`;
  return {
    differs: [keyPoint],
    keyPoint,
    // Without a key SQS encrypts with its own: a queue has one of both.
    attributes:
      wanted === undefined
        ? { KmsMasterKeyId: '', SqsManagedSseEnabled: 'true' }
        : { KmsMasterKeyId: wanted },
  };
}

/** Seconds that differ: a shorter retention, or any other time for which a message is hidden. */
function numberPoint(
  name: 'MessageRetentionPeriod' | 'VisibilityTimeout',
  { [name]: wanted }: Resource['Properties'],
  { [name]: text }: Queue['attributes'],
): QueueDrift | null {
  const current = Number(text);
  if (typeof wanted !== 'number' || Number.isNaN(current)) return null;
  const isLonger = name === 'MessageRetentionPeriod' && current > wanted;
  if (current === wanted || isLonger) return null;
  return {
    differs: [`${name} is ${current} seconds instead of ${wanted}`],
    attributes: { [name]: `${wanted}` },
  };
}

/** Another number of tries, another dead-letter queue, or none. */
function redrivePoint(policy: unknown, text: string | undefined, deadLetters: string): QueueDrift | null {
  const tries = valueAt(policy, ['maxReceiveCount']);
  if (tries === undefined) return null;
  const current = parseJson(text ?? '');
  const currentTries = valueAt(current, ['maxReceiveCount']);
  const target = valueAt(current, ['deadLetterTargetArn']);
  const differs = [
    ...(text === undefined || text === '' ? ['RedrivePolicy is not set'] : []),
    ...(text && String(currentTries) !== String(tries)
      ? [`RedrivePolicy.maxReceiveCount is ${currentTries} instead of ${tries}`]
      : []),
    ...(text && target !== deadLetters
      ? [`RedrivePolicy.deadLetterTargetArn is ${JSON.stringify(target)} instead of "${deadLetters}"`]
      : []),
  ];
  if (differs.length === 0) return null;
  const wanted = { deadLetterTargetArn: deadLetters, maxReceiveCount: tries };
  return { differs, attributes: { RedrivePolicy: JSON.stringify(wanted) } };
}
