import { createHash } from 'node:crypto';
import { z } from 'zod';
import { notImplemented } from '../protocol/AwsError.ts';
import { blob } from '../protocol/JsonService.ts';
import { invalidParameter } from './errors.ts';

/** An attribute of a message as it is stored; bytes are base64. */
export const storedAttributeSchema = z.strictObject({
  DataType: z.string(),
  StringValue: z.string().optional(),
  BinaryValue: z.base64().optional(),
});
/** One attribute of a message. */
export type MessageAttribute = Readonly<z.output<typeof storedAttributeSchema>>;
/** The attributes of a message by name. */
export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

const attributeSchema = z.strictObject({
  DataType: z.string(),
  StringValue: z.string().optional(),
  BinaryValue: blob.optional(),
  StringListValues: z.array(z.unknown()).optional(),
  BinaryListValues: z.array(z.unknown()).optional(),
});

/** `MessageAttributes` or `MessageSystemAttributes` of a message that is sent. */
export const attributesInput = z.record(z.string(), attributeSchema).default({});

/** Characters of XML 1.0: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
export const ALLOWED_TEXT = /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u;

const MOST_ATTRIBUTES = 10;
/** With letters of Latin-1 and Latin Extended-A: localstack's test_send_message_with_invalid_string_attributes, run on AWS. */
const NAME = /^(?!\.)(?!.*\.\.)[\w\u00c0-\u017f.-]{1,256}(?<!\.)$/;
const RESERVED = /^(aws|amazon)\./i;
const TYPE = /^(String|Number|Binary)(\.[^\s]{1,249})?$/;
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

/**
 * Reads the attributes of a message that is sent.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
 *
 * @throws AwsError `InvalidParameterValueException`; 501 for lists, which SQS doesn't implement either.
 */
export function readAttributes(given: z.output<typeof attributesInput>): MessageAttributes {
  const entries = Object.entries(given);
  if (entries.length > MOST_ATTRIBUTES)
    throw invalidParameter(
      `Number of message attributes [${entries.length}] exceeds the allowed maximum [10].`,
    );
  return Object.fromEntries(entries.map(([name, attribute]) => [name, readAttribute(name, attribute)]));
}

function readAttribute(
  name: string,
  { DataType, StringValue, BinaryValue, ...lists }: z.output<typeof attributeSchema>,
): MessageAttribute {
  if (!NAME.test(name) || RESERVED.test(name))
    throw invalidParameter(
      `The message attribute name '${name}' is invalid. Attribute name can contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.) characters.`,
    );
  for (const [member, list] of Object.entries(lists))
    if (list !== undefined && list.length > 0) throw notImplemented(`sqs SendMessage with ${member}`);
  const [, type] = TYPE.exec(DataType) ?? [];
  if (type === undefined)
    throw invalidParameter(
      `The type of message (user) attribute '${name}' is invalid. You must use only the following supported type prefixes: Binary, Number, String.`,
    );
  const value = type === 'Binary' ? BinaryValue : StringValue;
  const other = type === 'Binary' ? StringValue : BinaryValue;
  if (value === undefined || value.length === 0 || other !== undefined)
    throw invalidParameter(
      `Message (user) attribute '${name}' must contain a non-empty value of type '${DataType}'.`,
    );
  if (typeof value === 'string' && !ALLOWED_TEXT.test(value))
    throw invalidParameter(
      `Invalid characters found. Valid unicode characters of message (user) attribute '${name}' are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.`,
    );
  if (type === 'Number' && !NUMBER.test(String(value)))
    throw invalidParameter(`Can't cast the value of message (user) attribute '${name}' to a number.`);
  return typeof value === 'string'
    ? { DataType, StringValue: value }
    : { DataType, BinaryValue: Buffer.from(value).toString('base64') };
}

function bytesOf({ StringValue, BinaryValue }: MessageAttribute): Buffer {
  return StringValue === undefined ? Buffer.from(BinaryValue ?? '', 'base64') : Buffer.from(StringValue);
}

/** Like {@link attributeBytes}, of attributes that are not checked yet. */
export function givenAttributeBytes(given: z.output<typeof attributesInput>): number {
  return Object.entries(given).reduce(
    (sum, [name, { DataType, StringValue = '', BinaryValue = [] }]) =>
      sum +
      Buffer.byteLength(name) +
      Buffer.byteLength(DataType) +
      Buffer.byteLength(StringValue) +
      BinaryValue.length,
    0,
  );
}

/** Bytes of the attributes, which count as bytes of the message. */
export function attributeBytes(attributes: MessageAttributes): number {
  return Object.entries(attributes).reduce(
    (sum, [name, attribute]) =>
      sum + Buffer.byteLength(name) + Buffer.byteLength(attribute.DataType) + bytesOf(attribute).length,
    0,
  );
}

/** What clients compare. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation */
export function attributesMd5(attributes: MessageAttributes): string {
  const hash = createHash('md5');
  const add = (bytes: Uint8Array) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const [name, attribute] of Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))) {
    add(Buffer.from(name));
    add(Buffer.from(attribute.DataType));
    hash.update(Uint8Array.of(attribute.StringValue === undefined ? 2 : 1));
    add(bytesOf(attribute));
  }
  return hash.digest('hex');
}

/** The attributes that a receiver asks for: by name, `prefix.*`, `All` or `.*`. */
export function chosenAttributes(attributes: MessageAttributes, names: readonly string[]): MessageAttributes {
  const isChosen = (name: string) =>
    names.some(
      (asked) =>
        asked === 'All' ||
        asked === '.*' ||
        asked === name ||
        (asked.endsWith('.*') && name.startsWith(asked.slice(0, -1))),
    );
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => isChosen(name)));
}
