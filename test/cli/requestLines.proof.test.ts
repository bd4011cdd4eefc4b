import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { sum } from '../../lib/base/sum.ts';
import { projectRoot } from '../../local/roots.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';
import { within } from '../harness/waiting.ts';

const running: ChildProcess[] = [];
const data = temporaryDirectory();
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit');
  }
  data.remove();
});

/** `sluice start` in a process of its own, once it is ready. */
async function start(...args: string[]) {
  const sluice = join(projectRoot, 'cli', 'sluice.mjs');
  const ports = ['--port', '0', '--edge-port', '0'];
  const child = spawn(process.execPath, [sluice, 'start', ...ports, '--data', data.path, ...args], {
    // Jest's `process.env` is a copy, which a child does not inherit by itself.
    env: process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  const untilText = async (isDone: (text: string) => boolean) => {
    while (!isDone(text)) await within(`output after ${text}`, once(child.stdout, 'data'));
  };
  const shows = async (pattern: RegExp) => {
    await untilText((shown) => pattern.test(shown));
    return pattern.exec(text)?.[0] ?? '';
  };
  const collector = await shows(/http:\S+\/v1\/my-product-data/);
  await shows(/Ctrl-C/);
  return {
    shows,
    untilText,
    text: () => text,
    post: (body: object, headers: Readonly<Record<string, string>>) =>
      fetch(collector, { method: 'POST', headers, body: JSON.stringify(body) }),
    async stop() {
      child.kill('SIGINT');
      const [code] = await once(child, 'exit');
      return code;
    },
  };
}

const SDK = {
  'statsig-api-key': 'client-x',
  'statsig-sdk-type': 'py-server',
  'statsig-sdk-version': '0.40.0',
};
const EVENT = { eventName: 'purchase', user: { userID: 'ada' } };

describe('sluice start', () => {
  it('prints a line for each request as it comes, until it stops', async () => {
    const cloud = await start();
    await cloud.post({ events: [EVENT, { ...EVENT, eventName: '' }] }, SDK);
    expect(await cloud.shows(/^\d\d:.* ms$/m)).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} {2}202 {2}py-server 0\.40\.0 {2}key any {2}1 event, refused: 1 SLUICE_EVENT_NO_NAME, noted: 1 time_missing {2}\d+ ms$/,
    );
    await cloud.post({ events: [] }, { 'statsig-api-key': 'nonsense' });
    await cloud.shows(/^\S+ {2}401 {2}unknown {2}key of another form {2}SLUICE_KEY_MISSING {2}\d+ ms$/m);
    const many = Array.from({ length: 60 }, () => cloud.post({ events: [EVENT] }, SDK));
    await Promise.all(many);
    await cloud.untilText((text) => {
      const lines = text.split('\n').filter((line) => / {2}202 {2}/.test(line)).length;
      const more = sum([...text.matchAll(/and (\d+) more requests/g)].map(([, n]) => Number(n)));
      return lines + more === 61;
    });
    expect(await cloud.stop()).toBe(0);
    expect(cloud.text()).not.toContain('purchase');
  });
});
