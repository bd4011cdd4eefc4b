import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import * as z from 'zod';
import { VERSION } from '../../../lib/base/version.ts';
import { endOf, environment, middy, startLine } from '../../../lib/lambda/middlewares.ts';
import { lambdaInvoker } from '../../harness/lambdaInvoker.ts';

const context = { functionName: 'sluice-dev-work', getRemainingTimeInMillis: () => 5_000 };
const schema = z.object({ SLUICE_NOT_SET: z.string().min(1) });

afterEach(() => {
  delete process.env['SLUICE_NOT_SET'];
  delete process.env['SLUICE_STAGE'];
  jest.restoreAllMocks();
});

describe('a function', () => {
  it('says once which version runs, also if its environment is wrong', async () => {
    process.env['SLUICE_STAGE'] = 'dev';
    const lines: string[] = [];
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
    const handler = middy<unknown, unknown>()
      .use(startLine())
      .use(environment(schema))
      .handler(async () => null);
    const invoke = lambdaInvoker(handler);
    for (const event of [1, 2])
      await expect(invoke(event, context)).rejects.toMatchObject({
        code: 'SLUICE_LAMBDA_ENVIRONMENT_INVALID',
      });
    const ran = { version: VERSION, function: 'sluice-dev-work', stage: 'dev', node: process.version };
    expect(lines.map((line) => JSON.parse(line))).toEqual([{ level: 'info', event: 'start', ...ran }]);
  });

  it('fails with the names of wrong variables until they are right, and reads them once', async () => {
    const handler = middy<unknown, string>()
      .use(environment(schema))
      .handler(async (event, { environment: { SLUICE_NOT_SET } }) => `${event} ${SLUICE_NOT_SET}`);
    const invoke = lambdaInvoker(handler);
    const invalid = { code: 'SLUICE_LAMBDA_ENVIRONMENT_INVALID', detail: 'SLUICE_NOT_SET' };
    for (const event of [1, 2]) await expect(invoke(event, context)).rejects.toMatchObject(invalid);
    process.env['SLUICE_NOT_SET'] = 'set';
    expect(await invoke(3, context)).toBe('3 set');
    process.env['SLUICE_NOT_SET'] = 'changed';
    expect(await invoke(4, context)).toBe('4 set');
  });

  it('knows when Lambda stops it', () => {
    jest.spyOn(Date, 'now').mockReturnValue(1_000);
    expect(endOf(context)).toBe(6_000);
  });

  it('answers also in its last milliseconds, in which middy by itself would give it up', async () => {
    const handler = middy<unknown, string>().handler(async () => {
      await wait(5);
      return 'done';
    });
    expect(await lambdaInvoker(handler)({}, { getRemainingTimeInMillis: () => 6 })).toBe('done');
  });
});
