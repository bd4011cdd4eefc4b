import { createServer } from 'node:http';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { printRequests } from '../../cli/observe/printRequests.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { callMain } from '../harness/callMain.ts';
import { listen } from '../harness/listen.ts';
import { wordsOf } from '../harness/wordsOf.ts';

const at = '2026-11-20T08:00:00.000Z';
/** A row that a stream accepted. */
const row = (table: string, more: object) => ({
  at,
  stream: 'sluice-local-landing',
  document: JSON.stringify({ table, row: { event_name: 'view', user_id: 'ada', sdk_type: 'js', ...more } }),
});
/** A request in the collector's log. */
const request = (status: number) => ({
  at,
  function: 'sluice-local-collect',
  line: JSON.stringify({ event: 'collect', status, ms: 7, code: status === 202 ? null : 'SLUICE_X' }),
});
const FED = [
  row('events', { event_name: 'buy' }),
  row('events', { user_id: 'bob' }),
  row('events', { sdk_type: 'py' }),
  row('quarantine', { reason: 'SLUICE_EVENT_NO_NAME' }),
  request(401),
];

/** The ID of a request that the log of the collector has. */
const REFUSED = '00000000-0000-4000-8000-000000000001';

/** What the feed answers, one after the other; then that the local cloud stops. */
let answers: readonly { readonly entries: readonly object[]; readonly dropped?: number }[];
let asked: URLSearchParams[];
const edge = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://edge');
  if (request.method === 'POST') {
    const message = JSON.stringify({
      event: 'collect',
      request_id: REFUSED,
      status: 401,
      ms: 7,
      code: 'SLUICE_X',
    });
    return void response.end(JSON.stringify({ events: [{ message, timestamp: Date.parse(at) }] }));
  }
  if (pathname === '/_sluice/clock') return void response.end(JSON.stringify({ now: at }));
  if (pathname !== '/_sluice/feed') return void response.writeHead(404).end();
  asked.push(searchParams);
  const { entries = [], dropped = 0 } = answers[asked.length - 1] ?? {};
  const numbered = entries.map((entry, i) => ({ sequence: asked.length * 100 + i, ...entry }));
  const ended = asked.length >= answers.length;
  response.end(JSON.stringify({ entries: numbered, next: `after-${asked.length}`, dropped, ended }));
});
const endpoint = await listen(edge);
afterAll(() => {
  edge.closeAllConnections();
  edge.close();
});
beforeEach(() => {
  answers = [];
  asked = [];
});

describe('sluice tail', () => {
  const tail = (...args: readonly string[]) =>
    callMain(['tail', '--local', '--endpoint-url', endpoint, '--json', ...args]);
  /** What tells an entry from the others. */
  const toldOf = ({ status, code, name, unit, sdk_type: sdk }: Readonly<Record<string, unknown>>) =>
    [status, code, name, unit, sdk].find((told) => told != null && !['view', 'ada'].includes(String(told)));

  const ALL = ['buy', 'bob', 'py', 'SLUICE_EVENT_NO_NAME', 401];
  it.each([
    { what: 'everything', line: '', told: ALL },
    { what: 'events of a name', line: '--event bu*', told: ['buy'] },
    { what: 'events of a user', line: '--user bob', told: ['bob'] },
    { what: 'events of an SDK', line: '--sdk py', told: ['py'] },
    { what: 'what was refused', line: '--errors', told: ['SLUICE_EVENT_NO_NAME', 401] },
  ])('prints $what with "$line"', async ({ line, told }) => {
    answers = [{ entries: FED }];
    const { code, stdout } = await tail(...wordsOf(line));
    const [source, ...entries] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect({ code, source, told: entries.map(toldOf) }).toEqual({
      code: 0,
      source: { type: 'source', notes: [] },
      told,
    });
  });

  it('goes on from where it was, waits for what comes, and says what it missed', async () => {
    answers = [{ entries: [] }, { entries: [FED[0] ?? {}], dropped: 3 }];
    const { stdout } = await tail();
    expect(stdout).toContain('{"type":"dropped","count":3}\n{"type":"event",');
    expect(asked.map((query) => [query.get('after'), Number(query.get('waitMs')) > 0])).toEqual([
      [null, false],
      ['after-1', true],
    ]);
  });

  it('begins with the last that match', async () => {
    answers = [{ entries: FED }];
    const { stdout } = await tail('--last', '2');
    expect(
      stdout
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => toldOf(JSON.parse(line))),
    ).toEqual(['SLUICE_EVENT_NO_NAME', 401]);
  });
});

describe('the lines of sluice start', () => {
  const config = defineConfig({ bucket: 'acme' });
  /** What is printed until the local cloud stops. */
  async function printed(): Promise<readonly string[]> {
    const texts: string[] = [];
    const { write } = process.stdout;
    process.stdout.write = (text) => texts.push(String(text)) > 0;
    try {
      await printRequests({ edge: endpoint, config }, undefined, new AbortController().signal);
    } finally {
      process.stdout.write = write;
    }
    return texts.join('').trim().split('\n');
  }

  it('are of requests, each once, and count those that are too many at once', async () => {
    answers = [
      { entries: [...FED, ...Array.from({ length: 20 }, () => request(202))] },
      { entries: [request(503)] },
    ];
    const lines = await printed();
    expect(asked.map((query) => query.get('after'))).toEqual([null, 'after-1']);
    expect(lines.map((line) => / {2}(\d{3}) {2}|and (\d+) more/.exec(line)?.slice(1).join(''))).toEqual([
      '401',
      ...Array.from({ length: 19 }, () => '202'),
      '1',
      '503',
    ]);
  });
});

describe('sluice trace', () => {
  it.each([
    {
      what: 'that the log has',
      id: REFUSED,
      options: [],
      code: 0,
      found: { subject: 'request', state: 'refused' },
    },
    {
      what: 'that it does not have, named as one',
      id: REFUSED.replace('1', '2'),
      options: ['--as', 'request'],
      code: 3,
      found: { subject: 'request', state: 'nowhere' },
    },
  ])('of a request $what ends with $code', async ({ id, options, code, found }) => {
    const place = ['--local', '--endpoint-url', endpoint, '--json'];
    const { stdout, ...traced } = await callMain(['trace', id, ...options, ...place]);
    expect({ ...traced, ...JSON.parse(stdout) }).toMatchObject({ code, ...found });
  });
});
