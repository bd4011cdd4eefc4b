import { expect, it } from '@jest/globals';
import { downloadSpecs } from '../../../cli/commands/downloadSpecs.ts';

/** Downloads with a server that answers each request with the same response. No time passes. */
function download(url: string, respond: () => Response): Promise<Uint8Array> {
  return downloadSpecs(url, 'secret-a1b2', {
    fetch: async () => respond(),
    clock: { now: () => 0 },
    wait: () => Promise.resolve(),
    random: () => 0,
  });
}

it.each(['https://user@example.com/v2', 'https://:password@example.com/v2'])(
  'refuses the URL %s, which is of a user',
  async (url) => {
    await expect(download(url, () => new Response('{}'))).rejects.toMatchObject({
      code: 'SLUICE_GROUPS_ENDPOINT_INVALID',
    });
  },
);

it('tells a body that breaks off from no response', async () => {
  const broken = () =>
    new Response(new ReadableStream({ start: (controller) => controller.error(new Error('terminated')) }));
  await expect(download('http://127.0.0.1/v2', broken)).rejects.toThrow(
    'The response broke off, 4 attempts.',
  );
});
