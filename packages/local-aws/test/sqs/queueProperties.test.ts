import { describe, expect, it } from '@jest/globals';
import { queueProperties } from '../../src/sqs/queueSettings.ts';

const DEAD = 'arn:aws:sqs:us-east-1:000000000000:dead';

const withReceives = (maxReceiveCount: unknown) =>
  queueProperties({ RedrivePolicy: { deadLetterTargetArn: DEAD, maxReceiveCount } });

describe('the maxReceiveCount of a template', () => {
  it.each([
    { given: 1, read: 1 },
    { given: 1_000, read: 1_000 },
    { given: '5', read: 5 },
  ])('is read from $given, a number or a text', ({ given, read }) => {
    expect(withReceives(given).settings.RedrivePolicy).toEqual({
      deadLetterTargetArn: DEAD,
      maxReceiveCount: read,
    });
  });

  it.each([true, 0, 1_001, 1.5, '1e1', '', null])('is refused as %j', (given) => {
    expect(() => withReceives(given)).toThrow(/RedrivePolicy\.maxReceiveCount/);
  });
});

describe('the properties of a queue in a template', () => {
  it.each(['FifoQueue', 'tags'])('do not include %s', (property) => {
    expect(() => queueProperties({ [property]: true })).toThrow(`AWS::SQS::Queue property ${property}`);
  });

  it.each([
    { properties: { KmsMasterKeyId: 'k' }, settings: { KmsMasterKeyId: 'k', SqsManagedSseEnabled: false } },
    { properties: { SqsManagedSseEnabled: false }, settings: { SqsManagedSseEnabled: false } },
    { properties: {}, settings: { SqsManagedSseEnabled: true } },
  ])('name the encryption of the queue: $properties', ({ properties, settings }) => {
    expect(queueProperties(properties).settings).toMatchObject(settings);
  });

  it('do not name two encryptions', () => {
    expect(() => queueProperties({ KmsMasterKeyId: 'k', SqsManagedSseEnabled: true })).toThrow(
      'one type of server-side encryption',
    );
  });
});
