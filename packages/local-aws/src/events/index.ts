import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Alarm, LocalClock } from '../base/clock.ts';
import { diskProblem } from '../base/diskProblem.ts';
import { reportDefect } from '../base/reportDefect.ts';
import { Faults } from '../faults/Faults.ts';
import { AwsError, notImplemented } from '../protocol/AwsError.ts';
import { readProperties } from '../protocol/readProperties.ts';
import { compilePattern, type EventTest } from './eventPattern.ts';
import { assertCanFire, type ObjectCreatedEvent, type PublishedEvents } from './publishedEvents.ts';

/** The account's default event bus. */
export interface EventBus {
  /**
   * Sets or replaces a rule, given the properties of a template's `AWS::Events::Rule`.
   *
   * @throws AwsError InvalidEventPatternException, ValidationException, InvalidRequest, or NotImplemented for what isn't
   * emulated: a pattern, too, that no event of the local cloud can match.
   */
  putRule(name: string, properties: unknown): void;
  /** Names of all rules. */
  rules(): readonly string[];
  /** Hands an event to every target of every enabled rule that it matches. */
  publish(event: PublishedEvents[keyof PublishedEvents]): void;
  /** Publishes "Object Created" as S3 does for a bucket whose EventBridge switch is on. Never throws. */
  publishObjectCreated(object: CreatedObject): void;
  /** Delivers nothing any more of what comes late or is tried again. */
  close(): void;
}

/**
 * How a delivery that the disk had no room for is tried again, in milliseconds: for a day, as EventBridge does it, after
 * waits that double up to a minute.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
 */
const RETRY = { firstMs: 1_000, longestMs: 60_000, forMs: 86_400_000 } as const;

interface Rule {
  readonly matches: EventTest;
  readonly enabled: boolean;
  readonly targets: readonly RuleTarget[];
}

/** A target of a rule. */
export interface RuleTarget {
  readonly ruleArn: string;
  readonly arn: string;
  /** The queue for events that cannot be delivered; undefined for none. */
  readonly deadLetterArn: string | undefined;
}

/**
 * Opens the default event bus. Rules come from the deployed stack at every start, so nothing is kept on disk.
 *
 * @param options.deliver Sends an event, as JSON, to a target: for an SQS queue it is the message's body.
 *
 * @example
 * const bus = openEventBus({ region, account, deliver: ({ arn }, json) => queues.byArn(arn).send(json) });
 * bus.putRule('partitions', rule.Properties);
 * store.onObjectCreated((object) => bus.publishObjectCreated(object));
 */
export function openEventBus(options: {
  readonly region: string;
  readonly account: string;
  readonly partition?: string;
  readonly deliver: (target: RuleTarget, eventJson: string) => void;
  /** Faults of deliveries: events that are lost, come twice or late. Default: none. */
  readonly faults?: Faults;
  /**
   * The clock that delays late and repeated events; without a clock they come at once. A process that ends loses events
   * that wait.
   */
  readonly clock?: Pick<LocalClock, 'after'>;
  /** Is called with why a delivery failed: the writer of an object has its answer already. Default: writes to stderr. */
  readonly onFailure?: (error: unknown) => void;
}): EventBus {
  const { deliver, clock, faults = new Faults(), onFailure = reportDefect } = options;
  const rules = new Map<string, Rule>();
  /** Deliveries that wait, each with the function that runs if the bus is closed before; undefined: nothing runs. */
  const waiting = new Map<Alarm, (() => void) | undefined>();

  function later(delayMs: number, run: () => void, atClose?: () => void): void {
    const alarm = clock?.after(delayMs, () => {
      if (alarm !== undefined) waiting.delete(alarm);
      run();
    });
    if (alarm !== undefined) waiting.set(alarm, atClose);
  }

  function deliverAndRetry(target: RuleTarget, json: string, waitMs: number, leftMs: number): void {
    try {
      deliver(target, json);
    } catch (error) {
      onFailure(error);
      if (diskProblem(error) === undefined || leftMs < waitMs) return;
      const nextMs = Math.min(2 * waitMs, RETRY.longestMs);
      later(
        waitMs,
        () => deliverAndRetry(target, json, nextMs, leftMs - waitMs),
        () => deliverAndRetry(target, json, 0, -1),
      );
    }
  }

  function publish(event: PublishedEvents[keyof PublishedEvents]): void {
    const json = JSON.stringify(event);
    for (const [name, { matches, enabled, targets }] of rules) {
      if (enabled && matches(event)) for (const target of targets) deliverWithFaults(name, target, json);
    }
  }

  /** EventBridge delivers at least once, and in no order: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html */
  function deliverWithFaults(rule: string, target: RuleTarget, json: string): void {
    const { loseEvents, repeatEvents, delayEvents } = faults.take(
      'events',
      ['loseEvents', 'repeatEvents', 'delayEvents'],
      [rule],
    );
    if (loseEvents !== undefined) return;
    const times = repeatEvents === undefined ? 1 : 2;
    const deliverAll = () => {
      for (let n = 0; n < times; n += 1) deliverAndRetry(target, json, RETRY.firstMs, RETRY.forMs);
    };
    if (delayEvents === undefined || clock === undefined) deliverAll();
    else later(delayEvents.ms, deliverAll);
  }

  return {
    putRule(name, properties) {
      const { EventPattern, State, Targets } = ruleProperties(properties);
      const matches = compilePattern(EventPattern);
      assertCanFire(Object(EventPattern), options);
      rules.set(name, {
        matches,
        enabled: State === 'ENABLED',
        targets: Targets.map(({ Arn, DeadLetterConfig }) => ({
          ruleArn: `arn:${options.partition ?? 'aws'}:events:${options.region}:${options.account}:rule/${name}`,
          arn: Arn,
          deadLetterArn: DeadLetterConfig?.Arn,
        })),
      });
    },
    rules: () => [...rules.keys()],
    publish,
    publishObjectCreated: (object) => publish(objectCreatedEvent(object, options)),
    close() {
      for (const [alarm, atClose] of waiting) {
        alarm.cancel();
        atClose?.();
      }
      waiting.clear();
    },
  };
}

