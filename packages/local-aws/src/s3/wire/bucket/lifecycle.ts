import type { XmlElement } from '../../../protocol/xml.ts';
import type { BucketSettings, LifecycleRule } from '../../model/bucketSettings.ts';

/** The lifecycle of a bucket. */
type Lifecycle = NonNullable<BucketSettings['LifecycleConfiguration']>;

/** A lifecycle as GetBucketLifecycleConfiguration returns it.
 *  https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html */
export function lifecycleElement({ Rules }: Lifecycle): XmlElement {
  return ['LifecycleConfiguration', Rules.map(ruleElement)];
}

/** The header with the sizes of objects that a transition takes. */
export function lifecycleHeaders(lifecycle: Lifecycle | undefined): Record<string, string> {
  return {
    'x-amz-transition-default-minimum-object-size':
      lifecycle?.TransitionDefaultMinimumObjectSize ?? 'all_storage_classes_128K',
  };
}

/** A rule as S3 answers it. @param index Position of the rule, from 0: a rule without an ID gets one. */
function ruleElement(rule: LifecycleRule, index: number): XmlElement {
  const { ExpirationInDays, ExpiredObjectDeleteMarker, NoncurrentVersionExpiration } = rule;
  return [
    'Rule',
    [
      ['ID', rule.Id ?? `rule-${index + 1}`],
      ['Filter', [['Prefix', rule.Prefix ?? '']]],
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

/** Elements for the values that are numbers or booleans; the others are left out. */
function elements(values: Readonly<Record<string, LifecycleRule[keyof LifecycleRule]>>): XmlElement[] {
  return Object.entries(values).flatMap(([name, value]): XmlElement[] =>
    typeof value === 'number' || typeof value === 'boolean' ? [[name, value]] : [],
  );
}
