/** Descriptions of the members that `--json` of a command prints: Markdown of docs/reference/cli.md, by command. */
export const jsonMembers: Readonly<Record<string, string>> = {
  check: `| member | content |
|---|---|
| \`experiment\`, \`kind\`, \`shared\`, \`layer\`, \`environment\`, \`unit\`, \`units\` | real name; \`experiment\` or \`gate\`; whether both have the name; its layer; tier; column of the unit ID; units in groups |
| \`groups\` | by group: \`group_id\`, \`group_name\`, \`units\`, \`expected\` (units, null if not tested), \`exposures\`, \`crossovers\`, \`null_units\` |
| \`days\` | by day and group: \`ds\`, \`group_id\`, \`units\` first exposed on the day, \`exposures\` |
| \`p_value\`, \`p_value_without_crossovers\`, \`alpha\` | the test; null without a test |
| \`verdict\` | \`as_expected\`, \`suspicious\`, \`mismatch\` or \`not_tested\` |
| \`mismatch\` | whether the exit code is 3: the verdict is \`mismatch\` |
| \`largest_deviation\` | the largest difference of a group from its expected units, as a share of all units; null if not tested |
| \`unexpected_groups\` | IDs of groups that have units but are not expected |
| \`expected_from\` | \`configuration\`, \`specs\`, \`equal\` or null |
| \`untested\` | null, or \`reason\` (\`no_split\`, \`share_unknown\`, \`split_changed\`, \`autotune\`, \`ambiguous_group\`, \`one_group\`, \`no_units\`) and \`text\` |
| \`exposures\`, \`exposures_by_unit\`, \`null_units\` | exposures to groups: all, those with each unit ID, those without the checked one |
| \`crossovers\`, \`held_out\`, \`held_out_in_groups\`, \`holdouts_known\` | units that saw several groups; units that were held out; units in a group that were held out at another time |
| \`first_seen\`, \`last_seen\` | times of the first and last exposure to a group |
| \`newest_received_at\`, \`lag_ms\` | when the newest row was received; milliseconds since then |
| \`scanned_bytes\` | bytes that Athena read |

Without a name:

| member | content |
|---|---|
| \`experiments\` | by experiment: \`experiment\`, \`kind\`, \`layer\`, \`unit\`, \`units\`, \`exposures\` within the days, \`groups\` (\`group_id\`, \`group_name\`, \`units\`, \`expected\`, \`crossovers\`), \`crossovers\`, \`held_out\`, \`held_out_in_groups\`, \`null_units\`, \`first_seen\`, \`last_seen\` within the days, \`verdict\`, \`p_value\`, \`p_value_without_crossovers\`, \`largest_deviation\`, \`expected_from\`, \`untested\`, \`unexpected_groups\` |
| \`total\`, \`cut\` | how many there are; whether there are more than 5,000 |
| \`environment\`, \`from\`, \`to\` | tier; first and last day |
| \`without_exposures\` | names of the configuration without exposures within the days |
| \`scanned_bytes\` | bytes that Athena read |`,
  cost: `| member | content |
|---|---|
| \`usd_per_month\`, \`usd_per_million\` | USD; the second is null without events |
| \`parts\` | USD a month by part; parts that are not known are absent |
| \`usage\` | of the month: \`events\`, \`requests\`, \`invocations\`, \`gigabyte_seconds\`, \`write_invocations\`, \`write_gigabyte_seconds\`, \`record_bytes\`, \`billed_bytes\`, \`objects\`, \`files\`, \`stored_bytes\`, \`log_bytes\`, \`metrics\`, \`athena_bytes\` |
| \`source\` | \`kind\` is \`sample\`, with \`requests\` and \`events\`, or \`stage\`, with \`stack\`, \`since\` and \`until\` |
| \`not_included\` | sentences |`,
  curate: `Of \`status\`: \`{"isOn","curateAfter","firstYoung","tables":[{"kind","table","rawTable","listed","leftOut","days":[{"day","state","why","raw":{"files","bytes"},"version","files","bytes","account","failure","isLate"}]}]}\`; of the others \`{"dryRun","asked":[{"kind","table","from","to","days"}]}\`.`,
  names: `| member | content |
|---|---|
| \`events\` | by event, those with the most rows first: \`event\`, \`rows\`, \`first_seen\`, \`last_seen\`, \`days\` (rows of each day), \`value\` (types), \`properties\` (\`property\`, \`rows\`, \`share\` of the event's rows, \`first_seen\`, \`last_seen\`, \`types\`), \`property_count\`, \`warnings\` (kinds) |
| types | \`type\` (\`string\`, \`number\`, \`boolean\`, \`array\`, \`object\`, \`null\`, of a value also \`none\`), \`rows\`, \`share\`, \`first_day\`; the most frequent first |
| \`warnings\` | \`kind\`, \`event\`, \`property\`, \`day\`, \`text\`; at most 200, and \`warnings_left_out\` |
| \`total\`, \`cut\` | how many events there are; whether events were left out |
| \`environment\`, \`from\`, \`to\` | tier; first and last day |
| \`scanned_bytes\`, \`usd\` | bytes that Athena read, and their price |`,
  quarantine: `| command | members |
|---|---|
| \`quarantine\` | \`from\`, \`to\`, \`rows\`, \`reasons\`: \`code\`, \`cause\`, \`cure\`, \`part\` (\`body\`, \`event\`, \`row\` or \`file_row\`), \`isRedrivable\`, \`rows\`, \`items\` (resends count once), \`firstAt\`, \`lastAt\` |
| \`--reason\` | \`rows\`: \`quarantineId\`, \`receivedAt\`, \`day\`, \`reason\`, \`detail\`, \`keyLabel\`, \`keyEnvironment\`, \`sdkType\`, \`sdkVersion\`, \`path\`, \`raw\` (2,000 characters; \`isCut\`, \`rawLength\`), \`rawEncoding\`, \`rawLocation\`; \`hasMore\` |
| \`--item\` | \`row\` with its whole \`raw\`, also of an object of its own; \`reason\`, \`part\`, \`copies\`; \`redrive\`: \`outcome\` (\`delivered\`, \`partly\`, \`refused\`, \`ignored\` or \`not_redrivable\`), \`delivered\`, \`documents\` (\`kind\`, \`table\`, \`eventId\`, \`row\`), \`refused\`, \`ignored\` |

All have \`scannedBytes\`, which Athena read; lists have \`notes\`.`,
  reconcile: `\`{"closes","day","hours":[{"hour","closed","received","ignored","not_stored","tables":[{"table","landed","overflowed","found","doubles","given_up","buffered","missing","surplus"}],"problems":[…],"notes":[…]}],"notes":[…]}\``,
  status: `\`{"stack","isLocal","at","isWell","problems":[{"code","severity","part","label","cause","detail","cure","commands","section"}],"collector","lastHour":{"requests","received","landed","quarantined","overflowed","ignored","failedBy","refusedBy","tables","lastRequestAt"},"lastRequestAt","refusals":{"groups":[{"code","key","sdk","requests","first","last"}],"hasMore"},"senders","lastEventAt","tables":[{"table","name","newestRowAt","lagSeconds","rowsLastHour"}],"waiting":{"buffered":{"count","oldest"},"landing":{"count","bytes","hasMore","oldest"},"damaged":{…}},"stream","partitions":{"days","gaps":[{"table","day"}]},"quarantine":[{"reason","rows","newestAt"}],"datasets","exports","curated":[{"kind","table","listed","leftOut","raw","failed":[{"day","code"}],"late","unplanned"}],"faults","relay":{"waiting":{"count","queued","objects","hasMore","oldest","oldestQueued","oldestStored"},"refused":[{"reason","count","oldest"}],"deadLetters"},"alarms","unknown":[{"part","why"}],"notes","scannedBytes"}\``,
  tables: `Without a table \`{"database","tables":[{"name","kind","description","columns":[{"name","type","comment","isKey"}],"location","hasDays","hasDayColumn","days","dataset","forwardedKind"}],"missing"}\`; with one \`{"table","days","curated","files","sample"}\`, of which \`days\` is \`{"table","days":[{"day","state","rows","files","bytes","lastModified","location"}],"first","last","hasMore","scannedBytes"}\`, \`curated\` is \`{"table","days"}\`, the days that views read from the curated table, \`files\` is \`{"table","day","location","isRegistered","files":[{"key","bytes","lastModified"}],"hasMore"}\`, and \`sample\` is \`{"columns","rows","next","id","sql","scannedBytes"}\`; each is null where it does not apply. \`kind\` is \`forwarded\`, \`quarantine\`, \`ingested\`, \`curated\`, \`groups\`, \`view\` or \`other\`.`,
  tail: `The first is \`{"type":"source","from","successes","notes"}\`: \`from\` is \`feed\` or \`log\`, \`successes\` the part of the successful requests that is shown. \`{"type":"dropped","count"}\` counts missed messages. The others:

- \`{"type":"request","at","request_id","status","ms","sdk_type","sdk_version","key_label","endpoint","received","exposures","events","landed","ignored","quarantined","overflowed","code","refused","ignored_as","not_streamed"}\`: \`code\` is the code of the answer, \`refused\` counts refused events by code, \`ignored_as\` ignored ones by reason, and \`not_streamed\` says why rows did not go to Firehose (null if they did). \`endpoint\` is the name of an endpoint of Statsig that the collector does not serve. Logs have no paths, because paths can hold keys.
- \`{"type":"event","at","kind","event_id","name","user_id","unit","group","code","sdk_type","sdk_version","received_at","row"}\`: \`kind\` is the table, \`row\` the row. \`code\` is why it is in quarantine.`,
  trace: `\`{"subject","state","found","more","steps":[{"at","what"}],"notes":[…]}\`; \`at\` is null where no time is known. With \`--row\` it has \`"row":{"kind","columns"}\`, if there is one.`,
};
