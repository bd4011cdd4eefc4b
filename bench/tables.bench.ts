import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openConsole } from '../console/index.ts';
import { startCloud } from '../local/startCloud.ts';
import { type Deployment, openDeployment } from '../observe/deployment.ts';
import { runDuckDb, runSql } from '../observe/runSql.ts';
import { listTableFiles } from '../observe/tables/dayFiles.ts';
import { sampleRows } from '../observe/tables/sampleRows.ts';
import { MovableClock } from '../packages/local-aws/src/base/index.ts';
import { makeLake } from './lake/makeLake.ts';
import type { Bench, BenchRow } from './run.ts';

const LAST = '2026-11-20';
const DAYS = 120;
/** Sizes of a lake, with the rows of a working day. */
const SIZES = {
  usual: {
    name: '1m rows',
    rowsPerDay: { exposures: 4_800, events: 7_200, quarantine: 50 },
    filesPerDay: 6,
    filesOfLastDay: 1_000,
  },
  full: {
    name: '10m rows',
    rowsPerDay: { exposures: 48_000, events: 72_000, quarantine: 500 },
    filesPerDay: 24,
    filesOfLastDay: 5_000,
  },
};
const ROUNDS = 3;

const EVENTS = 'statsig_forwarded_events';
const EXPOSURES = 'statsig_forwarded_exposures';

/** Calls of the console's API, by what they answer. */
const CALLS: Readonly<Record<string, string>> = {
  'list of tables': '/api/tables',
  'calendar of 60 days': `/api/tables/days?table=${EXPOSURES}`,
  'calendar of all days': `/api/tables/days?table=${EXPOSURES}&limit=400`,
  'calendar with the large day': `/api/tables/days?table=${EVENTS}`,
  'calendar with the large day, rows not counted': `/api/tables/days?table=${EVENTS}&noRows=true`,
  'first 50 files of the large day': `/api/tables/files?table=${EVENTS}&day=${LAST}`,
  'first 200 files of the large day': `/api/tables/files?table=${EVENTS}&day=${LAST}&limit=200`,
  'rows of a day': `/api/tables/sample?table=${EXPOSURES}&day=${LAST}`,
  'rows of the large day': `/api/tables/sample?table=${EVENTS}&day=${LAST}`,
  'rows of a view': '/api/tables/sample?table=product_events&day=2026-11-01',
  'experiments of 30 days': '/api/experiments?days=30',
  'one experiment, all days': '/api/experiment?name=experiment_7',
  'names of 7 days': '/api/names?days=7',
  'quarantine of 24 hours': '/api/quarantine',
  'rows of quarantine': `/api/quarantine/rows?from=${LAST}T00:00:00Z&to=${LAST}T23:00:00Z`,
  status: '/api/status',
};

/** Queries, as the page SQL runs them. */
const QUERIES: Readonly<Record<string, (deployment: Deployment) => Promise<unknown>>> = {
  'rows of a file of the large day': async (deployment) => {
    const { files, location } = await listTableFiles(deployment, { table: EVENTS, day: LAST, limit: 1 });
    const [{ key = '' } = {}] = files;
    const [bucket = ''] = location.slice('s3://'.length).split('/');
    return sampleRows(deployment, { table: EVENTS, day: LAST, file: `s3://${bucket}/${key}` });
  },
  'SQL: events by name in a month': (deployment) =>
    runSql(deployment, {
      sql: `SELECT event_name, count(*) AS n FROM ${EVENTS} WHERE ds BETWEEN DATE '2026-10-01' AND DATE '2026-10-31' GROUP BY 1 ORDER BY 2 DESC`,
    }),
  "the same in DuckDB's dialect": (deployment) =>
    runDuckDb(deployment, {
      sql: `SELECT event_name, count(*) AS n FROM ${EVENTS} WHERE ds BETWEEN '2026-10-01' AND '2026-10-31' GROUP BY 1 ORDER BY 2 DESC`,
    }),
};

/**
 * Cost of the console's lists on a lake of 120 days, whose last day has many files, in the local cloud: the fastest of
 * a few rounds. `cpu` is the time of all processors, the cloud included, which other load on the machine changes
 * little.
 */
const bench: Bench = {
  name: 'tables',
  async run({ full, at }) {
    const { name: lake, ...size } = full ? SIZES.full : SIZES.usual;
    const data = mkdtempSync(join(tmpdir(), 'sluice-bench-tables-'));
    const rows: BenchRow[] = [];
    try {
      at(`the lake of ${lake}`);
      await makeLake(data, { last: LAST, days: DAYS, ...size });
      const clock = new MovableClock();
      await clock.set(Date.parse(`${LAST}T23:00:00Z`));
      const cloud = await startCloud({ port: 0, edgePort: 0, data, clock });
      const target = {
        config: cloud.config,
        stack: { service: 'sluice', stage: 'local' },
        aws: {
          region: 'us-east-1',
          endpoint: cloud.edge,
          credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
        },
        isLocal: true,
      };
      const deployment = openDeployment({ ...target, now: clock.now() }, target.aws);
      const served = await openConsole({ deployment: target, port: 0 });
      const call = async (path: string) => {
        const response = await fetch(new URL(path, served.address));
        const text = await response.text();
        if (!response.ok) throw new Error(`${path}: ${text}`);
      };
      const questions = [
        ...Object.entries(CALLS).map(([name, path]) => [name, () => call(path)] as const),
        ...Object.entries(QUERIES).map(([name, ask]) => [name, () => ask(deployment)] as const),
      ];
      try {
        for (const [question, ask] of questions) {
          const name = `${lake}, ${question}`;
          at(name);
          const walls: number[] = [];
          const cpus: number[] = [];
          for (let round = 0; round < ROUNDS; round += 1) {
            const [from, used] = [performance.now(), process.cpuUsage()];
            await ask();
            walls.push(performance.now() - from);
            const { user, system } = process.cpuUsage(used);
            cpus.push((user + system) / 1_000);
          }
          const [wall = 0, cpu = 0] = [Math.min(...walls), Math.min(...cpus)];
          rows.push(
            { case: name, metric: 'wall', value: wall, unit: 'ms' },
            { case: name, metric: 'cpu', value: cpu, unit: 'ms' },
          );
        }
      } finally {
        deployment.close();
        await served.close();
        await cloud.close();
      }
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
    return rows;
  },
};
export default bench;
