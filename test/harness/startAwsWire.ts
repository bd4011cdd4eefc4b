import { createServer, type IncomingMessage } from 'node:http';
import type { TableKind } from '../../lib/schema/kinds.ts';
import { listen } from './listen.ts';
import { rowsOfRecord } from './rowsOfRecord.ts';

/** A row of a record that a stream was given, or that became an object. */
interface WireRow {
  /** Whether the stream has the record, or it became an object. */
  readonly place: 'stream' | 'object';
  /** The table that the row is for. */
  readonly table: TableKind;
  /** JSON. */
  readonly document: string;
}

/** How a stream answers: it takes the record, or fails. */
type PutAnswer = 'take' | { readonly error: string; readonly status: number } | 'hang';

/** Firehose, S3, SQS and a secret without keys as the collector sees them: their wire protocols, answering as the test says. */
interface AwsWire {
  /** Address of all services. */
  readonly url: string;
  /** Rows of records that were acknowledged or stored only. */
  readonly rows: WireRow[];
  /** Texts of objects that were put, by key. */
  readonly objects: Map<string, string>;
  /** Bodies of messages that were sent, and the URL of the queue of each. */
  readonly messages: { readonly queueUrl: string; readonly body: string }[];
  /** How many calls each service has had. */
  readonly calls: { firehose: number; s3: number };
  /** Answers of the coming Firehose calls, in order; then all succeed. */
  answers: PutAnswer[];
  /** Status of the coming S3 calls. */
  s3Status: number;
  close(): Promise<void>;
}

/** Starts the stand-ins on one loopback port. */
export async function startAwsWire(): Promise<AwsWire> {
  const server = createServer(async (request, response) => {
    const body = await readBody(request).catch(() => null);
    // The client gave up while it was sending.
    if (body === null) return;
    const target = request.headers['x-amz-target'];
    if (target === undefined) {
      wire.calls.s3 += 1;
      if (wire.s3Status === 200 && request.method === 'PUT') {
        const key = decodeURIComponent(pathOf(request));
        const payload = payloadOf(request, body);
        wire.objects.set(key, payload.toString('utf8'));
        if (key.includes('/landing/')) keep(payload, 'object');
      }
      response.writeHead(wire.s3Status, { 'content-type': 'application/xml' });
      response.end(
        wire.s3Status === 200 ? '' : '<Error><Code>Broken</Code><Message>broken</Message></Error>',
      );
      return;
    }
    if (target === 'secretsmanager.GetSecretValue') {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify({ SecretString: '{"keys":[]}' }));
      return;
    }
    if (target === 'AmazonSQS.SendMessage') {
      const sent: { QueueUrl: string; MessageBody: string } = JSON.parse(body.toString('utf8'));
      wire.messages.push({ queueUrl: sent.QueueUrl, body: sent.MessageBody });
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify({ MessageId: 'm' }));
      return;
    }
    wire.calls.firehose += 1;
    const answer = wire.answers.shift() ?? 'take';
    if (answer === 'hang') return;
    if (answer !== 'take') {
      response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify({ __type: answer.error, message: 'scripted' }));
      return;
    }
    const { Record }: { Record: { Data: string } } = JSON.parse(body.toString('utf8'));
    keep(Buffer.from(Record.Data, 'base64'), 'stream');
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify({ RecordId: `record-${wire.calls.firehose}`, Encrypted: true }));
  });
  const url = await listen(server);
  const keep = (record: Uint8Array, place: WireRow['place']) => {
    for (const { table, row } of rowsOfRecord(record))
      wire.rows.push({ place, table, document: JSON.stringify(row) });
  };
  const wire: AwsWire = {
    url,
    rows: [],
    objects: new Map(),
    messages: [],
    calls: { firehose: 0, s3: 0 },
    answers: [],
    s3Status: 200,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return wire;
}

/** The whole body of a request. */
async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The path of a request without its first slash: the bucket and the key. */
function pathOf(request: IncomingMessage): string {
  return new URL(request.url ?? '/', 'http://x').pathname.slice(1);
}

/** The SDK may send a checksum behind the body, in `aws-chunked` form. */
function payloadOf(request: IncomingMessage, body: Buffer): Buffer {
  if (!(request.headers['content-encoding'] ?? '').includes('aws-chunked')) return body;
  const lineEnd = body.indexOf('\r\n');
  const length = Number.parseInt(body.toString('latin1', 0, lineEnd), 16);
  return body.subarray(lineEnd + 2, lineEnd + 2 + length);
}
