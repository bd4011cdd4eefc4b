import { afterEach, describe, expect, it } from '@jest/globals';
import { Jq } from '../../src/firehose/Jq.ts';

const exitCode = process.exitCode;
afterEach(() => {
  process.exitCode = exitCode;
});

describe('Jq', () => {
  it('answers every document separately, including errors', async () => {
    const documents = ['{"a":1}', '{"a":"x"}', '[]', '{"a":12345678901}'];
    expect(await new Jq().evaluate('{b: (.a + 1)} # a comment', documents)).toEqual([
      { outputs: [{ b: 2 }] },
      { error: 'string ("x") and number (1) cannot be added' },
      { error: 'Cannot index array with string "a"' },
      { outputs: [{ b: 12345678902 }] },
    ]);
    expect(await new Jq().evaluate('.[]', ['[1,2]', '[]'])).toEqual([{ outputs: [1, 2] }, { outputs: [] }]);
  });

  it('returns correct answers after thousands of calls, some of which fail', async () => {
    const jq = new Jq();
    const pad = 'x'.repeat(700);
    for (let n = 0; n < 1500; n += 1) {
      if (n % 100 === 0) expect(await jq.check('{a: ')).toContain('syntax error');
      const [outcome] = await jq.evaluate('{k: (.n * 2), l: (.pad | length)}', [`{"n":${n},"pad":"${pad}"}`]);
      expect(outcome).toEqual({ outputs: [{ k: n * 2, l: 700 }] });
    }
  });

  it('isolates a document that ends jq from the documents beside it', async () => {
    const documents = ['{"n":1}', '{"n":2}', '{"n":3}'];
    const outcomes = await new Jq().evaluate('if .n == 2 then halt else {n} end', documents);
    expect(outcomes[0]).toEqual({ outputs: [{ n: 1 }] });
    expect(outcomes[1]).toHaveProperty('error');
    expect(outcomes[2]).toEqual({ outputs: [{ n: 3 }] });
  });

  it('does not change the exit code of the process', async () => {
    process.exitCode = 7;
    await Promise.all([new Jq().check('{'), new Jq().evaluate('.', ['1'])]);
    expect(process.exitCode).toBe(7);
  });
});
