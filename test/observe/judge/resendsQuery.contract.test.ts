import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it } from '@jest/globals';
import { npxWords } from '../../harness/npxWords.ts';
import { curatedWith } from '../statusFacts.ts';
import { judge } from './judge.ts';

it('the command on rows that were sent again tells how often, from whom and within which seconds', async () => {
  const [found] = judge(curatedWith({ resends: [{ day: '2026-11-19', rows: 200, resends: 800 }] }));
  const [, sql = ''] = npxWords(found?.commands[0] ?? '');
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  await connection.run(
    'CREATE TABLE statsig_forwarded_events (ds DATE, sdk_type VARCHAR, sdk_version VARCHAR, event_id VARCHAR, received_at TIMESTAMP)',
  );
  /** So many events, each so often, some seconds apart. */
  const send = (sdk: string, day: string, events: number, copies: number, seconds: number) =>
    connection.run(
      `INSERT INTO statsig_forwarded_events SELECT DATE '${day}', '${sdk}', '3.0.0', '${sdk}' || e, TIMESTAMP '${day} 06:00:00' + to_minutes(e::INT) + to_seconds(c * ${seconds}) FROM range(${events}) a(e), range(${copies}) b(c)`,
    );
  await send('ios-client', '2026-11-19', 3, 5, 2);
  await send('js-client', '2026-11-19', 2, 2, 60);
  await send('web', '2026-11-19', 9, 1, 0);
  await send('ios-client', '2026-11-18', 9, 2, 1);
  const rows = (await connection.runAndReadAll(sql)).getRowObjectsJson();
  connection.closeSync();
  const ofDay = { ds: '2026-11-19', sdk_version: '3.0.0', first: '2026-11-19 06:00:00' };
  expect(rows).toEqual([
    { ...ofDay, sdk_type: 'ios-client', copies: '5', events: '3', seconds: '8', last: '2026-11-19 06:02:08' },
    { ...ofDay, sdk_type: 'js-client', copies: '2', events: '2', seconds: '60', last: '2026-11-19 06:02:00' },
  ]);
});
