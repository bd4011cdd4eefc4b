import { describe, expect, it } from '@jest/globals';
import { isRunMessage, objectCreated, queueMessages } from '../../../lib/base/queue.ts';

const record = {
  eventSource: 'aws:sqs',
  messageId: 'm',
  body: '{}',
  receiptHandle: 'r',
  awsRegion: 'us-east-1',
  attributes: { ApproximateReceiveCount: '3', SentTimestamp: '1795180800000' },
};

describe('queueMessages', () => {
  it('reads the necessary fields of each message, in order', () => {
    expect(queueMessages({ Records: [record, { ...record, messageId: 'n', body: 'x' }] })).toEqual([
      { messageId: 'm', body: '{}', receives: 3 },
      { messageId: 'n', body: 'x', receives: 3 },
    ]);
    expect(queueMessages({ Records: [] })).toEqual([]);
  });

  it.each([
    { what: 'nothing', event: null },
    { what: 'no member', event: {} },
    { what: 'the body of a message', event: { sluice: 'daily' } },
    { what: 'records of S3', event: { Records: [{ ...record, eventSource: 'aws:s3' }] } },
    { what: 'one message without an ID', event: { Records: [record, { ...record, messageId: '' }] } },
    { what: 'no count of receives', event: { Records: [{ ...record, attributes: {} }] } },
    {
      what: 'messages never received',
      event: { Records: [{ ...record, attributes: { ApproximateReceiveCount: '0' } }] },
    },
  ])('returns null for an event of $what', ({ event }) => {
    expect(queueMessages(event)).toBeNull();
  });
});

const DAILY = '{"sluice":"daily"}';

it.each([
  { what: 'its message', body: DAILY, isRun: true },
  { what: 'its message in 100 characters', body: DAILY.padEnd(100), isRun: true },
  { what: 'its message in 101 characters', body: DAILY.padEnd(101), isRun: false },
  { what: 'the message of another run', body: '{"sluice":"look"}', isRun: false },
  { what: 'a message with one member more', body: '{"sluice":"daily","day":"2026-11-20"}', isRun: false },
  { what: 'its bare name', body: 'daily', isRun: false },
])('$what asks for the daily run: $isRun', ({ body, isRun }) => {
  expect(isRunMessage(body, 'daily')).toBe(isRun);
});

describe('a message about a new object', () => {
  const event = {
    source: 'aws.s3',
    'detail-type': 'Object Created',
    detail: { bucket: { name: 'acme' }, object: { key: 'landing/a%20b' } },
  };

  it('has its bucket, its key as it is and when it came, if that is there', () => {
    const at = '2026-11-20T07:30:00Z';
    const object = { bucket: 'acme', key: 'landing/a%20b' };
    expect(objectCreated(JSON.stringify({ ...event, time: at }))).toEqual({ ...object, time: at });
    expect(objectCreated(JSON.stringify(event))).toEqual({ ...object, time: '' });
  });

  it.each([
    { what: 'another service', changed: { source: 'aws.sqs' }, wrong: 'source' },
    { what: 'another event', changed: { 'detail-type': 'Object Deleted' }, wrong: 'detail-type' },
    {
      what: 'no key',
      changed: { detail: { ...event.detail, object: { key: '' } } },
      wrong: 'detail.object.key',
    },
  ])('is none of $what, and says which member is wrong without its content', ({ changed, wrong }) => {
    expect(objectCreated(JSON.stringify({ ...event, ...changed }))).toEqual({ wrong: `Wrong: ${wrong}.` });
  });

  it.each([
    { what: 'a text that is not JSON', body: 'acme', wrong: 'It is not JSON.' },
    { what: 'JSON of no object', body: 'null', wrong: 'Wrong: the body.' },
  ])('is none of $what', ({ body, wrong }) => {
    expect(objectCreated(body)).toEqual({ wrong });
  });
});
