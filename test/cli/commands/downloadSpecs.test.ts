import { describe, expect, it } from '@jest/globals';
import { downloadSpecs } from '../../../cli/commands/downloadSpecs.ts';
import { SPECS_BYTES } from '../../../lib/groups/readSpecs.ts';

/** Downloads with a server that answers each request with the same response. No time passes. */
function download(url: string, respond: (url: string) => Response, key = 'secret-a1b2'): Promise<Uint8Array> {
  return downloadSpecs(url, key, {
    fetch: async (asked) => respond(String(asked)),
    clock: { now: () => 0 },
    wait: () => Promise.resolve(),
    random: () => 0,
  });
}

it.each([
  'https://user@example.com/v2',
  'https://:password@example.com/v2',
  'https://example.com/v2?a=1',
  'https://example.com/v2#a',
  'http://example.com/v2',
  'ftp://127.0.0.1/v2',
  'example.com/v2',
])('refuses the URL %s, by which the key could leak, or to which none can be added', async (url) => {
  await expect(download(url, () => new Response('{}'))).rejects.toMatchObject({
    code: 'SLUICE_GROUPS_ENDPOINT_INVALID',
  });
});

it.each(['http://127.0.0.1/v2', 'http://127.0.0.1/v2/'])(
  'has %s followed by the key as one name',
  async (url) => {
    const asked: string[] = [];
    const respond = (target: string) => {
      asked.push(target);
      return new Response('{}');
    };
    await download(url, respond, 'secret-a/b?c#d');
    expect(asked).toEqual(['http://127.0.0.1/v2/secret-a%2Fb%3Fc%23d.json']);
  },
);

it('tells that no response came in time', async () => {
  const late = () => {
    throw Object.assign(new Error('no answer of secret-a1b2'), { name: 'TimeoutError' });
  };
  await expect(download('http://127.0.0.1/v2', late)).rejects.toThrow('No response in time, 4 attempts.');
});

it('tells a body that breaks off from no response', async () => {
  const broken = () =>
    new Response(new ReadableStream({ start: (controller) => controller.error(new Error('terminated')) }));
  await expect(download('http://127.0.0.1/v2', broken)).rejects.toThrow(
    'The response broke off, 4 attempts.',
  );
});

describe('a body', () => {
  it.each([401, 403, 404])('of the status %i is that of a key that is refused', async (status) => {
    const refused = download('http://127.0.0.1/v2', () => new Response('', { status }));
    await expect(refused).rejects.toMatchObject({ code: 'SLUICE_GROUPS_KEY_REFUSED' });
  });

  it.each([
    { status: 429, attempts: 4 },
    { status: 500, attempts: 4 },
    { status: 418, attempts: 1 },
  ])('of the status $status is asked for $attempts times', async ({ status, attempts }) => {
    let asked = 0;
    const respond = () => {
      asked += 1;
      return new Response('', { status });
    };
    await expect(download('http://127.0.0.1/v2', respond)).rejects.toMatchObject({
      code: 'SLUICE_GROUPS_UNAVAILABLE',
    });
    expect(asked).toBe(attempts);
  });

  it('is read up to its limit, and not beyond', async () => {
    const of = (bytes: number) => () => new Response(new Uint8Array(bytes));
    expect(await download('http://127.0.0.1/v2', of(SPECS_BYTES))).toHaveLength(SPECS_BYTES);
    await expect(download('http://127.0.0.1/v2', of(SPECS_BYTES + 1))).rejects.toMatchObject({
      code: 'SLUICE_GROUPS_SPECS_TOO_LARGE',
    });
  });
});
