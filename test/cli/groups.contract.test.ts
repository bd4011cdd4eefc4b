import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { readGroupRows } from '../../lib/groups/GroupRow.ts';
import { groupsObject } from '../../lib/groups/pullGroups.ts';
import { startS3 } from '../../packages/local-aws/src/testing/startS3.ts';
import { callMain } from '../harness/callMain.ts';
import { experimentSpecs } from '../harness/experimentSpecs.ts';
import { temporaryDirectory, writeConfig } from '../harness/temporaryDirectory.ts';

const BUCKET = 'sluice-cli-groups';
const KEY = 'secret-a1b2c3';
const OBJECT = { Bucket: BUCKET, Key: 'statsig/ingested/experiment_groups/experiment_groups.json' };
const SPECS_TIME = Date.UTC(2026, 9, 1);

const directory = temporaryDirectory();
const asked: { url: string; headers: Readonly<Record<string, unknown>> }[] = [];
/** Answers of the stand-in for Statsig, in their order; the last one stays. */
let answers: { status: number; body?: string | Buffer; headers?: Record<string, string> }[] = [];
const statsig = createServer((request, response) => {
  asked.push({ url: request.url ?? '', headers: request.headers });
  const {
    status,
    body = '',
    headers = {},
  } = (answers.length > 1 ? answers.shift() : answers[0]) ?? { status: 500 };
  response.writeHead(status, headers).end(body);
});

process.env['SLUICE_CONFIG'] = writeConfig(directory.path, { bucket: BUCKET });
const s3 = await startS3();
s3.store.createBucket(BUCKET);
await new Promise<void>((resolve) => statsig.listen(0, '127.0.0.1', resolve));
const specsUrl = `http://127.0.0.1:${(statsig.address() as AddressInfo).port}/v2/download_config_specs`;
afterAll(async () => {
  delete process.env['SLUICE_CONFIG'];
  statsig.close();
  await s3.close();
  directory.remove();
});
beforeEach(() => {
  asked.length = 0;
  answers = [{ status: 200, body: specs('running') }];
});

const specs = (state: 'running' | 'ended', time = SPECS_TIME) => JSON.stringify(experimentSpecs(state, time));
const place = () => ['--local', '--endpoint-url', s3.url];
const groups = (args: readonly string[], options: Parameters<typeof callMain>[1] = {}) =>
  callMain(['groups', ...args, ...place()], options);
const specsFile = (text: string | Buffer) => {
  const path = join(directory.path, 'specs.json');
  writeFileSync(path, text);
  return path;
};
async function stored() {
  const { Body } = await s3.client.send(new GetObjectCommand(OBJECT));
  return readGroupRows((await Body?.transformToString()) ?? '');
}
const env = { STATSIG_SERVER_KEY: KEY };

