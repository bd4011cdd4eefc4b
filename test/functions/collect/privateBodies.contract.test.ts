import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { MAX_BODY_BYTES, MAX_EVENTS } from '../../../lib/wire/limits.ts';
import type { HttpRequest } from '../../../lib/wire/sdkRequest.ts';
import { memoryCollector, requestOf, type Taken } from './memoryCollector.ts';

const SECRET = 'only-for-evaluation';
const user = `{"userID":9007199254740993,"privateAttributes":{"email":"${SECRET}"}}`;
const withoutIt = '{"userID":9007199254740993}';
const raw = ({ quarantined }: Taken) => String(quarantined[0]?.['raw']);

describe('private attributes of a refused body', () => {
  let take: (request: HttpRequest) => Promise<Taken>;
  beforeAll(() => {
    take = memoryCollector();
  });

  it.each([
    [
      'has no events',
      'SLUICE_BODY_WRONG_SHAPE',
      (one: string) => `{"user":${one},"event":[{"user":${one}}]}`,
    ],
    ['is a list', 'SLUICE_BODY_WRONG_SHAPE', (one: string) => `[{"user":${one}}]`],
    [
      'has its metadata nested too deeply',
      'SLUICE_BODY_WRONG_SHAPE',
      (one: string) => {
        const deep = `${'['.repeat(1_000)}${']'.repeat(1_000)}`;
        return `{"user":${one},"events":[],"statsigMetadata":{"a":${deep}}}`;
      },
    ],
    [
      'has too many events',
      'SLUICE_BODY_TOO_MANY_EVENTS',
      (one: string) => `{"user":${one},"events":[${'0,'.repeat(MAX_EVENTS)}0]}`,
    ],
  ])('are removed when the body parses: one that %s', async (_what, code, bodyOf) => {
    for (const body of [bodyOf(user), gzipSync(bodyOf(user))]) {
      const taken = await take(requestOf(body));
      expect(taken.code).toBe(code);
      expect(raw(taken)).toBe(bodyOf(withoutIt));
    }
  });

  it('are not kept when they cannot be found: only the body’s length and hash are', async () => {
    const cut = `{"events":[{"user":${user}`;
    const spelled = cut.replace('private', '\\u0070rivate');
    const large = `{"user":${user},"events":[],"padding":"${'x'.repeat(MAX_BODY_BYTES)}"}`;
    for (const [body, code, sent] of [
      [cut, 'SLUICE_BODY_NOT_JSON', cut],
      [spelled, 'SLUICE_BODY_NOT_JSON', spelled],
      [gzipSync(cut), 'SLUICE_BODY_NOT_JSON', gzipSync(cut)],
      [large, 'SLUICE_BODY_TOO_LARGE', large],
    ] as const) {
      const taken = await take(requestOf(body));
      expect([taken.code, taken.large]).toEqual([code, []]);
      expect(raw(taken)).toMatch(new RegExp(`^withheld: ${sent.length} bytes, [0-9a-f]{64}$`));
      expect(raw(await take(requestOf(body)))).toBe(raw(taken));
      expect(raw(await take(requestOf(body, { 'statsig-api-key': 'client-other' })))).not.toBe(raw(taken));
    }
  });

  it('leave a body without them as received', async () => {
    for (const body of ['{"events":[{"customAttributes":1}', '{ "event" : [ ] }']) {
      expect(raw(await take(requestOf(body)))).toBe(body);
    }
  });
});
