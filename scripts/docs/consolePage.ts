import type * as z from 'zod';
import { routes } from '../../console/api/routes.ts';
import { asReference } from './asReference.ts';

/** docs/console.md, in whole. */
export function consolePage(): string {
  return `# The console

<!-- Made by \`npm run docs\` from console/api and scripts/docs: edit those. -->

The console shows a deployment or the local cloud: what comes in, where it is, what is wrong, and what to do.

\`npm start\` serves it for the local cloud and prints its address, http://127.0.0.1:4701/. For a deployment:

\`\`\`sh
npx sluice console --stage prod
\`\`\`
\`\`\`
The console of sluice-prod (read-only):

  http://127.0.0.1:4702/?token=…

The address has a token: it is for you alone. Ctrl-C stops it.
\`\`\`

It runs on your machine, with your own AWS credentials, and can do what these may do: reading needs the permissions of any reader of the tables ([readers.md](readers.md)), of \`sluice doctor\` ([doctor.md](doctor.md)) and of the commands in [observe.md](observe.md). Nothing of it is deployed.

| page | shows |
|---|---|
| Status | the answer of \`sluice status\` with what to do; the way of an event with its figures; refused requests and quarantine beside what was accepted, with redrive; when somebody opens them, every check of \`sluice doctor\`, the alarms, and the cost of a month |
| Live | requests and rows as they come, with filters; each unfolds to where it is and what it holds |
| Trace | the journey of an event, the events of a user, or a request |
| Tables | tables and views, which unfold to days, files, rows and columns; names of events with their properties, types, and changes of them |
| Days | one calendar of customers' drops, exports and curated tables; a day opens to what happened and what to do |
| Experiments | units by group and day, the split against the expected one, crossovers, units that were held out |
| SQL | a field for a query, its bytes and price, the tables beside it |

The console of the local cloud also has switches, above every page: a button that delivers what the streams buffer, and the clock. The bar always says when the clock is moved or a fault is on; faults are set by the [control API](local.md#faults).

Every page is a client of the API below. The API answers what these commands answer: \`sluice status\`, \`tail\`, \`trace\`, \`check\`, \`names\`, \`tables\`, \`query\`, \`ingest\`, \`export\`, \`curate\`, \`quarantine\`, \`redrive\`, \`doctor\`, \`cost\`.

## Who may use it

- It listens on 127.0.0.1 only.
- \`sluice console\` makes a token at each start. The page takes it out of the address and keeps it for the tab. Every call of the API needs it. The local cloud has no token, as its other endpoints have none.
- \`Host\` and \`Origin\` must be the console's own. \`npm start -- --allow-hosts\` allows more names.
- The page loads nothing from elsewhere and runs no script but its own (\`Content-Security-Policy\`). Data of users and customers is shown as text.
- \`sluice console\` is read-only. With \`--write\` it can redrive, run the ingest, load days again, export days, curate days, and run SQL that changes something. Each action but SQL first says what it would do. The console of the local cloud may always write.

## API

Every page is a client of a documented JSON API: [each call](reference/console.md).

\`\`\`sh
curl 'http://127.0.0.1:4701/api/deployment'
\`\`\`
`;
}

/** docs/reference/console.md, in whole. */
export function consoleApiPage(): string {
  return asReference(`# The console's API

<!-- Made by \`npm run docs\` from console/ and scripts/docs: edit those. -->

Calls answer JSON. Bodies are JSON, with \`content-type: application/json\`. With a token, send \`Authorization: Bearer …\`. A list has \`next\`, null at its end: it is the \`cursor\` of the next page. An error is \`{"error":{"code","message","cause","cure"}}\` with a status of 400, 401, 403, 404 or 500 ([errors.md](reference/errors.md)). A call that nobody waits for any longer is cancelled.

\`\`\`sh
curl 'http://127.0.0.1:4701/api/deployment'
\`\`\`

| call | answers | parameters |
|---|---|---|
${routes.map((one) => `| \`${one.method} ${one.path}\`${one.writes ? ', writes' : ''}${one.localOnly ? ', local cloud only' : ''} | ${one.summary} | ${parametersOf(one.query, one.body)} |`).join('\n')}
`);
}

function parametersOf(...schemas: readonly (z.ZodObject | undefined)[]): string {
  const names = schemas.flatMap((schema) => Object.keys(schema?.shape ?? {}).map((name) => `\`${name}\``));
  return names.length === 0 ? '' : names.join(', ');
}
