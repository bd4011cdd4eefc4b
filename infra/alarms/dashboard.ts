import { hasOwnWorkgroup, readerWorkgroup } from '../../lib/access/readerStatements.ts';
import { METRIC_NAMESPACE } from '../../lib/base/log.ts';
import { collectMetrics } from '../../lib/collect/collectMetrics.ts';
import { curateMetrics } from '../../lib/curate/curateMetrics.ts';
import { hasFunctionUrl, hasGateway } from '../../lib/schema/endpoint.ts';
import { type Resources, sub } from '../template/Resource.ts';
import { curateIds, logicalIds, partName, type Stack } from '../template/Stack.ts';
import { alarms } from './alarms.ts';
import { loggedMetric } from './loggedMetrics.ts';

/** A dashboard is 24 wide: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html */
const COLUMNS = 24;
const WIDGET = { width: 8, height: 6 } as const;
const ALARMS_HEIGHT = 3;
const PERIOD_SECONDS = 300;

/**
 * A line of a graph as CloudWatch writes it: namespace, metric, dimensions and their values, settings. What is known only at
 * deployment is written as `Fn::Sub` has it: `${Bucket.Arn}`.
 */
type Line = readonly [
  ...texts: readonly string[],
  settings: { readonly label?: string; readonly stat?: string },
];

/** A graph: its title, the default statistic of a line, and the lines. */
type Graph = readonly [title: string, stat: string, ...lines: readonly Line[]];

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
  const { athena, curate, endpoint, readers } = stack.config;
  const m = collectMetrics;
  const own = (of: string, { name }: { readonly name: string }): Line => [
    METRIC_NAMESPACE,
    name,
    'function',
    of,
    'stage',
    stack.stage,
    {},
  ];
  const api = (metric: string): Line => ['AWS/ApiGateway', metric, 'ApiId', `\${${logicalIds.httpApi}}`, {}];
  const firehose = (metric: string): Line => [
    'AWS/Firehose',
    metric,
    'DeliveryStreamName',
    `\${${logicalIds.stream}}`,
    {},
  ];
  const lambda = (name: string, metric: string, settings: { label?: string; stat?: string } = {}): Line => [
    'AWS/Lambda',
    metric,
    'FunctionName',
    partName(stack, name),
    { label: `${name} ${metric}`, stat: 'Sum', ...settings },
  ];
  const queue = (queueId: string, label: string, metric = 'ApproximateNumberOfMessagesVisible'): Line => [
    'AWS/SQS',
    metric,
    'QueueName',
    `\${${queueId}.QueueName}`,
    { label },
  ];
  const logged = (of: Parameters<typeof loggedMetric>[1]): Line => [
    METRIC_NAMESPACE,
    loggedMetric(stack, of).metric,
    {},
  ];
  // https://docs.aws.amazon.com/athena/latest/ug/query-metrics-viewing.html
  const scanned = (label: string, workgroup: string): Line => [
    'AWS/Athena',
    'ProcessedBytes',
    'QueryState',
    'SUCCEEDED',
    'QueryType',
    'DML',
    'WorkGroup',
    workgroup,
    { label },
  ];
  const functions = ['collect', 'register', 'write', ...(curate ? ['curate-plan', 'curate'] : [])];
  return [
    [
      'Requests',
      'Sum',
      lambda('collect', 'Invocations'),
      own('collect', m.refused_requests),
      ...(hasGateway(endpoint) ? ['Count', '4xx', '5xx'].map(api) : []),
      ...(hasFunctionUrl(endpoint)
        ? ['UrlRequestCount', 'Url4xxCount', 'Url5xxCount'].map((metric) => lambda('collect', metric))
        : []),
    ],
    [
      'Events',
      'Sum',
      ...[m.received, m.exposures_landed, m.events_landed, m.quarantined, m.ignored, m.overflowed].map(
        (metric) => own('collect', metric),
      ),
    ],
    [
      'Latency of the collector, ms',
      'p50',
      ...['p50', 'p90', 'p99'].map((stat) => lambda('collect', 'Duration', { label: stat, stat })),
    ],
    [
      'Seconds for which the oldest record of the stream has waited',
      'Maximum',
      firehose('DeliveryToS3.DataFreshness'),
    ],
    // Firehose reports no age while delivery is completely blocked.
    [
      'Records that Firehose received and delivered',
      'Sum',
      ...['IncomingRecords', 'DeliveryToS3.Records'].map(firehose),
    ],
    ['Records that Firehose throttled', 'Sum', firehose('ThrottledRecords')],
    ['Bytes that the stream received', 'Sum', firehose('IncomingBytes')],
    [
      'Functions',
      'Sum',
      ...['Errors', 'Throttles'].flatMap((metric) => functions.map((name) => lambda(name, metric))),
      lambda('collect', 'ConcurrentExecutions', { stat: 'Maximum' }),
    ],
    [
      'Waiting for a person',
      'Maximum',
      logged('writeRefused'),
      logged('partitionGaps'),
      queue(logicalIds.deadLetters, 'register, dead letters'),
      queue(logicalIds.writeDeadLetters, 'write, dead letters'),
      ...(curate
        ? [
            own('curate-plan', curateMetrics.curations_failed),
            own('curate-plan', curateMetrics.curations_waiting),
            queue(curateIds.planDeadLetters, 'curate-plan, dead letters'),
            queue(curateIds.deadLetters, 'curate, dead letters'),
          ]
        : []),
    ],
    [
      'Objects of the landing for which the writer has a message',
      'Maximum',
      queue(logicalIds.writeQueue, 'write'),
    ],
    [
      'Seconds for which the oldest of them has waited',
      'Maximum',
      queue(logicalIds.writeQueue, 'write', 'ApproximateAgeOfOldestMessage'),
    ],
    [
      'Bytes that queries scanned',
      'Sum',
      scanned('people', athena.workgroup),
      ...readers
        .filter(hasOwnWorkgroup)
        .map((reader) => scanned(reader.name, readerWorkgroup(athena, reader).workgroup)),
    ],
  ];
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html */
function widget([title, stat, ...metrics]: Graph, index: number) {
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
      metrics,
    },
  };
}
