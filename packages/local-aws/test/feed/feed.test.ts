import { get } from 'node:http';
import { FirehoseClient, PutRecordCommand } from '@aws-sdk/client-firehose';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Feed, type FeedAnswer } from '../../src/feed/Feed.ts';
import type { LocalAws } from '../../src/server/index.ts';
import { startTestAws } from '../../src/testing/index.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const AT = '2026-11-20T12:00:00.000Z';

const texts = ({ entries }: FeedAnswer) =>
  entries.map((one) => {
    if ('refusal' in one) return `refused: ${one.refusal.host}`;
    return 'line' in one ? `${one.function}: ${one.line}` : `${one.stream}: ${one.document}`;
  });

describe('the feed', () => {
  it('has one entry for each line and each document, numbered in their order', async () => {
    const feed = new Feed();
    feed.addOutput('shop', 'one\ntwo é\n', NOW);
    feed.addRecord('events', Buffer.from('{"a":1}\n{"b":"ü"}'), NOW + 1);
    feed.addOutput('shop', 'three\n', NOW);
    const { entries, ...rest } = await feed.read({ last: 100, most: 100 });
    expect(entries).toEqual([
      { sequence: 0, at: AT, function: 'shop', line: 'one' },
      { sequence: 1, at: AT, function: 'shop', line: 'two é' },
      { sequence: 2, at: '2026-11-20T12:00:00.001Z', stream: 'events', document: '{"a":1}' },
      { sequence: 3, at: '2026-11-20T12:00:00.001Z', stream: 'events', document: '{"b":"ü"}' },
      { sequence: 4, at: AT, function: 'shop', line: 'three' },
    ]);
    expect(rest).toEqual({
      next: expect.stringMatching(/\.5$/),
      dropped: 0,
      ended: false,
    });
  });

  it('is read on from any entry, also within a write, and begins with what comes', async () => {
    const feed = new Feed();
    feed.addOutput('shop', 'before\n', NOW);
    const { next, entries } = await feed.read({ most: 10 });
    expect(entries).toEqual([]);
    feed.addOutput('shop', 'a\nb\n\nc\n', NOW);
    const first = await feed.read({ after: next, most: 2 });
    expect(texts(first)).toEqual(['shop: a', 'shop: b']);
    const second = await feed.read({ after: first.next, most: 2 });
    expect(texts(second)).toEqual(['shop: c']);
    expect(texts(await feed.read({ after: second.next, most: 2 }))).toEqual([]);
    expect(texts(await feed.read({ last: 1, most: 2 }))).toEqual(['shop: c']);
  });

  it('drops the oldest beyond 20,000 writes, and says how many a reader has missed', async () => {
    const feed = new Feed();
    const { next } = await feed.read({ most: 1 });
    for (let i = 0; i < 20_001; i += 1) feed.addOutput('shop', `a${i}\nb${i}\n`, NOW);
    const late = await feed.read({ after: next, most: 1 });
    expect(late.dropped).toBe(2 * 4_001);
    expect(texts(late)).toEqual(['shop: a4001']);
    expect((await feed.read({ after: late.next, most: 1 })).dropped).toBe(0);
  });

  it.each([
    { what: 'records', add: (feed: Feed) => feed.addRecord('events', Buffer.alloc(1_048_576, 'x'), NOW) },
    // As large in UTF-8, and half as long in JavaScript.
    { what: 'output', add: (feed: Feed) => feed.addOutput('shop', 'é'.repeat(524_288), NOW) },
  ])('drops the oldest beyond 16 MiB of $what', async ({ add }) => {
    const feed = new Feed();
    const before = await feed.read({ most: 1 });
    for (let i = 0; i < 17; i += 1) add(feed);
    const { dropped, entries } = await feed.read({ after: before.next, most: 100 });
    // One answer has at most 4 MiB.
    expect(dropped).toBe(5);
    expect(entries).toHaveLength(4);
  });

  it('does not keep the memory that a small record shares with others', async () => {
    const feed = new Feed();
    const shared = Buffer.alloc(1_000_000, 'a');
    feed.addRecord('events', shared.subarray(0, 3), NOW);
    shared.fill('b');
    expect(texts(await feed.read({ last: 1, most: 1 }))).toEqual(['events: aaa']);
  });

  it('wakes everybody who waits when an entry comes', async () => {
    const feed = new Feed();
    const waiting = [1, 2].map(() => feed.read({ most: 1, waitMs: 30_000 }));
    // Reading begins with its first turn.
    await Promise.resolve();
    feed.addOutput('shop', 'now\n', NOW);
    expect((await Promise.all(waiting)).map(texts)).toEqual([['shop: now'], ['shop: now']]);
  });

  it('answers nothing to whoever gives up', async () => {
    const gone = new AbortController();
    const waiting = new Feed().read({ most: 1, waitMs: 30_000, signal: gone.signal });
    gone.abort();
    expect(texts(await waiting)).toEqual([]);
  });

  it('answers nothing to whoever has waited in vain', async () => {
    expect(texts(await new Feed().read({ most: 1, waitMs: 1 }))).toEqual([]);
  });

  it('tells those who wait that it has ended, and those who come later', async () => {
    const feed = new Feed();
    const waiting = feed.read({ most: 1, waitMs: 30_000 });
    feed.end();
    expect(await waiting).toMatchObject({ entries: [], ended: true });
    expect(await feed.read({ most: 1, waitMs: 30_000 })).toMatchObject({ ended: true });
  });

  it('begins with its oldest entry for a reader of another run', async () => {
    const old = new Feed();
    const feed = new Feed();
    old.addOutput('shop', 'old\n', NOW);
    feed.addOutput('shop', 'new\n', NOW);
    const { next } = await old.read({ most: 1 });
    const answer = await feed.read({ after: next, most: 1 });
    expect(texts(answer)).toEqual(['shop: new']);
    expect(answer.dropped).toBe(0);
  });
});

