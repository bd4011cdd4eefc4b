import { z } from 'zod';
import type { AwsError } from '../../../protocol/AwsError.ts';
import type { XmlElement } from '../../../protocol/xml.ts';
import { s3Errors } from '../../errors.ts';
import {
  type BucketSettings,
  type LifecycleRule,
  minimumObjectSizes,
  type StoredLifecycleRule,
} from '../../model/bucketSettings.ts';
import { storageClasses } from '../../model/StoredObject.ts';

/** The header with the least size of the objects that a transition takes. */
export const MINIMUM_SIZE = 'x-amz-transition-default-minimum-object-size';

type Lifecycle = NonNullable<BucketSettings['LifecycleConfiguration']>;

/** Days before objects may go to these classes. https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html */
const LEAST_DAYS: ReadonlyMap<string, number> = new Map([
  ['STANDARD_IA', 30],
  ['ONEZONE_IA', 30],
]);
const ID_LENGTH = 255;

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
/** Its sign is checked by {@link checkRule}: S3 has an error of its own for it. */
const days = z
  .string()
  .regex(/^-?\d{1,6}$/)
  .transform(Number);
/** An element that may have no children. */
const members = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.preprocess((value) => (value === '' ? {} : value), z.strictObject(shape));

const ruleSchema = z.strictObject({
  ID: z.string().optional(),
  Status: z.enum(['Enabled', 'Disabled']),
  Filter: members({ Prefix: z.string().optional() }).optional(),
  /** The older form of a rule, without a filter. */
  Prefix: z.string().optional(),
  Expiration: z
    .strictObject({ Days: days.optional(), ExpiredObjectDeleteMarker: flag.optional() })
    .optional(),
  NoncurrentVersionExpiration: z
    .strictObject({ NoncurrentDays: days, NewerNoncurrentVersions: days.optional() })
    .optional(),
  Transition: z.array(z.strictObject({ Days: days, StorageClass: z.enum(storageClasses) })).optional(),
  AbortIncompleteMultipartUpload: z.strictObject({ DaysAfterInitiation: days }).optional(),
});
type Rule = z.output<typeof ruleSchema>;

/** The document of PutBucketLifecycleConfiguration, as far as it is emulated. */
export const lifecycleSchema = z.strictObject({ Rule: z.array(ruleSchema).min(1).max(1000) });

/**
 * The lifecycle that a document and its header describe.
 *
 * @throws AwsError `MalformedXML`, `InvalidArgument`, `InvalidRequest`.
 */
export function readLifecycle(
  { Rule: rules }: z.output<typeof lifecycleSchema>,
  headers: Readonly<Record<string, string>>,
): Lifecycle {
  const asked = headers[MINIMUM_SIZE];
  const size = minimumObjectSizes.find((known) => known === asked);
  if (asked !== undefined && size === undefined)
    throw s3Errors.invalidRequest(`Invalid TransitionDefaultMinimumObjectSize found: ${asked}`);
  const ids = new Set<string>();
  for (const rule of rules) {
    checkRule(rule);
    if (rule.ID === undefined) continue;
    if (ids.has(rule.ID))
      throw s3Errors.invalidArgument(
        'ID',
        rule.ID,
        'Rule ID must be unique. Found same ID for more than one rule',
      );
    ids.add(rule.ID);
  }
  return {
    Rules: rules.map(toStored),
    ...(size === undefined ? {} : { TransitionDefaultMinimumObjectSize: size }),
  };
}

function toStored(rule: Rule): StoredLifecycleRule {
  const { ID, Filter, Prefix, Expiration, Transition, ...rest } = rule;
  const prefix = Prefix ?? Filter?.Prefix;
  return {
    ...rest,
    ...(ID === undefined || ID === '' ? {} : { Id: ID }),
    ...(prefix === undefined ? { appliesTo: 'everything' } : { Prefix: prefix }),
    ...(Prefix === undefined ? {} : { appliesTo: 'prefix' }),
    ...(Expiration?.Days === undefined ? {} : { ExpirationInDays: Expiration.Days }),
    ...(Expiration?.ExpiredObjectDeleteMarker === undefined
      ? {}
      : { ExpiredObjectDeleteMarker: Expiration.ExpiredObjectDeleteMarker }),
    ...(Transition === undefined
      ? {}
      : {
          Transitions: Transition.map(({ Days, StorageClass }) => ({ TransitionInDays: Days, StorageClass })),
        }),
  };
}

