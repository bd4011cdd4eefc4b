import { hasOwnWorkgroup, readerWorkgroup } from '../../lib/access/readerStatements.ts';
import { METRIC_NAMESPACE, type Metric } from '../../lib/base/log.ts';
import { collectMetrics } from '../../lib/collect/collectMetrics.ts';
import { curateMetrics } from '../../lib/curate/curateMetrics.ts';
import { hasFunctionUrl, hasGateway } from '../../lib/schema/endpoint.ts';
import { type Resources, sub } from '../template/Resource.ts';
import { curateIds, logicalIds, partName, type Stack } from '../template/Stack.ts';
import { alarms } from './alarms.ts';
import { partitionGapsMetric, writeRefusedMetric } from './loggedMetrics.ts';

/** A dashboard is 24 wide: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html */
const COLUMNS = 24;
const WIDGET = { width: 8, height: 6 } as const;
const ALARMS_HEIGHT = 3;
const PERIOD_SECONDS = 300;

/** A line of a graph. Values that are known only at deployment are written as `Fn::Sub` has them: `${Bucket.Arn}`. */
interface Line {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly label?: string;
  readonly stat?: string;
}

interface Graph {
  readonly title: string;
  /** Default statistic of a line. */
  readonly stat: string;
  readonly lines: readonly Line[];
}

/** The dashboard `<service>-<stage>`: all alarms, then the metrics behind them, then the cost drivers. */
export function dashboard(stack: Stack): Resources {
  const alarmIds = Object.entries(alarms(stack)).flatMap(([logicalId, { Type }]) =>
    Type === 'AWS::CloudWatch::Alarm' ? [logicalId] : [],
  );
  const body = {
    widgets: [
      {
        type: 'alarm',
        x: 0,
        y: 0,
        width: COLUMNS,
        height: ALARMS_HEIGHT,
        properties: { title: 'Alarms', alarms: alarmIds.map((logicalId) => `\${${logicalId}.Arn}`) },
      },
      ...graphs(stack).map(widget),
    ],
  };
  return {
    Dashboard: {
      Type: 'AWS::CloudWatch::Dashboard',
      Properties: {
        DashboardName: `${stack.service}-${stack.stage}`,
        DashboardBody: sub(JSON.stringify(body)),
      },
    },
  };
}

