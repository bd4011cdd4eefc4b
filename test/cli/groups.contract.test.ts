import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { groupsObject, updateGroupsTable } from '../../lib/groups/groupsTable.ts';
import { readSpecs, SPECS_BYTES } from '../../lib/groups/readSpecs.ts';
import { startS3 } from '../../packages/local-aws/src/testing/startS3.ts';
import { callMain } from '../harness/callMain.ts';
import { experimentSpecs } from '../harness/experimentSpecs.ts';
import { listen } from '../harness/listen.ts';
import { temporaryDirectory, writeConfig } from '../harness/temporaryDirectory.ts';
import { wordsOf } from '../harness/wordsOf.ts';

const BUCKET = 'sluice-cli-groups';
const KEY = 'secret-a1b2c3';
const OBJECT = { Bucket: BUCKET, Key: 'statsig/ingested/experiment_groups/experiment_groups.json' };
const SPECS_TIME = Date.UTC(2026, 9, 1);
const LATER_SPECS_TIME = Date.UTC(2026, 9, 2);

const directory = temporaryDirectory();
/** The paths that the stand-in for Statsig was asked for. */
const asked: string[] = [];
/** An answer of it. */
interface Answer {
  readonly status: number;
  /** Default: empty. */
  readonly body?: string | Buffer;
  /** Default: none. */
  readonly headers?: Record<string, string>;
}
/** Its answers, in their order; the last one stays. */
let answers: Answer[] = [];
const statsig = createServer((request, response) => {
  asked.push(request.url ?? '');
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
const specsUrl = `${await listen(statsig)}/v2/download_config_specs`;
afterAll(async () => {
  delete process.env['SLUICE_CONFIG'];
  statsig.close();
  await s3.close();
  directory.remove();
});
beforeEach(async () => {
  await s3.client.send(new DeleteObjectCommand(OBJECT));
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
async function storedText(): Promise<string> {
  const { Body } = await s3.client.send(new GetObjectCommand(OBJECT));
  return (await Body?.transformToString()) ?? '';
}
const env = { STATSIG_SERVER_KEY: KEY };
/** How a pull reaches the table. */
const table = {
  store: groupsObject(s3ObjectStore(s3.client, OBJECT.Bucket), OBJECT.Key),
  wait: () => Promise.resolve(),
  random: () => 0,
};
/** Pulls what runs, and a day later what has ended. */
async function pullTwice(): Promise<void> {
  const pull = (text: string, time: number) =>
    updateGroupsTable(readSpecs(Buffer.from(text)).rules, time, table);
  await pull(specs('running'), SPECS_TIME);
  await pull(specs('ended', LATER_SPECS_TIME), LATER_SPECS_TIME);
}

describe('sluice groups', () => {
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
    const later = specsFile(specs('ended', LATER_SPECS_TIME));
    const second = await groups(['pull', '--specs', later, '--json']);
    expect(JSON.parse(second.stdout)).toEqual({
      seen_at: '2026-10-02T00:00:00.000Z',
      added: 2,
      seen_again: added - 4,
      kept: 4,
    });
    expect(asked).toEqual([]);
  });

  it('lists the groups of an experiment, with when each was seen last', async () => {
    await pullTwice();
    const { stdout } = await groups(['list', '--experiment', 'search', '--json']);
    const listed = JSON.parse(stdout).groups.map(({ rule_id, kind, last_seen }: Record<string, string>) =>
      [rule_id, kind, last_seen].join(' '),
    );
    expect(listed).toEqual([
      'launchedGroup launch 2026-10-02T00:00:00.000Z',
      'searchControl group 2026-10-01T00:00:00.000Z',
      'searchTest group 2026-10-01T00:00:00.000Z',
      'winterHoldoutRule holdout 2026-10-02T00:00:00.000Z',
    ]);
    expect((await groups(['list', '--experiment', 'search'])).stdout).toMatch(
      /^experiment_id +entity +layer_id +rule_id/,
    );
  });

  it('lists all columns of the table in their order, with null where the table has null', async () => {
    await pullTwice();
    const [line = ''] = (await storedText()).split('\n');
    const [firstRow] = JSON.parse((await groups(['list', '--json'])).stdout).groups;
    // Times are written otherwise.
    expect(JSON.stringify(firstRow)).toBe(line.replace(/"(\d{4}-\d\d-\d\d) ([\d:.]+)"/g, '"$1T$2Z"'));
  });

  it.each([
    { what: 'whose time is ahead', time: Date.UTC(2999, 0) },
    { what: 'without a time', time: undefined },
  ])('takes a file $what as one of now, so that a later pull is not older', async ({ time }) => {
    const before = Date.now();
    const file = specsFile(JSON.stringify({ ...experimentSpecs('ended', 0), time }));
    const { stdout } = await groups(['pull', '--specs', file, '--json']);
    const seenAt = Date.parse(JSON.parse(stdout).seen_at);
    expect(seenAt).toBeGreaterThanOrEqual(before);
    expect(seenAt).toBeLessThanOrEqual(Date.now());
  });

  it('suggests the name of an experiment that is like one without groups', async () => {
    await pullTwice();
    expect(await groups(['list', '--experiment', 'serch', '--json'])).toEqual({
      code: 0,
      stdout: '{"groups":[]}\n',
      stderr: expect.stringContaining('Did you mean search?'),
    });
  });

  it.each([
    { what: 'the environment', options: { env } },
    { what: 'stdin', options: { stdin: `${KEY}\n` } },
  ])('downloads specs with a key from $what, and never prints the key', async ({ options }) => {
    const before = Date.now();
    const pulled = await groups(['pull', '--specs-url', `${specsUrl}/`, '--json'], options);
    expect(pulled.code).toBe(0);
    expect(asked).toEqual([`/v2/download_config_specs/${KEY}.json`]);
    expect(Date.parse(JSON.parse(pulled.stdout).seen_at)).toBeGreaterThanOrEqual(before);
    expect(pulled.stdout + pulled.stderr).not.toContain(KEY);
    expect(await storedText()).not.toContain(KEY);
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

  it.each<{ readonly what: string; readonly answer: Answer; readonly code: string }>([
    { what: '401', answer: { status: 401 }, code: 'SLUICE_GROUPS_KEY_REFUSED' },
    { what: '403 with the key', answer: { status: 403, body: KEY }, code: 'SLUICE_GROUPS_KEY_REFUSED' },
    { what: '404', answer: { status: 404 }, code: 'SLUICE_GROUPS_KEY_REFUSED' },
    { what: '400', answer: { status: 400 }, code: 'SLUICE_GROUPS_UNAVAILABLE' },
    // The key is in the path: it would be handed on.
    {
      what: 'a redirection',
      answer: { status: 302, headers: { location: 'http://127.0.0.1:9/' } },
      code: 'SLUICE_GROUPS_UNAVAILABLE',
    },
    { what: 'a page', answer: { status: 200, body: '<html>' }, code: 'SLUICE_GROUPS_SPECS_NOT_JSON' },
  ])('reports $code, without the key, if Statsig answers $what', async ({ code, answer }) => {
    answers = [answer];
    const refused = await groups(['pull', '--specs-url', specsUrl], { env });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(code) });
    expect(refused.stderr).not.toContain(KEY);
  });

  it.each(['', 'console-a1b2', 'client-a1b2', 'secret-with space'])(
    'refuses %j, which is no server key',
    async (stdin) => {
      const refused = await groups(['pull', '--specs-url', specsUrl], { stdin });
      expect(refused.stderr).toContain('SLUICE_GROUPS_NO_KEY');
    },
  );

  it.each([
    {
      what: 'that is not there',
      fileOf: () => join(directory.path, 'none.json'),
      code: 'SLUICE_FILE_FAILED',
    },
    { what: 'of other JSON', fileOf: () => specsFile('{"a":1}'), code: 'SLUICE_GROUPS_SPECS_INVALID' },
    {
      what: 'that is too large',
      fileOf: () => specsFile(Buffer.alloc(SPECS_BYTES + 1)),
      code: 'SLUICE_GROUPS_SPECS_TOO_LARGE',
    },
  ])('refuses a file $what, without a change', async ({ fileOf, code }) => {
    await pullTwice();
    const before = await storedText();
    const refused = await groups(['pull', '--specs', fileOf()]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(code) });
    expect(await storedText()).toBe(before);
  });

  it('refuses a table with a row that is not valid', async () => {
    await pullTwice();
    const text = await storedText();
    await s3.client.send(new PutObjectCommand({ ...OBJECT, Body: `${text}{"experiment_id":7}\n` }));
    const broken = await groups(['pull', '--specs', specsFile(specs('running'))]);
    expect(broken.stderr).toMatch(/SLUICE_GROUPS_TABLE_INVALID.*experiment_id/);
  });

  it('names the command that pulls where nothing was pulled yet', async () => {
    s3.store.createBucket('sluice-cli-groups-new');
    const file = writeConfig(directory.path, { bucket: 'sluice-cli-groups-new' }, 'new.config.mjs');
    const answer = await groups(['list', '--json'], { env: { SLUICE_CONFIG: file } });
    expect(answer).toMatchObject({ code: 0, stdout: '{"groups":[]}\n' });
    expect(answer.stderr).toContain('sluice groups pull');
  });

  it.each([
    { line: '', says: 'Expected pull or list' },
    { line: 'push', says: 'Got "push"' },
    { line: 'pull now', says: 'Unexpected argument: now' },
    { line: 'list --specs specs.json', says: '--specs: not an option of list' },
    { line: 'pull --experiment search', says: '--experiment: not an option of pull' },
    { line: 'pull --specs specs.json --specs-url http://127.0.0.1:9', says: 'got both' },
  ])('refuses "$line"', async ({ line, says }) => {
    expect(await groups(wordsOf(line))).toMatchObject({ code: 2, stderr: expect.stringContaining(says) });
  });
});