/** Localstack recorded most of these against AWS: test_s3.snapshot.json, test_put_bucket_lifecycle_conf_exc. */
function checkRule(rule: Rule): void {
  const { ID = '', Filter, Prefix, Expiration, Transition = [] } = rule;
  if (ID.length > ID_LENGTH)
    throw s3Errors.invalidArgument('ID', ID, `ID length should not exceed allowed limit of ${ID_LENGTH}`);
  if ((Filter === undefined) === (Prefix === undefined))
    throw s3Errors.malformedXml('a rule has either a Filter or a Prefix.');
  if (Expiration !== undefined && Object.keys(Expiration).length !== 1)
    throw s3Errors.malformedXml('an Expiration has either Days or ExpiredObjectDeleteMarker.');
  const actions = ACTIONS.filter((name) => rule[name] !== undefined);
  if (actions.length === 0)
    throw s3Errors.invalidRequest('At least one action needs to be specified in a rule');
  requirePositive('Days', 'Expiration', Expiration?.Days);
  const { NoncurrentDays, NewerNoncurrentVersions } = rule.NoncurrentVersionExpiration ?? {};
  requirePositive('NoncurrentDays', 'NoncurrentVersionExpiration', NoncurrentDays);
  requirePositive('NewerNoncurrentVersions', 'NoncurrentVersionExpiration', NewerNoncurrentVersions);
  const { DaysAfterInitiation } = rule.AbortIncompleteMultipartUpload ?? {};
  requirePositive('DaysAfterInitiation', 'AbortIncompleteMultipartUpload', DaysAfterInitiation);
  for (const { Days, StorageClass } of Transition) {
    if (Days < 0)
      throw invalid('Days', Days, "'Days' in the Transition action must be a non-negative integer");
    const least = LEAST_DAYS.get(StorageClass) ?? 0;
    if (Days < least)
      throw invalid(
        'Days',
        Days,
        `'Days' in Transition action must be greater than or equal to ${least} for storageClass '${StorageClass}'`,
      );
  }
}

const ACTIONS = [
  'Expiration',
  'NoncurrentVersionExpiration',
  'Transition',
  'AbortIncompleteMultipartUpload',
] as const;

function requirePositive(name: string, action: string, value: number | undefined): void {
  if (value !== undefined && value < 1)
    throw invalid(name, value, `'${name}' for ${action} action must be a positive integer`);
}

function invalid(name: string, value: number, message: string): AwsError {
  return s3Errors.invalidArgument(name, String(value), message);
}

/** A lifecycle as GetBucketLifecycleConfiguration returns it.
 *  https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html */
export function lifecycleElement({ Rules }: Lifecycle): XmlElement {
  return ['LifecycleConfiguration', Rules.map(ruleElement)];
}

/** The header with the sizes of objects that a transition takes. */
export function lifecycleHeaders(lifecycle: Lifecycle | undefined): Record<string, string> {
  return { [MINIMUM_SIZE]: lifecycle?.TransitionDefaultMinimumObjectSize ?? 'all_storage_classes_128K' };
}

function ruleElement(rule: StoredLifecycleRule, index: number): XmlElement {
  const { ExpirationInDays, ExpiredObjectDeleteMarker, NoncurrentVersionExpiration } = rule;
  return [
    'Rule',
    [
      ['ID', rule.Id ?? `rule-${index + 1}`],
      scopeElement(rule),
      ['Status', rule.Status],
      ExpirationInDays === undefined && ExpiredObjectDeleteMarker === undefined
        ? undefined
        : ['Expiration', elements({ Days: ExpirationInDays, ExpiredObjectDeleteMarker })],
      NoncurrentVersionExpiration && [
        'NoncurrentVersionExpiration',
        elements({ ...NoncurrentVersionExpiration }),
      ],
      ...(rule.Transitions ?? []).map(
        ({ TransitionInDays, StorageClass }): XmlElement => [
          'Transition',
          [
            ['Days', TransitionInDays],
            ['StorageClass', StorageClass],
          ],
        ],
      ),
      rule.AbortIncompleteMultipartUpload && [
        'AbortIncompleteMultipartUpload',
        elements({ ...rule.AbortIncompleteMultipartUpload }),
      ],
    ],
  ];
}

/** The scope of a rule, in the form in which it was put. Rules of a template have a filter. */
function scopeElement({ appliesTo, Prefix = '' }: StoredLifecycleRule): XmlElement {
  if (appliesTo === 'prefix') return ['Prefix', Prefix];
  return ['Filter', appliesTo === 'everything' ? '' : [['Prefix', Prefix]]];
}

function elements(values: Readonly<Record<string, LifecycleRule[keyof LifecycleRule]>>): XmlElement[] {
  return Object.entries(values).flatMap(([name, value]): XmlElement[] =>
    typeof value === 'number' || typeof value === 'boolean' ? [[name, value]] : [],
  );
}