function graphs(stack: Stack): readonly Graph[] {
  const m = collectMetrics;
  const { athena } = stack.config;
  const collected = ({ name }: { readonly name: string }, dimensions = {}): Line => ({
    namespace: METRIC_NAMESPACE,
    metric: name,
    dimensions: { function: 'collect', stage: stack.stage, ...dimensions },
  });
  const line =
    (namespace: string, dimensions: Line['dimensions'], label?: string) =>
    (metric: string): Line => ({
      ...{ namespace, metric, dimensions },
      ...(label === undefined ? {} : { label }),
    });
  const api = line('AWS/ApiGateway', { ApiId: `\${${logicalIds.httpApi}}` });
  const firehose = line('AWS/Firehose', { DeliveryStreamName: `\${${logicalIds.stream}}` });
  const queue = (logicalId: string, label: string) =>
    line('AWS/SQS', { QueueName: `\${${logicalId}.QueueName}` }, label);
  const deadLetters = (worker: string, logicalId: string) =>
    queue(logicalId, `${worker}, dead letters`)('ApproximateNumberOfMessagesVisible');
  const ofWriter = queue(logicalIds.writeQueue, 'write');
  const lambda = (metric: string, stat = 'Sum'): readonly Line[] =>
    [...['collect', 'register', 'write'], ...(stack.config.curate ? ['curate-plan', 'curate'] : [])].map(
      (name) => ({
        namespace: 'AWS/Lambda',
        metric,
        dimensions: { FunctionName: partName(stack, name) },
        label: `${name} ${metric}`,
        stat,
      }),
    );
  const logged = ({ namespace, metric }: ReturnType<typeof partitionGapsMetric>) =>
    line(namespace, {})(metric);
  const curations = ({ name }: Metric) =>
    line(METRIC_NAMESPACE, { function: 'curate-plan', stage: stack.stage })(name);
  return [
    {
      title: 'Requests',
      stat: 'Sum',
      lines: [
        ...lambda('Invocations').slice(0, 1),
        collected(m.refused_requests),
        ...(hasGateway(stack.config.endpoint) ? ['Count', '4xx', '5xx'].map(api) : []),
        ...(hasFunctionUrl(stack.config.endpoint)
          ? ['UrlRequestCount', 'Url4xxCount', 'Url5xxCount'].flatMap((metric) => lambda(metric).slice(0, 1))
          : []),
      ],
    },
    {
      title: 'Events',
      stat: 'Sum',
      lines: [m.received, m.exposures_landed, m.events_landed, m.quarantined, m.ignored, m.overflowed].map(
        (metric) => collected(metric),
      ),
    },
    {
      title: 'Latency of the collector, ms',
      stat: 'p50',
      lines: ['p50', 'p90', 'p99'].flatMap((stat) =>
        lambda('Duration', stat)
          .slice(0, 1)
          .map((line) => ({ ...line, label: stat })),
      ),
    },
    {
      title: 'Seconds for which the oldest record of the stream has waited',
      stat: 'Maximum',
      lines: [firehose('DeliveryToS3.DataFreshness')],
    },
    {
      // Firehose reports no age while delivery is completely blocked.
      title: 'Records that Firehose received and delivered',
      stat: 'Sum',
      lines: ['IncomingRecords', 'DeliveryToS3.Records'].map(firehose),
    },
    {
      title: 'Records that Firehose throttled',
      stat: 'Sum',
      lines: [firehose('ThrottledRecords')],
    },
    {
      title: 'Bytes that the stream received',
      stat: 'Sum',
      lines: [firehose('IncomingBytes')],
    },
    {
      title: 'Functions',
      stat: 'Sum',
      lines: [
        ...lambda('Errors'),
        ...lambda('Throttles'),
        ...lambda('ConcurrentExecutions', 'Maximum').slice(0, 1),
      ],
    },
    {
      title: 'Waiting for a person',
      stat: 'Maximum',
      lines: [
        logged(writeRefusedMetric(stack)),
        logged(partitionGapsMetric(stack)),
        deadLetters('register', logicalIds.deadLetters),
        deadLetters('write', logicalIds.writeDeadLetters),
        ...(stack.config.curate
          ? [
              curations(curateMetrics.curations_failed),
              curations(curateMetrics.curations_waiting),
              deadLetters('curate-plan', curateIds.planDeadLetters),
              deadLetters('curate', curateIds.deadLetters),
            ]
          : []),
      ],
    },
    {
      title: 'Objects of the landing for which the writer has a message',
      stat: 'Maximum',
      lines: [ofWriter('ApproximateNumberOfMessagesVisible')],
    },
    {
      title: 'Seconds for which the oldest of them has waited',
      stat: 'Maximum',
      lines: [ofWriter('ApproximateAgeOfOldestMessage')],
    },
    {
      title: 'Bytes that queries scanned',
      stat: 'Sum',
      lines: [
        processedBytes('people', athena.workgroup),
        ...stack.config.readers
          .filter(hasOwnWorkgroup)
          .map((reader) => processedBytes(reader.name, readerWorkgroup(athena, reader).workgroup)),
      ],
    },
  ];
}

/** https://docs.aws.amazon.com/athena/latest/ug/query-metrics-viewing.html */
function processedBytes(label: string, workgroup: string): Line {
  return {
    namespace: 'AWS/Athena',
    metric: 'ProcessedBytes',
    dimensions: { QueryState: 'SUCCEEDED', QueryType: 'DML', WorkGroup: workgroup },
    label,
  };
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html */
function widget({ title, stat, lines }: Graph, index: number) {
  const perRow = COLUMNS / WIDGET.width;
  return {
    type: 'metric',
    x: (index % perRow) * WIDGET.width,
    y: ALARMS_HEIGHT + Math.floor(index / perRow) * WIDGET.height,
    ...WIDGET,
    properties: {
      title,
      region: `\${AWS::Region}`,
      view: 'timeSeries',
      stat,
      period: PERIOD_SECONDS,
      metrics: lines.map(({ namespace, metric, dimensions, label, stat: own }) => [
        namespace,
        metric,
        ...Object.entries(dimensions).flat(),
        { ...(label === undefined ? {} : { label }), ...(own === undefined ? {} : { stat: own }) },
      ]),
    },
  };
}
