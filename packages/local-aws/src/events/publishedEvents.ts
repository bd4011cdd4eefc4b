import { KEY_BYTES } from '../s3/limits.ts';
import type { Leaf } from './eventPattern.ts';

/** The members that every event has besides its source, its type and its detail. */
interface EventEnvelope {
  /** Version of the event's format: `0`. */
  readonly version: string;
  /** A UUID that no other event has. */
  readonly id: string;
  /** The account whose resources the event is about. */
  readonly account: string;
  /** When the event happened, ISO 8601 in whole seconds. */
  readonly time: string;
  /** The region that the resources are in. */
  readonly region: string;
  /** ARNs of the resources that the event is about. */
  readonly resources: readonly string[];
}

/** S3's event of a new object. */
export interface ObjectCreatedEvent extends EventEnvelope {
  /** S3. */
  readonly source: 'aws.s3';
  /** An object was written. */
  readonly 'detail-type': 'Object Created';
  readonly detail: {
    /** Version of the detail's format: `0`. */
    readonly version: string;
    /** The bucket that the object is in. */
    readonly bucket: { readonly name: string };
    /** The object that was written. */
    readonly object: {
      /** Its key, without URL encoding. */
      readonly key: string;
      /** Bytes. */
      readonly size: number;
      /** The ETag without quotes. */
      readonly etag: string;
      /** Hexadecimal digits: of two events of one key, the later event has the greater value. */
      readonly sequencer: string;
      /** The version. Absent if the bucket keeps no versions. */
      readonly 'version-id'?: string;
    };
    /** ID of the request that wrote the object: 16 hexadecimal digits. */
    readonly 'request-id': string;
    /** The account that wrote it. */
    readonly requester: string;
    /** IP address of the client. */
    readonly 'source-ip-address': string;
    /** The operation that wrote the object. */
    readonly reason: 'PutObject' | 'CompleteMultipartUpload' | 'CopyObject';
  };
}

/** CloudFormation's event of a stack that is deployed or updated. */
export interface StackStatusChange extends EventEnvelope {
  /** CloudFormation. */
  readonly source: 'aws.cloudformation';
  /** A stack was deployed or updated. */
  readonly 'detail-type': 'CloudFormation Stack Status Change';
  readonly detail: {
    /** ARN of the stack. */
    readonly 'stack-id': string;
    /** What the stack has come to. */
    readonly 'status-details': {
      /** `CREATE_COMPLETE` or `UPDATE_COMPLETE`. */
      readonly status: string;
      /** Why the stack failed; empty, because only stacks that succeed publish an event here. */
      readonly 'status-reason': string;
    };
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

/** Where the resources of events are. */
export interface EventOwner {
  /** The region of the resources. */
  readonly region: string;
  /** The account of the resources: twelve digits. */
  readonly account: string;
  /** The first part of ARNs after `arn:`. Default `aws`. */
  readonly partition?: string;
}

/** Texts that a field can hold: a fixed beginning, and characters after it. */
export interface TextShape {
  /** The beginning, which may be a whole ARN up to a name. Default: none. */
  readonly begins?: string;
  /** Matches a text that has only characters which can follow the beginning. */
  readonly characters: RegExp;
  /** The least length after the beginning, in bytes of UTF-8. */
  readonly least: number;
  /** The greatest length after the beginning, in bytes of UTF-8. */
  readonly most: number;
}

/** What a field of a published event can hold: one of some values, a text of a shape, or a whole number from 0 on. */
export type Possible = readonly Leaf[] | TextShape | 'count';

/** The fields of one kind of event. */
export interface Kind {
  readonly [field: string]: Possible | Kind;
}

/** The fields of an event, each with what it can hold. */
type KindOf<Event> = {
  readonly [Field in keyof Event]-?: NonNullable<Event[Field]> extends string | number | readonly unknown[]
    ? Possible
    : KindOf<NonNullable<Event[Field]>>;
};

/** Characters of a UUID. */
const UUID_CHARACTERS = 36;
/** A random UUID. */
const UUID: TextShape = { characters: /^[0-9a-f-]*$/, least: UUID_CHARACTERS, most: UUID_CHARACTERS };
/** `2026-11-20T07:32:00Z`. */
const TIME: TextShape = { characters: /^[0-9TZ:-]*$/, least: 20, most: 20 };
/** The name of a bucket: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const BUCKET: TextShape = { characters: /^[a-z0-9.-]*$/, least: 3, most: 63 };
/** A key of S3, which may have any characters. */
const KEY: TextShape = { characters: /^/, least: 1, most: KEY_BYTES };
/** An MD5 in hexadecimal digits without quotes; of an object in parts, a dash and their number, 10,000 at most, follow. */
const ETAG: TextShape = { characters: /^[0-9a-f-]*$/, least: 32, most: 38 };
/** A sequencer: 18 digits, as Bucket.ts counts them. */
const SEQUENCER: TextShape = { characters: /^[0-9A-F]*$/, least: 18, most: 18 };
/** A version ID: 32 letters and digits, as VersionHistory.ts makes them. */
const VERSION_ID: TextShape = { characters: /^[0-9A-Za-z]*$/, least: 32, most: 32 };
/** A request ID: 16 hexadecimal digits, as objectCreatedEvent.ts makes them. */
const REQUEST_ID: TextShape = { characters: /^[0-9A-F]*$/, least: 16, most: 16 };

/** The most characters of a stack's name: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html */
const STACK_NAME_CHARACTERS = 128;

/** ARN of a stack: its name and a UUID, with a slash between. */
function stackArn({ partition = 'aws', region, account }: EventOwner): TextShape {
  return {
    begins: `arn:${partition}:cloudformation:${region}:${account}:stack/`,
    characters: /^[0-9A-Za-z/-]*$/,
    least: 1 + 1 + UUID_CHARACTERS,
    most: STACK_NAME_CHARACTERS + 1 + UUID_CHARACTERS,
  };
}

/** The fields of each published event. The compiler refuses a list that lacks an event, or a field of one. */
export function publishedKinds(owner: EventOwner): readonly Kind[] {
  const { region, account, partition = 'aws' } = owner;
  const envelope = {
    version: ['0'],
    id: UUID,
    account: [account],
    time: TIME,
    region: [region],
  } as const;
  const kinds: { readonly [Type in keyof PublishedEvents]: KindOf<PublishedEvents[Type]> } = {
    'Object Created': {
      ...envelope,
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      resources: { ...BUCKET, begins: `arn:${partition}:s3:::` },
      detail: {
        version: ['0'],
        bucket: { name: BUCKET },
        object: { key: KEY, size: 'count', etag: ETAG, sequencer: SEQUENCER, 'version-id': VERSION_ID },
        'request-id': REQUEST_ID,
        requester: [account],
        'source-ip-address': ['127.0.0.1'],
        reason: ['PutObject', 'CompleteMultipartUpload', 'CopyObject'],
      },
    },
    'CloudFormation Stack Status Change': {
      ...envelope,
      source: ['aws.cloudformation'],
      'detail-type': ['CloudFormation Stack Status Change'],
      resources: stackArn(owner),
      detail: {
        'stack-id': stackArn(owner),
        'status-details': { status: ['CREATE_COMPLETE', 'UPDATE_COMPLETE'], 'status-reason': [''] },
      },
    },
  };
  return Object.values(kinds);
}
