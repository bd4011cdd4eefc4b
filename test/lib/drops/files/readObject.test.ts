import { Readable } from 'node:stream';
import { expect, it } from '@jest/globals';
import { readObject } from '../../../../lib/drops/files/readObject.ts';

const OBJECT = { key: 'drops/a.json', eTag: '"1"' };

/** Reads a body, and answers the error, the failures that were announced, and whether the body was closed. */
async function readOne(body: Readable, use: (bytes: AsyncIterable<Uint8Array>) => Promise<unknown>) {
  const failures: unknown[] = [];
  const error = await readObject({ read: async () => body }, OBJECT, use, {
    failed: (key, { code }) => failures.push([key, code]),
  }).catch((thrown: unknown) => thrown);
  return { error, failures, isClosed: body.destroyed };
}

async function drain(bytes: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of bytes);
}

/** A body that breaks off behind its first byte. */
function brokenBody(): Readable {
  return Readable.from(
    (async function* () {
      yield Buffer.of(1);
      throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    })(),
  );
}

it('tells a body that breaks off as SLUICE_SOURCE_UNAVAILABLE, and announces it', async () => {
  expect(await readOne(brokenBody(), drain)).toEqual({
    error: expect.objectContaining({
      code: 'SLUICE_SOURCE_UNAVAILABLE',
      detail: 'drops/a.json: ECONNRESET.',
    }),
    failures: [['drops/a.json', 'SLUICE_SOURCE_UNAVAILABLE']],
    isClosed: true,
  });
});

it('throws an error of whoever uses the bytes as it is, and announces none', async () => {
  const fault = new TypeError('undefined is not a function');
  const read = await readOne(Readable.from([Buffer.of(1), Buffer.of(2)]), async (bytes) => {
    for await (const _ of bytes) throw fault;
  });
  expect(read).toEqual({ error: fault, failures: [], isClosed: true });
});
