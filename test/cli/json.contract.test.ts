import { describe, expect, it } from '@jest/globals';
import { commands } from '../../cli/main.ts';
import { callMain } from '../harness/callMain.ts';

/** Nothing listens there. */
const NOWHERE = ['--local', '--endpoint-url', 'http://127.0.0.1:9'];
const DAY = ['--source', 'acme', '--dataset', 'events', '--day', '2026-11-20'];

/** Command lines that are right, of each command and each of its actions. Locally they fail: nothing runs. */
const LINES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  start: [['--data', '/dev/null/none', '--port', '0', '--edge-port', '0']],
  console: [['--stage', 'none', '--port', '0']],
  query: [
    ['select 1', '--endpoint-url', 'http://127.0.0.1:9'],
    ['select nothing', '--data', '/dev/null/none'],
  ],
  keys: [
    ['list', ...NOWHERE],
    ['remove', 'web', ...NOWHERE],
    ['set', 'web', '--kinds', 'events', ...NOWHERE],
    ['restore', ...NOWHERE],
    ['add', 'web', '--sha256', 'f'.repeat(64), ...NOWHERE],
  ],
  quarantine: [NOWHERE, ['--reason', 'SLUICE_EVENT_NO_NAME', ...NOWHERE]],
  redrive: [
    ['--reason', 'SLUICE_EVENT_NO_NAME', ...NOWHERE],
    ['--landing', ...NOWHERE],
    ['--damaged', ...NOWHERE],
    ['--discard', 'damaged/a', ...NOWHERE],
  ],
  groups: [
    ['list', ...NOWHERE],
    ['pull', '--specs', '/nowhere.json', ...NOWHERE],
  ],
  ingest: [
    ['status', ...NOWHERE],
    ['explain', ...DAY, ...NOWHERE],
    ['refused', ...DAY, ...NOWHERE],
    ['run', ...NOWHERE],
    ['backfill', '--source', 'acme', '--dataset', 'events', '--from', '2026-11-20', ...NOWHERE],
    ['accept', 'keep', '--source', 'acme', '--dataset', 'events', '--from', '2026-11-20', ...NOWHERE],
    ['drop', '/nowhere.parquet', ...DAY, ...NOWHERE],
  ],
  export: [
    ['status', ...NOWHERE],
    ['run', ...NOWHERE],
  ],
  curate: [
    ['status', ...NOWHERE],
    ['run', ...NOWHERE],
    ['rebuild', '--from', '2026-10-20', ...NOWHERE],
    ['accept', '2026-10-20', ...NOWHERE],
  ],
  relay: [
    ['status', ...NOWHERE],
    ['redrive', ...NOWHERE],
  ],
  restore: [['--table', 'events', '--from', '2026-11-20', ...NOWHERE]],
  policy: [['print', '--for', 'deploy']],
  connect: [['metabase', ...NOWHERE]],
  erase: [['--unit', 'user_id=ada', ...NOWHERE]],
  init: [['/dev/null/none/my-pipeline']],
  test: [['--stage', 'nowhere']],
  doctor: [NOWHERE],
  status: [NOWHERE],
  explain: [['SLUICE_KEY_UNKNOWN']],
  reconcile: [NOWHERE],
  tail: [NOWHERE],
  trace: [['user-17', ...NOWHERE]],
  tables: [NOWHERE],
  trial: [['--region', 'eu-west-1', '--yes', '--endpoint-url', 'http://127.0.0.1:9']],
  check: [NOWHERE, ['checkout_button', ...NOWHERE]],
};

describe('--json', () => {
  it('is tried with every command and action', () => {
    const expected = commands.flatMap(({ name, actions = { '': 0 } }) =>
      Object.keys(actions).map((action) => `${name} ${action}`.trim()),
    );
    const tried = Object.entries(LINES).flatMap(([name, lines]) => {
      const { actions } = commands.find((command) => command.name === name) ?? {};
      return actions === undefined ? [name] : lines.map(([action]) => `${name} ${action}`);
    });
    expect(tried.sort()).toEqual(expected.sort());
  });

  const calls = Object.entries(LINES).flatMap(([name, lines]) =>
    lines.map((line) => ({ name, action: line[0] ?? '', words: [name, ...line] })),
  );
  it.each(calls)('makes one object of what $name $action answers', async ({ name, words }) => {
    const { code, stdout, stderr } = await callMain([...words, '--json']);
    expect([0, 1, 3]).toContain(code);
    const isOnStderr = commands.find((command) => command.name === name)?.jsonErrorsOn === 'stderr';
    const text = isOnStderr ? stderr : stdout;
    if (isOnStderr) expect(stdout).toBe('');
    const object = JSON.parse(text);
    expect(typeof object).toBe('object');
    expect(Array.isArray(object)).toBe(false);
    expect(text.endsWith('}\n')).toBe(true);
    if (code !== 1) return;
    expect(object.error).toEqual({
      code: expect.stringMatching(/^SLUICE_/),
      message: expect.stringMatching(/./),
      cause: expect.stringMatching(/./),
      cure: expect.stringMatching(/./),
    });
    // No command ends in a defect.
    expect(object.error.code).not.toBe('SLUICE_CLI_DEFECT');
  });
});
