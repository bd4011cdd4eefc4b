import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { MINUTE_MS } from '../../lib/base/time.ts';
import { ManualClock } from '../../packages/local-aws/src/base/index.ts';
import { cloudWatchService, MetricStore } from '../../packages/local-aws/src/cloudwatch/index.ts';
import { FunctionLogs, logsService } from '../../packages/local-aws/src/logs/index.ts';
import { startServices, temporaryDirectory } from '../../packages/local-aws/src/testing/index.ts';

/** Noon of the day on which the logs of {@link startLogs} begin, epoch milliseconds. */
export const NOON = Date.UTC(2026, 10, 20, 12);

/** The stack of a stage. */
export const stackOf = (stage: string) => ({ service: 'sluice', stage });

/** Logs and metrics of functions, in services of their own with real clients, on a clock that tests move. */
export async function startLogs() {
  const directory = temporaryDirectory();
  const clock = new ManualClock(NOON);
  const metrics = MetricStore.open({ directory: `${directory.path}/cloudwatch`, clock });
  const logs = new FunctionLogs({ directory: `${directory.path}/logs`, clock, metrics });
  const services = await startServices([
    logsService({ logs, groups: () => [] }),
    cloudWatchService({ metrics, clock, beforeReading: () => undefined }),
  ]);
  const client = new CloudWatchLogsClient(services.options);
  const cloudwatch = new CloudWatchClient(services.options);
  /** Counts a value of a metric now. */
  const count = (namespace: string, name: string, value: number, dimension: readonly [string, string]) =>
    metrics.add([
      {
        metric: { namespace, name, unit: 'Count', dimensions: [[...dimension]] },
        at: clock.now(),
        values: [value],
      },
    ]);
  return {
    clock,
    client,
    count,
    /** Moves the clock on by so many minutes. */
    wait: (minutes: number) => clock.advance(minutes * MINUTE_MS),
    /** The time of the clock, ISO 8601. */
    isoNow: () => new Date(clock.now()).toISOString(),
    /** What questions ask of the deployment of the stage `prod`, now. */
    deploymentNow: () => ({ logs: client, cloudwatch, stack: stackOf('prod'), now: clock.now() }),
    /** Opens the log of a function, of which it writes lines. */
    openLog(part: string, stage = 'prod') {
      const write = logs.open(`sluice-${stage}-${part}`);
      return (line: object) => write(`${JSON.stringify(line)}\n`);
    },
    /** Writes lines of the collector of a stage: of requests that were stored, but for what differs. */
    collectLog(stage = 'prod') {
      const write = this.openLog('collect', stage);
      return (more: object) => write({ event: 'collect', status: 202, ms: 1, sdk: 'js 1', ...more });
    },
    /** Writes lines of level `error` into the log of a function. */
    errorLog(part: string) {
      const write = this.openLog(part);
      return (fields: object) => write({ level: 'error', ...fields });
    },
    /** Counts so many runs of a function that Lambda throttles now. */
    throttle: (part: string, value: number) =>
      count('AWS/Lambda', 'Throttles', value, ['FunctionName', `sluice-prod-${part}`]),
    async close(): Promise<void> {
      client.destroy();
      cloudwatch.destroy();
      await services.close();
      logs.close();
      metrics.close();
      directory.remove();
    },
  };
}
