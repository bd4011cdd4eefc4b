import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { DAY_MS } from '../../src/base/clock.ts';
import { ManualClock } from '../../src/base/index.ts';
import { statusChangeEvent } from '../../src/cloudformation/index.ts';
import { objectCreatedEvent, openEventBus } from '../../src/events/index.ts';
import type { PublishedEvents } from '../../src/events/publishedEvents.ts';

const ACCOUNT = '000000000000';
const QUEUE = `arn:aws:sqs:us-east-1:${ACCOUNT}:partitions`;

/** A bus that keeps what it delivers. */
function openBus() {
  const delivered: { arn: string; event: unknown }[] = [];
  const bus = openEventBus({
    region: 'eu-central-1',
    account: ACCOUNT,
    deliver: ({ arn }, json) => delivered.push({ arn, event: JSON.parse(json) }),
  });
  return { bus, delivered };
}

const STACK_CHANGE = 'CloudFormation Stack Status Change';
const stack = {
  name: 'shop',
  region: 'eu-central-1',
  account: ACCOUNT,
  partition: 'aws',
  createdMs: 0,
  status: 'CREATE_COMPLETE',
  resources: [],
  outputs: {},
};

/** The pattern that wants an event's own value at each field. */
function patternOf(event: object): object {
  const wanted = Object.entries(event).map(([field, value]) => [
    field,
    typeof value === 'object' && !Array.isArray(value) ? patternOf(value) : [value].flat(),
  ]);
  return Object.fromEntries(wanted);
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
  sequencer: '00617F08299329D189',
  reason: 'PutObject',
  time: Date.UTC(2026, 10, 20, 7, 32, 0, 999),
} as const;

