import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { queueFaults } from '../../../../observe/facts/functions/queueFaults.ts';

const ARN = 'arn:aws:sqs:eu-west-1:111122223333:sluice-prod-write';
const QueueUrl = 'https://sqs.eu-west-1.amazonaws.com/111122223333/sluice-prod-write';
const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/k';
const redrive = (maxReceiveCount: number | string, target = `${ARN}-dead-letters`) =>
  JSON.stringify({ deadLetterTargetArn: target, maxReceiveCount });
/** What SQS tells of the writer's queue as this release makes it. */
const WELL = {
  MessageRetentionPeriod: '345600',
  VisibilityTimeout: '960',
  RedrivePolicy: redrive(10),
};

/** How a queue differs with these attributes, and the attributes of the command. */
function differing(
  attributes: Readonly<Record<string, string | undefined>>,
  { part = 'write', outputs = new Map<string, string>(), isLocal = false } = {},
) {
  const config = defineConfig({ bucket: 'acme', encryption: 'kms', relay: { url: 'https://relay.example' } });
  const deployment = { config, stack: { service: 'sluice', stage: 'prod' }, isLocal };
  const queue = { QueueUrl, arn: ARN, attributes };
  const found = queueFaults(deployment, { outputs, deployedAt: null }, new Map([[part, queue]]));
  return found.map(({ name, differs, keyPoint, repair }) => ({
    name,
    differs,
    keyPoint: keyPoint ?? null,
    set: repair.map((words) => [words.slice(0, 5), JSON.parse(words[5] ?? '')]),
  }));
}
const set = (attributes: object) => [
  [['sqs', 'set-queue-attributes', '--queue-url', QueueUrl, '--attributes'], attributes],
];

describe('a queue', () => {
  it.each([
    { what: 'is as the template has it', attributes: WELL },
    { what: 'has the tries as a text', attributes: { ...WELL, RedrivePolicy: redrive('10') } },
    { what: 'keeps messages for longer', attributes: { ...WELL, MessageRetentionPeriod: '1209600' } },
    { what: 'has the encryption of SQS', attributes: { ...WELL, SqsManagedSseEnabled: 'true' } },
    { what: 'is not of the template', attributes: {}, part: 'other' },
    { what: 'is for dead letters', attributes: { VisibilityTimeout: '30' }, part: 'write-dead-letters' },
    {
      what: 'has the key of the stack',
      attributes: { RedrivePolicy: redrive(1_000), VisibilityTimeout: '720', KmsMasterKeyId: KEY },
      part: 'relay',
    },
  ])('that $what is no fault', ({ attributes, part }) => {
    expect(
      differing(attributes, part === undefined ? {} : { part, outputs: new Map([['KeyArn', KEY]]) }),
    ).toEqual([]);
  });

  it.each([
    {
      what: 'a key of somebody',
      attributes: { ...WELL, KmsMasterKeyId: 'alias/own' },
      differs: ['KmsMasterKeyId is "alias/own" instead of none'],
      keyPoint: 'KmsMasterKeyId is "alias/own" instead of none',
      sets: { KmsMasterKeyId: '', SqsManagedSseEnabled: 'true' },
    },
    {
      what: 'less time for messages, and other times and tries',
      attributes: { MessageRetentionPeriod: '60', VisibilityTimeout: '5', RedrivePolicy: redrive(1) },
      differs: [
        'MessageRetentionPeriod is 60 seconds instead of 345600',
        'VisibilityTimeout is 5 seconds instead of 960',
        'RedrivePolicy.maxReceiveCount is 1 instead of 10',
      ],
      sets: { MessageRetentionPeriod: '345600', VisibilityTimeout: '960', RedrivePolicy: redrive(10) },
    },
    {
      what: 'a longer time for which messages are hidden',
      attributes: { ...WELL, VisibilityTimeout: '43200' },
      differs: ['VisibilityTimeout is 43200 seconds instead of 960'],
      sets: { VisibilityTimeout: '960' },
    },
    {
      what: 'no dead-letter queue',
      attributes: { ...WELL, RedrivePolicy: undefined },
      differs: ['RedrivePolicy is not set'],
      sets: { RedrivePolicy: redrive(10) },
    },
    {
      what: 'an empty policy of dead letters',
      attributes: { ...WELL, RedrivePolicy: '' },
      differs: ['RedrivePolicy is not set'],
      sets: { RedrivePolicy: redrive(10) },
    },
    {
      what: 'another dead-letter queue',
      attributes: { ...WELL, RedrivePolicy: redrive(10, 'arn:aws:sqs:eu-west-1:1:x') },
      differs: [
        `RedrivePolicy.deadLetterTargetArn is "arn:aws:sqs:eu-west-1:1:x" instead of "${ARN}-dead-letters"`,
      ],
      sets: { RedrivePolicy: redrive(10) },
    },
  ])(
    'with $what is told with the command that sets it back',
    ({ attributes, differs, sets, keyPoint = null }) => {
      expect(differing(attributes)).toEqual([
        { name: 'sluice-prod-write', differs, keyPoint, set: set(sets) },
      ]);
    },
  );

  it('of relay is encrypted with the key of the stack, where the stack tells it', () => {
    const attributes = { MessageRetentionPeriod: '1209600', KmsMasterKeyId: 'alias/own' };
    const outputs = new Map([['KeyArn', KEY]]);
    expect(differing(attributes, { part: 'relay-dead-letters', outputs })).toEqual([
      {
        name: 'sluice-prod-relay-dead-letters',
        differs: [`KmsMasterKeyId is "alias/own" instead of "${KEY}"`],
        keyPoint: `KmsMasterKeyId is "alias/own" instead of "${KEY}"`,
        set: set({ KmsMasterKeyId: KEY }),
      },
    ]);
    expect(differing({ KmsMasterKeyId: '' }, { part: 'relay-dead-letters', outputs })).toMatchObject([
      { differs: [`KmsMasterKeyId is not set instead of "${KEY}"`] },
    ]);
    expect(differing(attributes, { part: 'relay-dead-letters' })).toEqual([]);
  });

  it('of the local cloud has no command, as it takes no attributes', () => {
    expect(differing({ ...WELL, VisibilityTimeout: '5' }, { isLocal: true })).toMatchObject([{ set: [] }]);
  });
});
