import { randomUUID } from 'node:crypto';
import { formatJavaTime, parseJavaTime } from './javaTime.ts';
import { evaluatePrefix, hasExpression } from './prefixTemplate.ts';
import type { StreamBuffer } from './StreamBuffer.ts';
import type { StreamSettings } from './StreamSettings.ts';

/** What Firehose appends to a prefix that has no expression. */
const HOUR_FOLDERS = pattern('yyyy/MM/dd/HH/');
const SUFFIX_TIME = pattern('yyyy-MM-dd-HH-mm-ss');
/** Version of the stream's configuration; it can't be changed here. */
const STREAM_VERSION = '1';

/**
 * Keys of one buffer's objects: `<prefix><stream>-1-yyyy-MM-dd-HH-mm-ss-<uuid><extension>`, times those of the
 * oldest record's arrival. https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
 */
export function objectKeys(
  stream: string,
  settings: StreamSettings,
  buffer: StreamBuffer,
): { readonly data: string; readonly failures: string } {
  const { timeZone, prefix, errorPrefix } = settings;
  const { oldestArrivalMs, target } = buffer;
  const time = (format: typeof SUFFIX_TIME) => formatJavaTime(format, oldestArrivalMs, timeZone);
  const suffix = () => `${stream}-${STREAM_VERSION}-${time(SUFFIX_TIME)}-${randomUUID()}`;
  const errorOutputType = 'partition' in target ? 'format-conversion-failed' : target.errorOutputType;
  const partition = 'partition' in target ? target.partition : new Map<string, string>();
  const data = evaluatePrefix(prefix, { oldestArrivalMs, timeZone, partition });
  const failures = evaluatePrefix(errorPrefix, { oldestArrivalMs, timeZone, errorOutputType });
  return {
    data: `${data}${hasExpression(prefix) ? '' : time(HOUR_FOLDERS)}${suffix()}${extension(settings)}`,
    // Error output has no extension, whatever FileExtension says.
    failures: `${failures}${hasExpression(errorPrefix) ? '' : `${errorOutputType}/${time(HOUR_FOLDERS)}`}${suffix()}`,
  };
}

function extension({ fileExtension, conversion, compression }: StreamSettings): string {
  if (fileExtension !== undefined) return fileExtension;
  if (conversion !== undefined) return '.parquet';
  return compression === 'GZIP' ? '.gz' : '';
}

function pattern(text: string) {
  const parsed = parseJavaTime(text);
  if ('unknown' in parsed) throw new Error(`${text} is no pattern of ours.`);
  return parsed;
}
