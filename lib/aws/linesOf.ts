import type { Readable } from 'node:stream';

/** Characters of a line: a Firehose record in base64 is 1.4 million. More is no file of lines. */
const LONGEST_LINE = 8_388_608;

/**
 * The lines of a stream of UTF-8, set apart by line feeds alone: `node:readline` also breaks at U+2028, which JSON
 * may hold as it is, and takes a stream that breaks off for one that ends.
 *
 * @throws What the stream throws; RangeError for a line that has no end.
 */
export async function* linesOf(stream: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let open = '';
  for await (const chunk of stream) {
    const lines = (open + decoder.decode(chunk, { stream: true })).split('\n');
    open = lines.pop() ?? '';
    yield* lines;
    if (open.length > LONGEST_LINE) throw new RangeError(`A line is longer than ${LONGEST_LINE} characters.`);
  }
  open += decoder.decode();
  if (open !== '') yield open;
}
