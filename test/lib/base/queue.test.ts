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

  it('returns null for what no queue sends', () => {
    for (const event of [
      null,
      {},
      { sluice: 'daily' },
      { Records: [{ ...record, eventSource: 'aws:s3' }] },
      { Records: [record, { ...record, messageId: '' }] },
      { Records: [{ ...record, attributes: {} }] },
      { Records: [{ ...record, attributes: { ApproximateReceiveCount: '0' } }] },
    ])
      expect({ event, messages: queueMessages(event) }).toEqual({ event, messages: null });
  });
});

it.each([
  { body: '{"sluice":"daily"}', isRun: true },
  { body: '{"sluice":"look"}', isRun: false },
  { body: '{"sluice":"daily","day":"2026-11-20"}', isRun: false },
  { body: 'daily', isRun: false },
  // A run's message is short.
  { body: `{"sluice":"daily"}${' '.repeat(83)}`, isRun: false },
])('$body asks for the daily run: $isRun', ({ body, isRun }) => {
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
});
