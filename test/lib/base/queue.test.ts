import { describe, expect, it } from '@jest/globals';
import { queueMessages } from '../../../lib/base/queue.ts';

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
    null,
    {},
    { sluice: 'daily' },
    { Records: [{ ...record, eventSource: 'aws:s3' }] },
    { Records: [record, { ...record, messageId: '' }] },
    { Records: [{ ...record, attributes: {} }] },
    { Records: [{ ...record, attributes: { ApproximateReceiveCount: '0' } }] },
  ])('returns null for %j, which no queue sends', (event) => {
    expect(queueMessages(event)).toBeNull();
  });
});
