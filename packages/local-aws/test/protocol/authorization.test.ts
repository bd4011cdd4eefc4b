import { describe, expect, it } from '@jest/globals';
import { readAuthorization, type SignableRequest } from '../../src/protocol/authorization.ts';

/** A signature; what it was made of is checked elsewhere. */
const SIGNATURE = '0f'.repeat(32);

/** The parts of an `Authorization` header that are not those of a valid one. */
interface HeaderParts {
  readonly credential?: string;
  readonly signedHeaders?: string;
  readonly signature?: string;
}

const header = ({
  credential = 'test/20261120/us-east-1/s3/aws4_request',
  signedHeaders = 'host;x-amz-date',
  signature = SIGNATURE,
}: HeaderParts) =>
  `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`;

/** The request of a signature with this query and these headers. */
const read = (rawQuery: string, headers: SignableRequest['headers']) =>
  readAuthorization(
    { method: 'GET', rawPath: '/bucket/key', rawQuery, headers },
    new URLSearchParams(rawQuery),
  );

/** A header signed on a day, with the headers of its time. */
const readSigned = (day: string, times: SignableRequest['headers']) =>
  read('', {
    authorization: header({ credential: `test/${day}/us-east-1/s3/aws4_request` }),
    ...times,
  });

/** A presigned URL of a time. */
const readPresigned = (timestamp: string, headers: SignableRequest['headers'] = {}) =>
  read(
    `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test/${timestamp.slice(0, 8)}/us-east-1/s3/aws4_request` +
      `&X-Amz-Date=${timestamp}&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=${SIGNATURE}`,
    headers,
  );

describe('readAuthorization', () => {
  it('reads the header', () => {
    expect(readSigned('20261120', { 'x-amz-date': '20261120T073200Z' })).toEqual({
      presigned: false,
      accessKeyId: 'test',
      scope: '20261120/us-east-1/s3/aws4_request',
      region: 'us-east-1',
      signingName: 's3',
      signedHeaders: ['host', 'x-amz-date'],
      signature: SIGNATURE,
      timestamp: '20261120T073200Z',
      signedAtMs: 1_795_159_920_000,
      expiresSeconds: 0,
    });
  });

  it.each([
    { name: 'in the form of HTTP', date: 'Fri, 20 Nov 2026 07:32:00 GMT' },
    { name: 'in the form of X-Amz-Date', date: '20261120T073200Z' },
  ])('takes the time of a Date header $name', ({ date }) => {
    expect(readSigned('20261120', { date })).toMatchObject({
      timestamp: '20261120T073200Z',
      signedAtMs: 1_795_159_920_000,
    });
  });

  it('prefers X-Amz-Date to Date', () => {
    const date = 'Thu, 19 Nov 2026 07:32:00 GMT';
    expect(readSigned('20261120', { 'x-amz-date': '20261120T073200Z', date })).toMatchObject({
      timestamp: '20261120T073200Z',
    });
  });

  it.each([
    { name: '29 February of a leap year', timestamp: '20280229T000000Z', ms: 1_835_395_200_000 },
    { name: 'the last second of a year', timestamp: '20261231T235959Z', ms: 1_798_761_599_000 },
  ])('takes $name', ({ timestamp, ms }) => {
    expect(readSigned(timestamp.slice(0, 8), { 'x-amz-date': timestamp }).signedAtMs).toBe(ms);
    expect(readPresigned(timestamp).signedAtMs).toBe(ms);
  });

  it.each([
    { name: '31 November', timestamp: '20261131T073200Z' },
    { name: '29 February of a common year', timestamp: '20260229T073200Z' },
    { name: 'month 13', timestamp: '20261320T073200Z' },
    { name: 'month 0', timestamp: '20260020T073200Z' },
    { name: 'day 0', timestamp: '20261100T073200Z' },
    { name: 'hour 24', timestamp: '20261120T240000Z' },
    { name: 'minute 60', timestamp: '20261120T076000Z' },
    { name: 'second 60', timestamp: '20261120T073260Z' },
    { name: 'a time with milliseconds', timestamp: '20261120T073200.000Z' },
    { name: 'a time with separators', timestamp: '2026-11-20T07:32:00Z' },
    { name: 'a day without a time', timestamp: '20261120' },
  ])('refuses $name as the time of signing', ({ timestamp }) => {
    const day = timestamp.replaceAll('-', '').slice(0, 8);
    const malformed = expect.objectContaining({ fault: 'malformedHeader' });
    expect(() => readSigned(day, { 'x-amz-date': timestamp })).toThrow(malformed);
    expect(() => readSigned(day, { date: timestamp })).toThrow(malformed);
    expect(() => readPresigned(timestamp)).toThrow(expect.objectContaining({ fault: 'malformedQuery' }));
  });

  it.each<{ readonly name: string; readonly times: SignableRequest['headers'] }>([
    { name: 'none', times: {} },
    { name: '31 November in Date', times: { date: 'Tue, 31 Nov 2026 07:32:00 GMT' } },
    { name: 'hour 24 in Date', times: { date: 'Mon, 30 Nov 2026 24:00:00 GMT' } },
    { name: 'words in Date', times: { date: 'Invalid Date' } },
    {
      name: 'X-Amz-Date on two lines beside a Date',
      times: {
        'x-amz-date': ['20261201T073200Z', '20261201T073300Z'],
        date: 'Tue, 01 Dec 2026 07:32:00 GMT',
      },
    },
  ])('refuses as the time of signing: $name', ({ times }) => {
    expect(() => readSigned('20261201', times)).toThrow(
      expect.objectContaining({ fault: 'malformedHeader' }),
    );
  });

  it.each<{ readonly name: string; readonly parts: HeaderParts }>([
    {
      name: 'a credential of another day',
      parts: { credential: 'test/20261121/us-east-1/s3/aws4_request' },
    },
    { name: 'a credential without a service', parts: { credential: 'test/20261120/us-east-1/aws4_request' } },
    { name: 'a signature that is not hexadecimal', parts: { signature: '0g'.repeat(32) } },
    { name: 'a signature in upper case', parts: { signature: '0F'.repeat(32) } },
    { name: 'a signature of 63 digits', parts: { signature: SIGNATURE.slice(1) } },
    { name: 'a host that is not signed', parts: { signedHeaders: 'x-amz-date' } },
  ])('refuses $name', ({ parts }) => {
    expect(() => read('', { authorization: header(parts), 'x-amz-date': '20261120T073200Z' })).toThrow(
      expect.objectContaining({ fault: 'malformedHeader' }),
    );
  });

  it('refuses a signature in both header and query', () => {
    expect(() => readPresigned('20261120T073200Z', { authorization: header({}) })).toThrow(
      expect.objectContaining({ fault: 'unsupported' }),
    );
  });

  it('refuses the older signature in the query, and tells it from none', () => {
    expect(() => read('AWSAccessKeyId=test&Signature=x&Expires=1', {})).toThrow(
      expect.objectContaining({ fault: 'unsupported' }),
    );
    expect(() => read('', {})).toThrow(expect.objectContaining({ fault: 'missing' }));
  });
});
