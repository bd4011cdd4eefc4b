import type { ServerResponse } from 'node:http';
import { join, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { recordingTarget, status, taken } from '../harness/recordingTarget.ts';
import { storyCloud } from '../harness/storyCloud.ts';

const KEY = 'client-relayed-key-that-no-log-may-have';

const batch = (...names: string[]) =>
  JSON.stringify({
    statsigMetadata: { sdkType: 'javascript-client', stableID: 's1' },
    events: names.map((eventName) => ({
      eventName,
      time: Date.now(),
      user: { userID: 'ü', email: 'a@b.c' },
    })),
  });
const reversed = (text: string) => Buffer.from(text).toString('base64').split('').reverse().join('');

const target = await recordingTarget();
const headers = { 'X-Token': 'planted-token' };
const world = await storyCloud({ relay: { url: `${target.url}/base/`, headers } });
afterAll(async () => {
  await world.close();
  await target.close();
});

describe('relay in a local cloud whose policies are enforced', () => {
  beforeEach(() => target.behave(taken));

  const post = (body: string | Uint8Array<ArrayBuffer>, more: object = {}) =>
    world.post({ headers: { 'statsig-api-key': KEY }, body, ...more });
  /** The requests that had that body. */
  const withBody = (body: string | Uint8Array) =>
    target.recorded.filter((request) => request.body.equals(Buffer.from(body)));

  const plain = batch('plain', 'ünïcode \u2028 𝔘');
  const encodings: readonly {
    readonly title: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | Uint8Array<ArrayBuffer>;
  }[] = [
    {
      title: 'gzip that only the query names, with the key there',
      path: `/v1/rgstr?k=${KEY}&st=javascript-client&sv=3.33.5&t=1795158434657&sid=7b-d3&ec=2&gz=1`,
      headers: {},
      body: Uint8Array.from(gzipSync(`${plain} `)),
    },
    {
      title: "Statsig's reversed base64",
      path: `/a/path%20of-ours?se=1&k=${KEY}&x=%2F+%C3%BC`,
      headers: { 'user-agent': 'Mozilla/5.0 (relay)', 'accept-language': 'de, en;q=0.5' },
      body: reversed('{"events":[{"eventName":"reversed"}]}'),
    },
    {
      title: 'a body beyond the size of a message, by way of the bucket',
      path: '/v1/log_event',
      headers: { 'statsig-api-key': KEY },
      body: JSON.stringify({ events: [{ eventName: 'large', value: 'x'.repeat(1_500_000) }] }),
    },
  ];

  it.each(encodings)('delivers $title byte for byte', async ({ path, headers, body }) => {
    const before = target.recorded.length;
    const answered = await world.post({
      path,
      headers: {
        'statsig-api-key': '',
        cookie: 'a=planted',
        authorization: 'Bearer planted',
        origin: 'https://shop',
        ...headers,
      },
      body,
    });
    expect(answered).toBe(202);
    const relayed = (await target.received(before + 1))[before];
    expect(relayed?.body.equals(Buffer.from(body))).toBe(true);
    expect(relayed).toMatchObject({ method: 'POST', url: `/base${path}` });
    expect(relayed?.headers).toMatchObject({
      ...headers,
      'x-forwarded-for': '127.0.0.1',
      'x-token': 'planted-token',
      'content-length': String(Buffer.byteLength(body)),
    });
    expect(Object.keys(relayed?.headers ?? {})).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(?:cookie|authorization|origin)$/)]),
    );
  });

  it('lets nothing wait while the target hangs, and sends again what it did not answer', async () => {
    const unanswered: ServerResponse[] = [];
    target.behave((response) => void unanswered.push(response));
    // As many as relay sends at once.
    const bodies = ['one', 'two'].map((name) => batch(`hangs ${name}`));
    const before = target.recorded.length;
    for (const body of bodies) {
      expect(await post(body)).toBe(202);
    }
    await target.received(before + bodies.length);
    target.behave(taken);
    // Rather than that relay gives up after ten seconds.
    for (const response of unanswered) response.destroy();
    await world.cloud.flush();
    for (const body of bodies) expect(withBody(body)).toHaveLength(2);
  });

  it('sends again what a function had sent that was killed before it could say so', async () => {
    const body = batch('killed');
    await world.setFaults({ lambda: [{ fault: 'killInvocations', function: 'sluice-local-relay' }] });
    const before = target.recorded.length;
    expect(await post(body)).toBe(202);
    await target.received(before + 1);
    await world.cloud.flush();
    await world.clearFaults();
    expect(withBody(body)).toHaveLength(2);
  });

  it('keeps what is refused for good by its status, and sends it again on demand', async () => {
    const body = batch('refused');
    target.behave(status(401));
    expect(await post(body)).toBe(202);
    await world.cloud.flush();
    expect(await world.keys('relay/refused/')).toEqual([expect.stringMatching(/^relay\/refused\/401\//)]);
    expect(await world.json('relay', 'status')).toMatchObject({
      waiting: { count: 0, oldest: null },
      refused: [{ reason: '401', count: 1 }],
    });
    // The key as it was sent is nowhere in stored data, also not in rows, logs and journals, except in the versions of
    // deleted copies, which S3 expires within two days.
    const { bucket } = world.cloud;
    const listing = new ListObjectVersionsCommand({ Bucket: bucket, Prefix: 'relay/waiting/' });
    const { Versions = [] } = await world.s3By().send(listing);
    const copies = Versions.map(({ VersionId }) => join('s3', '.store', bucket, 'versions', `${VersionId}`));
    const files = world.filesWith(KEY).map((file) => relative(world.data, file));
    const found = files.filter((file) => !copies.includes(file));
    const places = new Set(found.map((file) => file.split(sep).slice(0, 4).join('/')));
    expect([...places].filter((place) => !place.startsWith('sqs/'))).toEqual([`s3/${bucket}/relay/refused`]);
    target.behave(taken);
    expect(await world.cure('RELAY_REFUSED')).toEqual([3, 0, 0]);
    expect(await world.found('RELAY_REFUSED')).toBeUndefined();
    await world.cloud.flush();
    expect(withBody(body)).toHaveLength(2);
    expect(await world.keys('relay/')).toEqual([]);
  });

  it('made no call that the policies do not allow, and logged no key, address or body', () => {
    expect(world.refusals).toEqual([]);
    const text = world.logs();
    expect(text).toContain('"event":"relay"');
    for (const secret of [KEY, 'planted', 'a@b.c', '127.0.0.1']) expect(text).not.toContain(secret);
  });
});
