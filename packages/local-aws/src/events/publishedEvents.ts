import { notImplemented } from '../protocol/AwsError.ts';
import { type Leaf, valueTest } from './eventPattern.ts';

/** What every event has around its detail. */
interface EventEnvelope {
  readonly version: string;
  readonly id: string;
  /** The account that it is of. */
  readonly account: string;
  /** When it happened, ISO 8601 in whole seconds. */
  readonly time: string;
  readonly region: string;
  /** ARNs of what it is about. */
  readonly resources: readonly string[];
}

/** S3's event of a new object. */
export interface ObjectCreatedEvent extends EventEnvelope {
  readonly source: 'aws.s3';
  readonly 'detail-type': 'Object Created';
  readonly detail: {
    readonly version: string;
    readonly bucket: { readonly name: string };
    /** The object: key, bytes, ETag without quotes, and the version if the bucket keeps them. */
    readonly object: {
      readonly key: string;
      readonly size: number;
      readonly etag: string;
      readonly sequencer: string;
      readonly 'version-id'?: string;
    };
    readonly 'request-id': string;
    /** The account that wrote it. */
    readonly requester: string;
    readonly 'source-ip-address': string;
    readonly reason: 'PutObject' | 'CompleteMultipartUpload' | 'CopyObject';
  };
}

/** CloudFormation's event of a stack that is deployed or updated. */
export interface StackStatusChange extends EventEnvelope {
  readonly source: 'aws.cloudformation';
  readonly 'detail-type': 'CloudFormation Stack Status Change';
  readonly detail: {
    /** ARN of the stack. */
    readonly 'stack-id': string;
    readonly 'status-details': { readonly status: string; readonly 'status-reason': string };
  };
}

/**
 * Every event that services of the local cloud publish, by its detail type. S3 has more of them:
 * https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-s3.html
 */
export interface PublishedEvents {
  readonly 'Object Created': ObjectCreatedEvent;
  readonly 'CloudFormation Stack Status Change': StackStatusChange;
}

/** What a field of a published event holds: any text, any number, or one of these values. */
type Possible = 'text' | 'number' | readonly Leaf[];

/** The fields of one kind of event. */
interface Kind {
  readonly [field: string]: Possible | Kind;
}

/** The fields of an event, each with what it holds. */
type KindOf<Event> = {
  readonly [Field in keyof Event]-?: NonNullable<Event[Field]> extends string | number | readonly unknown[]
    ? Possible
    : KindOf<NonNullable<Event[Field]>>;
};

/** The kinds of events that are published: one that lacks an event, or a field of it, does not compile. */
function publishedKinds({ region, account }: Owner): readonly Kind[] {
  const envelope = {
    version: ['0'],
    id: 'text',
    account: [account],
    time: 'text',
    region: [region],
    resources: 'text',
  } as const;
  const kinds: { readonly [Type in keyof PublishedEvents]: KindOf<PublishedEvents[Type]> } = {
    'Object Created': {
      ...envelope,
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: {
        version: ['0'],
        bucket: { name: 'text' },
        object: { key: 'text', size: 'number', etag: 'text', sequencer: 'text', 'version-id': 'text' },
        'request-id': 'text',
        requester: [account],
        'source-ip-address': ['127.0.0.1'],
        reason: ['PutObject', 'CompleteMultipartUpload', 'CopyObject'],
      },
    },
    'CloudFormation Stack Status Change': {
      ...envelope,
      source: ['aws.cloudformation'],
      'detail-type': ['CloudFormation Stack Status Change'],
      detail: {
        'stack-id': 'text',
        'status-details': { status: ['CREATE_COMPLETE', 'UPDATE_COMPLETE'], 'status-reason': [''] },
      },
    },
  };
  return Object.values(kinds);
}

interface Owner {
  readonly region: string;
  readonly account: string;
}

/**
 * Refuses a pattern that no event of the local cloud can match: its rule would never fire, where AWS's may. Each source and
 * each detail type that it lists has to be published here.
 *
 * @param pattern One that `compilePattern` has accepted.
 * @throws AwsError NotImplemented, which names the field and what the pattern wants there.
 */
export function assertCanFire(pattern: object, owner: Owner): void {
  const kinds = publishedKinds(owner);
  for (const field of ['source', 'detail-type'])
    for (const entry of [Reflect.get(pattern, field) ?? []].flat())
      if (!kinds.some((kind) => canHold(kind[field], entry))) throw refused(field, entry);
  const unmet = kinds.map((kind) => unmetField(pattern, kind));
  if (unmet.includes(undefined)) return;
  // Among the kinds that the pattern may name, the field with which it gets furthest.
  const [nearest] = unmet
    .flatMap((field) => field ?? [])
    .toSorted((left, right) => depth(right) - depth(left));
  throw refused(nearest?.path ?? '', nearest?.wanted);
}

/** How far a kind of event satisfies a pattern: not at all, if the event is of another source or type. */
function depth({ path }: Unmet): number {
  return /^(?:source|detail-type)$/.test(path) ? 0 : path.split('.').length;
}

function refused(path: string, wanted: unknown) {
  return notImplemented(`events pattern of ${path} ${JSON.stringify(wanted)}, which no event here has: it`);
}

interface Unmet {
  readonly path: string;
  readonly wanted: unknown;
}

/** The first field of a pattern that no event of a kind satisfies; undefined if there is none. */
function unmetField(pattern: object, kind: Kind, above = ''): Unmet | undefined {
  // The source and the type are compared before their detail.
  const fields = Object.entries(pattern).toSorted(
    ([left], [right]) => Number(left === 'detail') - Number(right === 'detail'),
  );
  for (const [field, wanted] of fields) {
    const path = `${above}${field}`;
    const holds = Object.hasOwn(kind, field) ? kind[field] : [];
    if (Array.isArray(wanted)) {
      if (!wanted.some((entry) => canHold(holds, entry))) return { path, wanted };
    } else {
      const unmet = isKind(holds) ? unmetField(wanted, holds, `${path}.`) : { path, wanted };
      if (unmet !== undefined) return unmet;
    }
  }
  return undefined;
}

function isKind(holds: Possible | Kind | undefined): holds is Kind {
  return typeof holds === 'object' && !Array.isArray(holds);
}

/** Whether a field can hold a value that satisfies an entry of a pattern's list. */
function canHold(holds: Possible | Kind | undefined, entry: unknown): boolean {
  if (holds === undefined || isKind(holds)) return false;
  if (holds === 'number') return typeof entry === 'number';
  // The operator is `prefix`, the only one that is compiled.
  if (holds === 'text') return typeof entry === 'string' || (typeof entry === 'object' && entry !== null);
  return valueTest(entry)(holds);
}
