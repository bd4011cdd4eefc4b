import { pathToFileURL } from 'node:url';
import { openStatementRunner } from '../../../../src/athena/statements/openStatementRunner.ts';
import { Catalog } from '../../../../src/glue/index.ts';
import { ObjectStore } from '../../../../src/s3/model/ObjectStore.ts';

/**
 * A local Athena over a directory, without its API.
 *
 * @param writes Called after each write to S3 or Glue, with their number.
 */
export async function openRunner(
  directory: string,
  now: number,
  writes: (count: number) => void = () => undefined,
) {
  const clock = { now: () => now };
  let count = 0;
  /** The object, which reports the end of each call of some methods. */
  const counted = <Target extends object>(target: Target, ...methods: readonly string[]): Target =>
    new Proxy(target, {
      get(own, name) {
        const value: unknown = Reflect.get(own, name, own);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          const result: unknown = Reflect.apply(value, own, args);
          const report = () => {
            if (typeof name === 'symbol' || !methods.includes(name)) return;
            count += 1;
            writes(count);
          };
          if (!(result instanceof Promise)) {
            report();
            return result;
          }
          return result.then((answer: unknown) => {
            report();
            return answer;
          });
        };
      },
    });
  const store = ObjectStore.open({ directory: `${directory}/s3`, clock });
  const catalog = Catalog.open({ directory: `${directory}/glue`, clock });
  const runner = await openStatementRunner({
    catalog: counted(catalog, 'updateTable', 'createTable'),
    store: counted(store, 'put', 'delete'),
    prepared: { find: () => undefined, put: () => undefined, remove: () => false },
    clock,
    directory: `${directory}/scratch`,
  });
  return {
    store,
    catalog,
    /** Runs a statement; its rows. */
    async rows(sql: string) {
      const result = await runner.run(sql, {
        catalog: 'AwsDataCatalog',
        database: 'db',
        parameters: [],
        executionId: 'execution',
        outputLocation: 's3://lake/out/',
        workGroup: 'primary',
        onCall: () => undefined,
        signal: new AbortController().signal,
      });
      const rows: (readonly (string | null)[])[] = [];
      for await (const chunk of result.rows) rows.push(...chunk);
      return rows;
    },
    async close() {
      await runner.close();
      store.close();
    },
  };
}

// As a program: runs a statement and is killed after a number of writes.
const [, program, directory = '', now = '', last = '', sql = ''] = process.argv;
if (program !== undefined && import.meta.url === pathToFileURL(program).href) {
  const opened = await openRunner(directory, Number(now), (count) => {
    if (count === Number(last)) process.kill(process.pid, 'SIGKILL');
  });
  await opened.rows(sql);
  await opened.close();
}