describe('sluice groups', () => {
  it('lists nothing before the first pull', async () => {
    expect(await groups(['list', '--json'])).toEqual({
      code: 0,
      stdout: '{"groups":[]}\n',
      stderr: expect.stringContaining('sluice groups pull'),
    });
  });

  it('pulls two files, and keeps groups that only the first has', async () => {
    const first = await groups(['pull', '--specs', specsFile(specs('running')), '--json']);
    expect(first).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('7 experiments, 1 layer and 2 holdouts'),
    });
    // A file says when it was valid.
    const seen_at = new Date(SPECS_TIME).toISOString();
    const { added } = JSON.parse(first.stdout);
    expect(JSON.parse(first.stdout)).toEqual({ seen_at, added, seen_again: 0, kept: 0 });
    const later = specsFile(specs('ended', Date.UTC(2026, 9, 2)));
    const second = await groups(['pull', '--specs', later, '--json']);
    expect(JSON.parse(second.stdout)).toEqual({
      seen_at: '2026-10-02T00:00:00.000Z',
      added: 2,
      seen_again: added - 4,
      kept: 4,
    });
    const listed = await groups(['list', '--experiment', 'search', '--json']);
    expect(
      JSON.parse(listed.stdout).groups.map(({ rule_id, kind, last_seen }: Record<string, string>) => [
        rule_id,
        kind,
        last_seen,
      ]),
    ).toEqual([
      ['launchedGroup', 'launch', '2026-10-02T00:00:00.000Z'],
      ['searchControl', 'group', seen_at],
      ['searchTest', 'group', seen_at],
      ['winterHoldoutRule', 'holdout', '2026-10-02T00:00:00.000Z'],
    ]);
    expect((await groups(['list', '--experiment', 'search'])).stdout).toMatch(
      /^experiment_id +entity +layer_id +rule_id/,
    );
    const { Body } = await s3.client.send(new GetObjectCommand(OBJECT));
    const [line = ''] = ((await Body?.transformToString()) ?? '').split('\n');
    const [firstRow] = JSON.parse((await groups(['list', '--json'])).stdout).groups;
    // All columns of the table in their order, with null where the table has null. Times are written otherwise.
    expect(JSON.stringify(firstRow)).toBe(line.replace(/"(\d{4}-\d\d-\d\d) ([\d:.]+)"/g, '"$1T$2Z"'));
    expect(await groups(['list', '--experiment', 'serch', '--json'])).toEqual({
      code: 0,
      stdout: '{"groups":[]}\n',
      stderr: expect.stringContaining('Did you mean search?'),
    });
    expect(asked).toEqual([]);
  });

  it('downloads specs with a key from the environment or stdin, and never prints the key', async () => {
    for (const options of [
      { env },
      {
        stdin: `${KEY}
`,
      },
    ]) {
      asked.length = 0;
      const before = Date.now();
      const pulled = await groups(['pull', '--specs-url', `${specsUrl}/`, '--json'], options);
      expect(pulled.code).toBe(0);
      expect(asked.map(({ url }) => url)).toEqual([`/v2/download_config_specs/${KEY}.json`]);
      expect(Date.parse(JSON.parse(pulled.stdout).seen_at)).toBeGreaterThanOrEqual(before);
      expect(pulled.stdout + pulled.stderr).not.toContain(KEY);
    }
    const { Body } = await s3.client.send(new GetObjectCommand(OBJECT));
    expect(await Body?.transformToString()).not.toContain(KEY);
  });

  it('reads compressed responses, and retries when Statsig is busy', async () => {
    answers = [
      { status: 503 },
      { status: 429 },
      { status: 200, body: gzipSync(specs('running')), headers: { 'content-encoding': 'gzip' } },
    ];
    expect((await groups(['pull', '--specs-url', specsUrl], { env })).code).toBe(0);
    expect(asked).toHaveLength(3);
  });

  it('reports errors of Statsig by code, without the key', async () => {
    for (const [answer, code] of [
      [{ status: 401 }, 'SLUICE_GROUPS_KEY_REFUSED'],
      [{ status: 403, body: KEY }, 'SLUICE_GROUPS_KEY_REFUSED'],
      [{ status: 400 }, 'SLUICE_GROUPS_UNAVAILABLE'],
      // The key is in the path: it would be handed on.
      [{ status: 302, headers: { location: 'http://127.0.0.1:9/' } }, 'SLUICE_GROUPS_UNAVAILABLE'],
      [{ status: 200, body: '<html>' }, 'SLUICE_GROUPS_SPECS_NOT_JSON'],
      [{ status: 200, body: '{"has_updates":false}' }, 'SLUICE_GROUPS_SPECS_INVALID'],
    ] as const) {
      answers = [answer];
      const refused = await groups(['pull', '--specs-url', specsUrl], { env });
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(code) });
      expect(refused.stderr).not.toContain(KEY);
    }
    for (const url of [
      'http://example.com/v2',
      // Some resolvers ask DNS for a name below localhost.
      'http://statsig.localhost:9/v2',
      'ftp://127.0.0.1/',
      'api.statsigcdn.com',
      `${specsUrl}?k=1`,
    ]) {
      const refused = await groups(['pull', '--specs-url', url], { env });
      expect({ url, stderr: refused.stderr }).toEqual({
        url,
        stderr: expect.stringContaining('SLUICE_GROUPS_ENDPOINT_INVALID'),
      });
    }
    for (const stdin of ['', 'console-a1b2', 'client-a1b2', 'secret-with space']) {
      const refused = await groups(['pull', '--specs-url', specsUrl], { stdin });
      expect(refused.stderr).toContain('SLUICE_GROUPS_NO_KEY');
    }
  });

  it('refuses files that are not specs and an invalid table, without a change', async () => {
    const before = await stored();
    mkdirSync(join(directory.path, 'folder'));
    for (const [file, code] of [
      [join(directory.path, 'none.json'), 'SLUICE_FILE_FAILED'],
      [join(directory.path, 'folder'), 'SLUICE_FILE_FAILED'],
      [specsFile('{"feature_gates":{}'), 'SLUICE_GROUPS_SPECS_NOT_JSON'],
      [specsFile(gzipSync(specs('running'))), 'SLUICE_GROUPS_SPECS_NOT_JSON'],
    ] as const) {
      const refused = await groups(['pull', '--specs', file]);
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(code) });
    }
    expect((await groups(['pull', '--specs', specsFile('{"a":1}')])).stderr).toContain(
      'SLUICE_GROUPS_SPECS_INVALID',
    );
    expect(await stored()).toEqual(before);

    const { Body } = await s3.client.send(new GetObjectCommand(OBJECT));
    const text = (await Body?.transformToString()) ?? '';
    await s3.client.send(new PutObjectCommand({ ...OBJECT, Body: `${text}{"experiment_id":7}\n` }));
    const broken = await groups(['pull', '--specs', specsFile(specs('running'))]);
    expect(broken.stderr).toMatch(/SLUICE_GROUPS_TABLE_INVALID.*experiment_id/);
    await s3.client.send(new PutObjectCommand({ ...OBJECT, Body: text }));
  });

  it('refuses wrong use', async () => {
    const file = specsFile(specs('running'));
    for (const args of [
      [],
      ['push'],
      ['pull', 'now'],
      ['list', '--specs', file],
      ['pull', '--experiment', 'search'],
      ['pull', '--specs', file, '--specs-url', specsUrl],
    ]) {
      expect({ args, code: (await groups(args)).code }).toEqual({ args, code: 2 });
    }
  });

  it('loses nothing in two pulls at the same time', async () => {
    const experiment = experimentSpecs('running', SPECS_TIME).dynamic_configs.button;
    const paths = Array.from({ length: 5 }, (_, i) => {
      const path = join(directory.path, `specs-${i}.json`);
      const dynamic_configs = { [`parallel_${i}`]: experiment };
      writeFileSync(path, JSON.stringify({ ...experimentSpecs('running', SPECS_TIME), dynamic_configs }));
      return path;
    });
    const [{ pullGroups }, { readSpecs }, { readFileSync }] = await Promise.all([
      import('../../lib/groups/pullGroups.ts'),
      import('../../lib/groups/readSpecs.ts'),
      import('node:fs'),
    ]);
    const store = groupsObject(s3ObjectStore(s3.client, OBJECT.Bucket), OBJECT.Key);
    const options = {
      store,
      wait: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
      random: Math.random,
    };
    await Promise.all(
      paths.map((path) => pullGroups(readSpecs(readFileSync(path)).rules, SPECS_TIME, options)),
    );
    const names = new Set((await stored()).map(({ experimentId }) => experimentId));
    expect(paths.map((_, i) => names.has(`parallel_${i}`))).toEqual(paths.map(() => true));
    expect(names.has('search')).toBe(true);
    // Somebody who changes it at every look.
    const never = {
      ...options,
      wait: () => Promise.resolve(),
      store: { ...store, write: async () => null },
    };
    await expect(pullGroups([], SPECS_TIME, never)).resolves.toMatchObject({ added: 0 });
    const { rules } = readSpecs(readFileSync(paths[0] ?? ''));
    await expect(pullGroups(rules, SPECS_TIME + 1, never)).rejects.toMatchObject({
      code: 'SLUICE_GROUPS_BUSY',
    });
  });
});
