import { afterAll, describe, expect, it } from '@jest/globals';
import { callMain } from '../harness/callMain.ts';
import { storyCloud } from '../harness/storyCloud.ts';

const story = await storyCloud();
const { cloud } = story;
afterAll(() => story.close());

async function post(eventName: string) {
  const events = [{ eventName, user: { userID: 'u1' }, time: Date.now(), value: 1.5 }];
  expect(await story.post({ events })).toBe(202);
}
const query = (args: readonly string[], stdin = '') =>
  callMain(['query', ...args, '--data', story.data], { stdin });

describe('sluice query', () => {
  it('says what is not delivered yet when it finds nothing, and nothing once it is', async () => {
    await post('waiting');
    const sql = "SELECT event_name FROM product_events WHERE event_name = 'waiting'";
    for (const options of [[], ['--athena']]) {
      const { code, stdout, stderr } = await query([sql, ...options]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: '(no rows)\n' });
      expect(stderr).toMatch(/Not delivered yet: 1 request in the buffer of the stream\. Rows/);
      expect(stderr).toContain(`curl -X POST ${cloud.edge}/_sluice/flush`);
    }
    await story.setFaults({
      firehose: [{ fault: 'failCalls', calls: 'all' }],
      lambda: [{ fault: 'throttleInvocations', function: 'sluice-local-write', calls: 'all' }],
    });
    await post('in an object');
    expect((await query([sql])).stderr).toMatch(/in the buffer of the stream, 1 object in landing\/\. Rows/);
    await story.clearFaults();
    await cloud.flush();
    expect(await query([sql])).toEqual({ code: 0, stdout: 'event_name\n----------\nwaiting\n', stderr: '' });
    expect((await query(["SELECT 1 FROM product_events WHERE event_name = 'no'"])).stderr).toBe('');
  });

  it("takes Athena's SQL with --athena, and returns values with their types", async () => {
    const sql =
      "SELECT date_diff('day', DATE '2026-11-01', DATE '2026-11-03') AS days, 1e0 / 0 AS endless, 1.5 AS price, " +
      "9007199254740993 AS large, DECIMAL '0.12345678901234567890' AS fine, DECIMAL '12.50' AS coarse, " +
      " true AS yes, CAST(NULL AS varchar) AS nothing, '' AS empty";
    const { code, stdout, stderr } = await query([sql, '--athena', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual([
      {
        days: 2,
        endless: 'Infinity',
        price: 1.5,
        large: '9007199254740993',
        fine: '0.12345678901234567890',
        coarse: 12.5,
        yes: true,
        nothing: null,
        empty: '',
      },
    ]);
    expect(stderr).toBe('Athena read nothing.\n');
  });

  it('reads the SQL from stdin for -, and prints CSV', async () => {
    const sql = `SELECT 'a "quoted", long' AS first, '' AS empty, NULL AS nothing, 2 AS n`;
    for (const options of [[], ['--athena']]) {
      const { stdout } = await query(['-', '--csv', ...options], sql);
      expect(stdout).toBe('first,empty,nothing,n\n"a ""quoted"", long","",,2\n');
    }
  });
});
