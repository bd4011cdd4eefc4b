import { afterEach, expect, it } from '@jest/globals';
import { openLocalConsole } from '../../cli/aws/localConsole.ts';
import { main } from '../../cli/main.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { eventually } from '../harness/waiting.ts';

/** The signals that end the console. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const { write } = process.stdout;
afterEach(() => {
  process.stdout.write = write;
});

it.each([
  { what: 'that is only read', options: [], code: 'SLUICE_CONSOLE_READ_ONLY' },
  { what: 'with --write', options: ['--write'], code: 'SLUICE_EXPORT_UNKNOWN' },
])('the console $what answers a request that would change something with $code', async (row) => {
  const others = SIGNALS.map((signal) => ({ signal, listeners: new Set(process.listeners(signal)) }));
  const ofTerm = new Set(process.listeners('SIGTERM'));
  let printed = '';
  process.stdout.write = (text) => {
    printed += String(text);
    return true;
  };
  const target = ['--local', '--endpoint-url', 'http://127.0.0.1:9'];
  const ended = main(['console', '--port', '0', '--json', ...target, ...row.options]);
  const interrupt = await eventually('a listener', () =>
    process.listeners('SIGTERM').find((listener) => !ofTerm.has(listener)),
  );
  try {
    const { console: address, token, mayWrite } = JSON.parse(printed);
    expect(mayWrite).toBe(row.options.length > 0);
    const answer = await fetch(new URL('/api/exports/run', address), {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ dryRun: false, export: 'none', from: '2026-11-20' }),
    });
    expect(await answer.json()).toMatchObject({ error: { code: row.code } });
  } finally {
    interrupt('SIGTERM');
    for (const { signal, listeners } of others)
      for (const listener of process.listeners(signal))
        if (!listeners.has(listener)) process.removeListener(signal, listener);
  }
  expect(await ended).toBe(0);
});

it.each([
  { what: 'that was started without a stage', stage: undefined, named: 'local' },
  { what: 'of the stage dev', stage: 'dev', named: 'dev' },
])('the console of a local cloud $what may change it, and needs no token', async (row) => {
  const config = defineConfig({ bucket: 'acme', service: 'acme' }, { stages: ['dev'] });
  const cloud = { edge: 'http://127.0.0.1:9', collector: 'http://127.0.0.1:8', config };
  const page = await openLocalConsole(cloud, { port: 0, stage: row.stage });
  try {
    const answer = await fetch(new URL('/api/deployment', page.address));
    expect(await answer.json()).toMatchObject({
      stage: row.named,
      region: 'us-east-1',
      bucket: 'acme',
      isLocal: true,
      mayWrite: true,
      collector: cloud.collector,
    });
  } finally {
    await page.close();
  }
});