const targetSchema = z.strictObject({
  Id: z.string().min(1).max(64),
  Arn: z.string().min(1),
  DeadLetterConfig: z.strictObject({ Arn: z.string() }).optional(),
  /** The role has no effect here: the policy of a queue decides who sends to it, and it always accepts. */
  RoleArn: z.unknown().optional(),
  RetryPolicy: z.unknown().optional(),
});

const ruleSchema = z.strictObject({
  Name: z.string().optional(),
  Description: z.string().optional(),
  EventBusName: z.literal('default').optional(),
  EventPattern: z.unknown(),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  /** There are at most five. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
  Targets: z.array(targetSchema).max(5).default([]),
  RoleArn: z.unknown().optional(),
  Tags: z.unknown().optional(),
});

/** A rule as a template's `AWS::Events::Rule` describes it. */
export type RuleProperties = z.output<typeof ruleSchema>;

/**
 * Validates a rule of a template. Schedules, inputs that are transformed and targets other than SQS queues are
 * refused by name. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html
 */
function ruleProperties(properties: unknown): RuleProperties {
  const rule = readProperties(ruleSchema, properties, 'AWS::Events::Rule');
  if (rule.EventPattern === undefined) throw patternMissing();
  for (const { Arn } of rule.Targets) {
    if (!/^arn:aws[\w-]*:sqs:/.test(Arn)) throw notImplemented(`AWS::Events::Rule target ${Arn}`);
  }
  return rule;
}

/** AWS's answer to a rule with neither: https://github.com/awsdocs/aws-cloudformation-user-guide/pull/456 */
const patternMissing = () =>
  new AwsError(
    'ValidationException',
    400,
    'Parameter(s) EventPattern or ScheduleExpression must be specified.',
  );

/** An object that S3 has just written. */
interface CreatedObject {
  readonly bucket: string;
  /** The key as it is. Unlike S3's own notifications, EventBridge gets it without URL encoding. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** The ETag without quotes. */
  readonly etag: string;
  /** Hexadecimal digits. Of two events of one key, the later event has the greater value. */
  readonly sequencer: string;
  /** The version, which only objects in a bucket with versions have. */
  readonly versionId?: string;
  readonly reason: ObjectCreatedEvent['detail']['reason'];
  /** Epoch milliseconds. */
  readonly time: number;
}

/**
 * The event "Object Created" as S3 sends it to EventBridge.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 */
export function objectCreatedEvent(
  object: CreatedObject,
  owner: { readonly region: string; readonly account: string },
): ObjectCreatedEvent {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Object Created',
    source: 'aws.s3',
    account: owner.account,
    // Whole seconds, as S3 sends it.
    time: `${new Date(object.time).toISOString().slice(0, 19)}Z`,
    region: owner.region,
    resources: [`arn:aws:s3:::${object.bucket}`],
    detail: {
      version: '0',
      bucket: { name: object.bucket },
      object: {
        key: object.key,
        size: object.size,
        etag: object.etag,
        sequencer: object.sequencer,
        ...(object.versionId === undefined ? {} : { 'version-id': object.versionId }),
      },
      'request-id': randomUUID().replaceAll('-', '').slice(0, 16).toUpperCase(),
      requester: owner.account,
      'source-ip-address': '127.0.0.1',
      reason: object.reason,
    },
  };
}
