import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DAY_MS } from '../../lib/base/time.ts';
import { npxWords } from '../harness/npxWords.ts';
import { type ProgramEnd, runProgram } from '../harness/runProgram.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const directory = temporaryDirectory();
const data = join(directory.path, 'My Projekt ü (1)', 'data');

const demo = () => runProgram('demo/demo.ts', '--data', data);

let output: ProgramEnd;
beforeAll(async () => {
  output = await demo();
});
afterAll(() => directory.remove());

describe('the demo', () => {
  it('prints figures that the data confirms', () => {
    expect(output).toMatchObject({ code: 0, stderr: '' });
    const [, agree = 0, off] = /^(\d+) figures agree, (\d+) differ/m.exec(output.stdout) ?? [];
    expect(Number(agree)).toBeGreaterThan(20);
    expect(off).toBe('0');
  });

  it('prints its end time last, so that a clock can be moved to it', () => {
    const [, now = ''] =
      /^curl -f -X POST \S+_sluice\/clock -d '\{"now":"(.+)"\}'\n$/m.exec(output.stdout) ?? [];
    const nights = (Date.parse(now) - Date.now()) / DAY_MS;
    expect(nights).toBeGreaterThan(2);
    expect(nights).toBeLessThan(5);
    expect(output.stdout.endsWith(`"${now}"}'\n`)).toBe(true);
  });

  it('prints a command that reads its data, whatever the folder is called', () => {
    const [, query = ''] = /^The data is kept: (.+)$/m.exec(output.stdout) ?? [];
    expect(npxWords(query).slice(0, 2)).toEqual(['query', 'show tables']);
    expect(resolve(npxWords(query).at(-1) ?? '')).toBe(data);
  });

  it('refuses a folder with data of a run before, and leaves it as it is', async () => {
    const before = readdirSync(data);
    const again = await demo();
    expect(before).not.toEqual([]);
    expect(readdirSync(data)).toEqual(before);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining(data) });
  });

  it('refuses an empty text for a folder, which would be the current one', async () => {
    expect(await runProgram('demo/demo.ts', '--data', '')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: '--data "": expected an empty directory, or none.\n',
    });
  });
});
