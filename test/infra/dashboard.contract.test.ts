import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { collectMetrics } from '../../lib/collect/collectMetrics.ts';
import { curateMetrics } from '../../lib/curate/curateMetrics.ts';
import { madeStack } from './madeStack.ts';

const { resources: resolved } = madeStack({
  readers: [
    { kind: 'metabase', name: 'bi' },
    { kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' },
  ],
}).resolved;

const place = { x: z.int(), y: z.int(), width: z.int(), height: z.int() };
const bodySchema = z.strictObject({
  widgets: z.array(
    z.discriminatedUnion('type', [
      z.strictObject({
        type: z.literal('alarm'),
        ...place,
        properties: z.strictObject({ title: z.string(), alarms: z.array(z.string()) }),
      }),
      z.strictObject({
        type: z.literal('metric'),
        ...place,
        properties: z.strictObject({
          title: z.string(),
          region: z.literal('eu-west-1'),
          view: z.literal('timeSeries'),
          stat: z.string(),
          period: z.int(),
          metrics: z.array(
            z
              .tuple([z.string(), z.string()])
              .rest(
                z.union([
                  z.string(),
                  z.strictObject({ label: z.string().optional(), stat: z.string().optional() }),
                ]),
              ),
          ),
        }),
      }),
    ]),
  ),
});

const dashboard = resolved.find(({ type }) => type === 'AWS::CloudWatch::Dashboard');
const { widgets } = bodySchema.parse(JSON.parse(String(dashboard?.properties['DashboardBody'])));
const drawn = widgets.flatMap((widget) => (widget.type === 'metric' ? widget.properties.metrics : []));

describe('the dashboard', () => {
  it('shows every alarm of the stack', () => {
    const alarms = resolved.filter(({ type }) => type === 'AWS::CloudWatch::Alarm').map(({ arn }) => arn);
    expect(widgets.flatMap((widget) => (widget.type === 'alarm' ? widget.properties.alarms : []))).toEqual(
      alarms,
    );
    expect(alarms.length).toBeGreaterThan(12);
  });

  it('shows only metrics that are written, each with all of its dimensions and without placeholders', () => {
    expect(String(dashboard?.properties['DashboardBody'])).not.toContain('$');
    const ours = drawn.filter(([namespace]) => namespace === 'Sluice').map(([, metric]) => metric);
    const written = [
      ...[...Object.values(collectMetrics), ...Object.values(curateMetrics)].map(({ name }) => name),
      'WriteRefused-prod',
      'PartitionGaps-prod',
    ];
    expect(ours.filter((metric) => !written.some((name) => name === metric))).toEqual([]);
    for (const [namespace, , ...rest] of drawn) {
      const dimensions = rest.filter((part) => typeof part === 'string');
      expect(dimensions.length % 2).toBe(0);
      if (namespace === 'AWS/Firehose')
        expect(dimensions).toEqual(['DeliveryStreamName', expect.stringMatching(/^acme-prod-/)]);
    }
  });

  it('shows the bytes scanned by people and by each reader separately', () => {
    const scanned = drawn.filter(([, metric]) => metric === 'ProcessedBytes');
    expect(scanned.map((line) => line.slice(-2))).toEqual([
      ['sluice', { label: 'people' }],
      ['sluice_bi', { label: 'bi' }],
    ]);
  });

  it('places no widget over another or beyond the edge', () => {
    const cells = widgets.flatMap(({ x, y, width, height }) =>
      Array.from({ length: width * height }, (_, i) => `${x + (i % width)},${y + Math.floor(i / width)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { x, width } of widgets) expect(x + width).toBeLessThanOrEqual(24);
  });
});