describe('the feed of a running cloud', () => {
  let aws: LocalAws;
  let close: () => Promise<void>;
  let firehose: FirehoseClient;
  beforeEach(async () => {
    const template = {
      Resources: {
        Landing: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'landing' } },
        Events: {
          Type: 'AWS::KinesisFirehose::DeliveryStream',
          Properties: {
            DeliveryStreamName: 'events',
            ExtendedS3DestinationConfiguration: {
              BucketARN: { 'Fn::GetAtt': ['Landing', 'Arn'] },
              RoleARN: 'arn:aws:iam::000000000000:role/delivery',
              Prefix: 'events/',
            },
          },
        },
      },
    };
    const cloud = await startTestAws({ stack: { template } });
    ({ aws, close } = cloud);
    firehose = new FirehoseClient(cloud.options);
  });
  afterEach(async () => {
    firehose.destroy();
    await close();
  });
  const put = (document: string) =>
    firehose.send(
      new PutRecordCommand({ DeliveryStreamName: 'events', Record: { Data: Buffer.from(document) } }),
    );
  const read = async (query: string): Promise<FeedAnswer> => {
    const response = await fetch(`${aws.endpoint}/_local/feed?${query}`);
    return JSON.parse(await response.text());
  };

  it('has the records that a stream accepted, and not those that failed', async () => {
    const { next } = await read('');
    aws.faults.set({ firehose: [{ fault: 'failCalls', stream: 'events', nth: 2 }] });
    const following = read(`after=${next}&waitMs=20000`);
    await put('a');
    await expect(put('b')).rejects.toMatchObject({ name: 'ServiceUnavailableException' });
    await put('c');
    const first = await following;
    const rest = await read(`after=${first.next}`);
    expect([...texts(first), ...texts(rest)]).toEqual(['events: a', 'events: c']);
    await aws.flush();
    expect(texts(await read('last=10'))).toEqual(['events: a', 'events: c']);
  });

  it.each(['after=5', 'waitMs=30001', 'most=0', 'most=x', 'stream=events'])(
    'refuses the query %s',
    async (query) => {
      const response = await fetch(`${aws.endpoint}/_local/feed?${query}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: 'LOCAL_AWS_CONTROL_BODY' });
    },
  );

  it('answers whoever waits when the cloud closes, and nobody who asks again', async () => {
    const answers: FeedAnswer[] = [];
    const asked = new Promise<void>((resolve) => {
      const ask = () => {
        const request = get(`${aws.endpoint}/_local/feed?waitMs=30000`, (response) => {
          let body = '';
          response.setEncoding('utf8').on('data', (text: string) => {
            body += text;
          });
          response.on('end', () => {
            answers.push(JSON.parse(body));
            ask();
          });
        });
        request.on('error', () => resolve());
      };
      ask();
    });
    await read('');
    await aws.close();
    await asked;
    expect(answers[0]).toMatchObject({ entries: [], ended: true });
  });
});
