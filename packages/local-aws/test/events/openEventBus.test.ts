import { describe, expect, it } from '@jest/globals';
import { openEventBus } from '../../src/events/index.ts';

const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:partitions';

function openBus() {
  const delivered: { arn: string; event: unknown }[] = [];
  const bus = openEventBus({
    region: 'eu-central-1',
    account: '000000000000',
    deliver: ({ arn }, json) => delivered.push({ arn, event: JSON.parse(json) }),
  });
  return { bus, delivered };
}

const rule = (more: object = {}) => ({
  EventPattern: {
    source: ['aws.s3'],
    'detail-type': ['Object Created'],
    detail: { bucket: { name: ['data'] }, object: { key: [{ prefix: 'statsig/' }] } },
  },
  State: 'ENABLED',
  Targets: [{ Id: 'queue', Arn: QUEUE }],
  ...more,
});

const object = {
  bucket: 'data',
  key: 'statsig/a b+ü%.parquet',
  size: 5,
  etag: 'b1946ac92492d2347c6235b4d2611184',
  sequencer: '617f08299329d189',
  reason: 'PutObject',
  time: Date.UTC(2026, 10, 20, 7, 32, 0, 999),
} as const;

describe('an event bus', () => {
  it(`delivers "Object Created" to a rule's queue with the key unchanged`, () => {
    const { bus, delivered } = openBus();
    bus.putRule('new-files', rule());
    bus.publishObjectCreated(object);
    expect(delivered).toEqual([
      {
        arn: QUEUE,
        event: {
          version: '0',
          id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          'detail-type': 'Object Created',
          source: 'aws.s3',
          account: '000000000000',
          time: '2026-11-20T07:32:00Z',
          region: 'eu-central-1',
          resources: ['arn:aws:s3:::data'],
          detail: {
            version: '0',
            bucket: { name: 'data' },
            object: { key: object.key, size: 5, etag: object.etag, sequencer: object.sequencer },
            'request-id': expect.stringMatching(/^[0-9A-F]{16}$/),
            requester: '000000000000',
            'source-ip-address': '127.0.0.1',
            reason: 'PutObject',
          },
        },
      },
    ]);
  });

  it('delivers no event that a rule does not match, and none to a disabled rule', () => {
    const { bus, delivered } = openBus();
    bus.putRule('new-files', rule());
    bus.putRule('off', rule({ State: 'DISABLED' }));
    bus.publishObjectCreated({ ...object, key: 'quarantine/x' });
    bus.publishObjectCreated({ ...object, bucket: 'other' });
    expect(delivered).toEqual([]);
    bus.putRule('new-files', rule({ State: 'DISABLED' }));
    bus.publishObjectCreated(object);
    expect(delivered).toEqual([]);
  });

  it('delivers to every target of every rule', () => {
    const { bus, delivered } = openBus();
    const second = `${QUEUE}-2`;
    bus.putRule(
      'a',
      rule({
        Targets: [
          { Id: '1', Arn: QUEUE },
          { Id: '2', Arn: second },
        ],
      }),
    );
    bus.putRule('b', rule({ EventBusName: 'default' }));
    bus.publishObjectCreated(object);
    expect(delivered.map(({ arn }) => arn)).toEqual([QUEUE, second, QUEUE]);
  });

  it.each([
    ['a schedule', rule({ ScheduleExpression: 'rate(1 day)' }), 'property ScheduleExpression'],
    [
      'another kind of target',
      rule({ Targets: [{ Id: 'f', Arn: 'arn:aws:lambda:x' }] }),
      'target arn:aws:lambda',
    ],
    [
      'a transformed input',
      rule({ Targets: [{ Id: 'q', Arn: QUEUE, InputPath: '$' }] }),
      'Targets.0.InputPath',
    ],
    ['a pattern that is none', rule({ EventPattern: { source: 'aws.s3' } }), 'Event pattern is not valid'],
  ])('rejects %s by name', (_, properties, message) => {
    expect(() => openBus().bus.putRule('r', properties)).toThrow(message);
  });
});
