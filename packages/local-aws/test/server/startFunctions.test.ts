import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { realClock } from '../../src/base/clock.ts';
import { type Functions, startFunctions } from '../../src/server/startFunctions.ts';
import type { DeployedFunction } from '../../src/template/Deployment.ts';

describe('deployed functions', () => {
  const name = 'app-dev-collect';
  const deployed: DeployedFunction = {
    name,
    arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    hasJsonLog: false,
    modulePath: 'handler.mjs',
    exportName: 'handler',
    env: {},
    timeoutSeconds: 10,
    memoryMb: 128,
    role: 'arn:aws:iam::000000000000:role/collect',
    reservedConcurrency: 1,
    recursiveLoop: 'Terminate',
  };
  const code = fileURLToPath(new URL('../fixtures/functions', import.meta.url));
  let functions: Functions;
  beforeAll(async () => {
    functions = startFunctions({
      openLog: () => () => undefined,
      region: 'us-east-1',
      endpoint: 'http://127.0.0.1:1',
      environment: {},
      credentialsOf: () => ({ accessKeyId: 'test', secretAccessKey: 'test' }),
      clock: realClock,
    });
    await functions.add(deployed, code);
  });
  afterAll(() => functions.close());

  it('are throttled above their reserved concurrency, until an invocation has ended', async () => {
    const results = await Promise.allSettled([functions.invoke(name, '{}'), functions.invoke(name, '{}')]);
    expect(results).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { errorType: 'TooManyRequestsException' } },
    ]);
    expect(await functions.invoke(name, '{"answerBytes":2}')).toBe('""');
  });

  it('are not invoked by a name that none has', async () => {
    await expect(functions.invoke('none', '{}')).rejects.toMatchObject({
      code: 'LOCAL_AWS_LOCAL_FUNCTION_UNKNOWN',
    });
  });

  it('have a name each', async () => {
    await expect(functions.add(deployed, code)).rejects.toThrow('already');
    expect(functions.names()).toEqual([name]);
  });
});
