import { Readable } from 'node:stream';
import { expect, it } from '@jest/globals';
import { type ReadOptions, readObject } from '../../../../lib/drops/files/readObject.ts';
import { SourceError } from '../../../../lib/drops/SourceError.ts';

const OBJECT = { key: 'drops/a.json', eTag: '"1"' };

/** How a read ended. */
interface ReadEnd {
  /** What `use` returned, or the error. */
  readonly end: unknown;
  /** The failures that were announced: key and code. */
  readonly announced: readonly { readonly key: string; readonly code: string }[];
}

/** Reads the object from a bucket that has this body for it; null for one that has changed. */
async function readOne(
  body: Readable | Error | null,
  use: (bytes: AsyncIterable<Uint8Array>) => Promise<unknown>,
  options: Pick<ReadOptions, 'signal'> = {},
): Promise<ReadEnd> {
  const announced: { readonly key: string; readonly code: string }[] = [];
  const read = async () => {
    if (body instanceof Error) throw body;
    return body;
  };
  const failed: ReadOptions['failed'] = (key, { code }) => announced.push({ key, code });
  const end = await readObject({ read }, OBJECT, use, { ...options, failed }).catch(
    (error: unknown) => error,
  );
  return { end, announced };
}

/** The number of bytes. */
async function count(bytes: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0;
  for await (const piece of bytes) length += piece.byteLength;
  return length;
}

/** A use that must not begin. */
async function neverUsed(): Promise<never> {
  throw new Error('It was used.');
}

it('answers what use makes of the bytes of the range', async () => {
  const asked: unknown[] = [];
  const read = async (...call: unknown[]) => {
    asked.push(call);
    return Readable.from([Buffer.alloc(2), Buffer.alloc(3)]);
  };
  expect(await readObject({ read }, OBJECT, count, {}, { first: 10, last: 14 })).toBe(5);
  expect(asked).toEqual([[OBJECT, { first: 10, last: 14 }]]);
});

it('answers null for an object that has changed, and does not use it', async () => {
  expect(await readOne(null, neverUsed)).toEqual({ end: null, announced: [] });
});

it('reports a body that breaks off as SLUICE_SOURCE_UNAVAILABLE, and announces it', async () => {
  const broken = Readable.from(
    (async function* () {
      yield Buffer.of(1);
      throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    })(),
  );
  expect(await readOne(broken, count)).toEqual({
    end: expect.objectContaining({
      code: 'SLUICE_SOURCE_UNAVAILABLE',
      detail: 'drops/a.json: ECONNRESET.',
    }),
    announced: [{ key: 'drops/a.json', code: 'SLUICE_SOURCE_UNAVAILABLE' }],
  });
});

it('throws an error of the bucket as it is, and announces it', async () => {
  const denied = new SourceError('SLUICE_SOURCE_ACCESS_DENIED', 'drops/a.json: AccessDenied.');
  const { end, announced } = await readOne(denied, neverUsed);
  expect(end).toBe(denied);
  expect(announced).toEqual([{ key: 'drops/a.json', code: 'SLUICE_SOURCE_ACCESS_DENIED' }]);
});

it('throws an error of use as it is, and announces none', async () => {
  const fault = new TypeError('undefined is not a function');
  const { end, announced } = await readOne(Readable.from([Buffer.of(1), Buffer.of(2)]), async (bytes) => {
    for await (const _ of bytes) throw fault;
  });
  expect(end).toBe(fault);
  expect(announced).toEqual([]);
});

it.each([
  { how: 'returns', use: async () => 'enough', end: 'enough' },
  { how: 'throws', use: neverUsed, end: new Error('It was used.') },
])('closes a body that use did not read when it $how', async ({ use, end }) => {
  const body = Readable.from([Buffer.of(1)]);
  expect(await readOne(body, use)).toEqual({ end, announced: [] });
  expect(body.destroyed).toBe(true);
});

it('begins no read whose signal is aborted', async () => {
  const reason = new Error('The time is over.');
  const unread = new SourceError('SLUICE_SOURCE_UNAVAILABLE', 'It was read.');
  const { end, announced } = await readOne(unread, neverUsed, { signal: AbortSignal.abort(reason) });
  expect(end).toBe(reason);
  expect(announced).toEqual([]);
});