/** A case of each event. */
const published: PublishedEvents = {
  'Object Created': objectCreatedEvent(
    { ...object, versionId: 'tXa1Kq0900617F08299329D189b2Lc0P' },
    { region: 'eu-central-1', account: ACCOUNT },
  ),
  [STACK_CHANGE]: statusChangeEvent(stack),
};
/** The page that names what is emulated. */
const services = readFileSync(join(import.meta.dirname, '../../docs/services.md'), 'utf8');

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
          account: ACCOUNT,
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
    {
      what: 'a schedule',
      properties: rule({ ScheduleExpression: 'rate(1 day)' }),
      message: 'property ScheduleExpression',
    },
    {
      what: 'another kind of target',
      properties: rule({ Targets: [{ Id: 'f', Arn: 'arn:aws:lambda:x' }] }),
      message: 'target arn:aws:lambda',
    },
    {
      what: 'a transformed input',
      properties: rule({ Targets: [{ Id: 'q', Arn: QUEUE, InputPath: '$' }] }),
      message: 'Targets.0.InputPath',
    },
    {
      what: 'a pattern that is none',
      properties: rule({ EventPattern: { source: 'aws.s3' } }),
      message: 'Event pattern is not valid',
    },
    {
      what: 'a rule without a pattern',
      properties: rule({ EventPattern: undefined }),
      message: 'must be specified',
    },
  ])('rejects $what by name', ({ properties, message }) => {
    expect(() => openBus().bus.putRule('r', properties)).toThrow(message);
  });

  it.each<{ readonly EventPattern: object; readonly named: string }>([
    { EventPattern: { 'detail-type': ['Object Deleted'] }, named: 'detail-type "Object Deleted"' },
    {
      EventPattern: { source: ['aws.s3'], 'detail-type': ['Object Created', 'Nonsense'] },
      named: 'detail-type "Nonsense"',
    },
    { EventPattern: { source: ['aws.s3', { prefix: 'aws.ec' }] }, named: 'source {"prefix":"aws.ec"}' },
    {
      EventPattern: { source: ['aws.s3'], 'detail-type': [STACK_CHANGE] },
      named: 'detail-type ["CloudFormation Stack',
    },
    {
      EventPattern: { detail: { object: { size: ['5'] } }, source: ['aws.s3'] },
      named: 'detail.object.size ["5"]',
    },
    { EventPattern: { detail: { reason: { is: ['PutObject'] } } }, named: 'detail.reason {"is"' },
    { EventPattern: { detail: { 'stack-id': ['x'], reason: ['PutObject'] } }, named: 'detail.' },
    {
      EventPattern: { detail: { 'status-details': { status: ['DELETE_COMPLETE'] } } },
      named: 'status ["DELETE_COMPLETE"]',
    },
    { EventPattern: { account: ['111111111111'] }, named: 'account ["111111111111"]' },
    { EventPattern: { constructor: ['x'] }, named: 'constructor ["x"]' },
    { EventPattern: { resources: [null] }, named: 'resources [null]' },
    { EventPattern: { time: [{ prefix: 'November' }] }, named: 'time [{"prefix":"November"}]' },
    { EventPattern: { detail: { object: { key: [''] } } }, named: 'detail.object.key [""]' },
    {
      EventPattern: { detail: { object: { key: [{ prefix: 'ü'.repeat(513) }] } } },
      named: 'detail.object.key [{"prefix":"ü',
    },
    { EventPattern: { detail: { object: { size: [-1, 0.5] } } }, named: 'detail.object.size [-1,0.5]' },
    { EventPattern: { detail: { object: { etag: [`"${object.etag}"`] } } }, named: 'detail.object.etag [' },
  ])('refuses a rule that never fires here, and names why: $named', ({ EventPattern, named }) => {
    const put = () => openBus().bus.putRule('r', rule({ EventPattern }));
    expect(put).toThrow(expect.objectContaining({ code: 'NotImplemented' }));
    expect(put).toThrow(named);
  });

  it.each(Object.entries(published))('accepts a rule on all that %s has, and delivers it', (name, event) => {
    const { bus, delivered } = openBus();
    bus.putRule('all', rule({ EventPattern: patternOf(event) }));
    bus.publish(event);
    expect(delivered).toEqual([{ arn: QUEUE, event }]);
    expect(event['detail-type']).toBe(name);
    expect(services).toContain(name);
  });

  it('accepts a rule of which only some values are seen here', () => {
    const { bus } = openBus();
    const reason = ['POST Object', 'CopyObject'];
    const object = { key: ['', { prefix: 'ü'.repeat(512) }] };
    bus.putRule('some', rule({ EventPattern: { account: ['1', ACCOUNT], detail: { reason, object } } }));
    expect(bus.rules()).toEqual(['some']);
  });

  it('refuses a rule only on buckets that send no events, until they send some', () => {
    const { bus } = openBus();
    const on = (...names: unknown[]) => rule({ EventPattern: { detail: { bucket: { name: names } } } });
    bus.nameSilentBuckets(['data', 'logs']);
    expect(() => bus.putRule('silent', on('data', 'logs'))).toThrow('have no EventBridgeConfiguration');
    bus.putRule('partly', on('data', 'other'));
    bus.putRule('prefix', on({ prefix: 'da' }));
    bus.nameSilentBuckets(['logs']);
    bus.putRule('spoken', on('data'));
    expect(bus.rules()).toEqual(['partly', 'prefix', 'spoken']);
  });

  describe('whose queue can not be written', () => {
    /** A bus whose queue fails until `works` is set. */
    const openFailing = (failure: Error) => {
      const clock = new ManualClock(Date.UTC(2026, 10, 20));
      const reported: unknown[] = [];
      const queue = { works: false, tries: 0, events: [] as unknown[] };
      const bus = openEventBus({
        region: 'eu-central-1',
        account: ACCOUNT,
        clock,
        onFailure: (error) => reported.push(error),
        deliver(_, json) {
          queue.tries += 1;
          if (!queue.works) throw failure;
          queue.events.push(JSON.parse(json));
        },
      });
      bus.putRule('new-files', rule());
      return { bus, clock, reported, queue };
    };
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });

    it('tells that the disk is full, and delivers once when there is room', () => {
      const { bus, clock, reported, queue } = openFailing(full);
      bus.publishObjectCreated(object);
      clock.advance(1_000);
      expect(reported).toEqual([full, full]);
      expect(queue.tries).toBe(2);
      queue.works = true;
      clock.advance(2_000);
      expect(queue.events).toEqual([expect.objectContaining({ 'detail-type': 'Object Created' })]);
      clock.advance(DAY_MS);
      expect(queue.tries).toBe(3);
    });

    it('gives up after a day', () => {
      const { bus, clock, queue } = openFailing(full);
      bus.publishObjectCreated(object);
      clock.advance(DAY_MS);
      const { tries } = queue;
      expect(tries).toBeGreaterThan(1_000);
      clock.advance(DAY_MS);
      expect(queue.tries).toBe(tries);
      bus.close();
      expect(queue.tries).toBe(tries);
    });

    it('tries once more when it is closed: then there may be room', () => {
      const { bus, clock, queue } = openFailing(full);
      bus.publishObjectCreated(object);
      queue.works = true;
      bus.close();
      expect(queue.events).toEqual([expect.objectContaining({ 'detail-type': 'Object Created' })]);
      clock.advance(DAY_MS);
      expect(queue.tries).toBe(2);
    });

    it('tells of any other failure, and tries no more', () => {
      const failure = new Error('the queue is broken');
      const { bus, clock, reported, queue } = openFailing(failure);
      bus.publishObjectCreated(object);
      clock.advance(DAY_MS);
      expect(reported).toEqual([failure]);
      expect(queue.tries).toBe(1);
    });
  });
});
