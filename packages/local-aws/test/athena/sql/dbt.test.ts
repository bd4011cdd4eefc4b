import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parsePartitionFilter } from '../../../src/glue/partitionFilter.ts';
import { openLake } from './openLake.ts';

// Statements that the macros of dbt-athena 1.11 and of dbt-adapters produce:
// https://github.com/dbt-labs/dbt-adapters/tree/main/dbt-athena/src/dbt/include/athena/macros

const SCHEMA = { QueryExecutionContext: { Catalog: 'awsdatacatalog', Database: 'marts' } };
const HEADER =
  '-- /* {"app": "dbt", "dbt_version": "1.11.16", "profile_name": "shop", "target_name": "dev", "node_id": "model.shop.it\'s"} */\n';

let lake: Awaited<ReturnType<typeof openLake>>;
beforeAll(async () => {
  lake = await openLake();
  await lake.rows(`${HEADER}create schema if not exists \`marts\`\n  `, SCHEMA);
});
afterAll(() => lake.close());

const rows = (sql: string) => lake.rows(sql, SCHEMA);
const commented = (sql: string) => rows(HEADER + sql);
const relation = (name: string) => `"awsdatacatalog"."marts"."${name}"`;

let made = 0;
/** A table as the macro `create_table_as` makes it, at a location of its own. */
async function createTableAs(name: string, sql: string, partitionedBy = ''): Promise<void> {
  made += 1;
  await commented(`
    create table ${relation(name)}
    with (
      table_type='hive',
      is_external=true,external_location='s3://lake/marts/${name}/${made}',${partitionedBy}
      format='parquet'
    )
    as
      ${sql}`);
}

/** A table as dbt-athena drops it: by calls to Glue, after its objects. */
const drop = (name: string) => lake.catalog.deleteTable('marts', name);

describe('models', () => {
  it('make a view, again and again', async () => {
    for (const most of [3, 5])
      await commented(`create or replace view
    ${relation('few')}
  as
    

with source as (
    select id, name, ds from "awsdatacatalog"."db"."events"
)
select id, name, ds from source where id < ${most}
  `);
    expect(await rows(`select count(*) from ${relation('few')}`)).toEqual([['15']]);
    expect(lake.catalog.table('marts', 'few').version).toBe(1);
  });

  it('make a table with partitions and set its classification', async () => {
    await createTableAs(
      'daily',
      'select name, count(*) as n, ds from "awsdatacatalog"."db"."events" where id < 4 group by 1, 3',
      "\n      partitioned_by=ARRAY['ds'],",
    );
    await rows("alter table `marts`.`daily` set tblproperties ('classification' = 'parquet')\n  ");
    expect(await commented(`SELECT '{"rowcount":12,"data_scanned_in_bytes":1024}';\n  `)).toEqual([
      ['{"rowcount":12,"data_scanned_in_bytes":1024}'],
    ]);
    const { input, partitions } = lake.catalog.table('marts', 'daily');
    expect(input).toMatchObject({
      TableType: 'EXTERNAL_TABLE',
      Parameters: { classification: 'parquet' },
      PartitionKeys: [{ Name: 'ds', Type: 'date' }],
    });
    // A swap of tables reads the parameters of each partition.
    expect(partitions.map((partition) => partition.input.Parameters)).toEqual([{}, {}, {}]);
  });

  it('insert what a temporary table has', async () => {
    await createTableAs(
      'daily__dbt_tmp',
      `select name, count(*) as n, ds from "awsdatacatalog"."db"."events" where id = 7 and ds = date '2026-11-20' group by 1, 3`,
    );
    expect(
      await commented(`
    select distinct ds from ${relation('daily__dbt_tmp')};
  `),
    ).toEqual([['2026-11-20']]);
    const inserted = await lake.ask(
      `${HEADER}insert into ${relation('daily')} ("name", "n", "ds")
              (
                 select "name", "n", "ds"
                 from ${relation('daily__dbt_tmp')}
              );`,
      SCHEMA,
    );
    expect([inserted.reason, inserted.updateCount]).toEqual([undefined, 1]);
    expect(await rows(`select sum(n) from ${relation('daily')} where ds = date '2026-11-20'`)).toEqual([
      ['5'],
    ]);
    drop('daily__dbt_tmp');
  });

  it('insert by batches of partitions', async () => {
    await createTableAs('batched', `select * from ${relation('daily')} where false`);
    await commented(`insert into ${relation('batched')} ("name", "n", "ds")
                (
                   select "name", "n", "ds"
                   from ${relation('daily')}
                   where ds=DATE'2026-11-18' or ds=DATE'2026-11-19'
                );`);
    expect(await rows(`select count(*) from ${relation('batched')}`)).toEqual([['8']]);
  });

  it('insert by batches when there are more partitions than a statement may write', async () => {
    const source = `select cast(n as varchar) as name, date_add('day', n, date '2026-01-01') as ds
      from unnest(sequence(0, 211)) as t(n)`;
    await createTableAs('forced__dbt_tmp', source);
    await createTableAs('forced', `${source} where false`, "\n      partitioned_by=ARRAY['ds'],");
    const insert = (where: string) =>
      lake.ask(
        `${HEADER}insert into ${relation('forced')} ("name", "ds")
                (
                   select "name", "ds"
                   from ${relation('forced__dbt_tmp')}
                   ${where}
                );`,
        SCHEMA,
      );
    // dbt tries it whole, and divides it when Athena says this.
    expect((await insert('')).reason).toMatch(/HIVE_TOO_MANY_OPEN_PARTITIONS/);
    // The macro `get_partition_batches`.
    const days = await rows(`
    select distinct ds from (${relation('forced__dbt_tmp')}) order by ds`);
    expect(days.length).toBe(212);
    for (let from = 0; from < days.length; from += 100) {
      const batch = days.slice(from, from + 100).map(([day]) => `ds=DATE'${day}'`);
      expect((await insert(`where ${batch.join(' or ')}`)).reason).toBeUndefined();
    }
    expect(await rows(`select count(*), count(distinct ds) from ${relation('forced')}`)).toEqual([
      ['212', '212'],
    ]);
    drop('forced__dbt_tmp');
  });

  it('leave no rows of an insert that fails on the way', async () => {
    await createTableAs(
      'whole',
      `select name, ds from ${relation('daily')} where ds < date '2026-11-20'`,
      "\n      partitioned_by=ARRAY['ds'],",
    );
    await rows("alter table `marts`.`whole` add partition (ds='2026-11-20') location 's3://nowhere/whole/'");
    const count = () => rows(`select count(*) from ${relation('whole')} where ds < date '2026-11-20'`);
    const before = await count();
    const failed = await lake.ask(
      `insert into ${relation('whole')} select name, ds from ${relation('daily')}`,
      SCHEMA,
    );
    expect([failed.state, failed.reason]).toEqual(['FAILED', expect.stringContaining('bucket')]);
    expect(await count()).toEqual(before);
  });

  it('replace partitions of a column that is named like a type', async () => {
    const source = `select name, ds as "date" from "awsdatacatalog"."db"."events" where id < 2`;
    await createTableAs('by_date', source, "\n      partitioned_by=ARRAY['date'],");
    await createTableAs('by_date__dbt_tmp', `${source} and ds = date '2026-11-19'`);
    expect(
      await rows(`select distinct "date" from (${relation('by_date__dbt_tmp')}) order by "date"`),
    ).toEqual([['2026-11-19']]);
    // Before it inserts, dbt-athena's `clean_up_partitions` asks Glue for what is to be deleted.
    const { input, partitions } = lake.catalog.table('marts', 'by_date');
    const isOld = parsePartitionFilter(input.PartitionKeys ?? [], "(date='2026-11-19')");
    expect(partitions.filter(({ values }) => isOld(values)).map(({ values }) => values)).toEqual([
      ['2026-11-19'],
    ]);
    drop('by_date__dbt_tmp');
  });

  it('follow a new schema', async () => {
    await rows('alter table `marts`.`batched`\n          add columns (`note` string)');
    await rows(
      'alter table `marts`.`batched`\n          replace columns (`name` string, `n` bigint, `share` double)',
    );
    const { columns, rows: found } = await lake.ask(
      `${HEADER}select * from (
        select * from ${relation('batched')}
    ) as __dbt_sbq
    where false
    limit 0
`,
      SCHEMA,
    );
    expect(columns.map(({ Name, Type }) => [Name, Type])).toEqual([
      ['name', 'varchar'],
      ['n', 'bigint'],
      ['share', 'double'],
    ]);
    expect(found).toEqual([]);
  });
});

describe('tests', () => {
  const verdict = (sql: string) =>
    commented(`
    
    select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
      ${sql}
    ) dbt_internal_test`);

  it.each([
    ['not_null', `select name\nfrom ${relation('few')}\nwhere name is null`, '0'],
    [
      'unique',
      `select
    name as unique_field,
    count(*) as n_records

from ${relation('few')}
where name is not null
group by name
having count(*) > 1`,
      '5',
    ],
    [
      'accepted_values',
      `with all_values as (

    select
        name as value_field,
        count(*) as n_records

    from ${relation('few')}
    group by name

)

select *
from all_values
where value_field not in (
    'n0','n1','n2','n3'
)`,
      '1',
    ],
    [
      'relationships',
      `with child as (
    select name as from_field
    from (select * from ${relation('few')} where ds = date '2026-11-20') dbt_subquery
    where name is not null
),

parent as (
    select name as to_field
    from ${relation('daily')}
)

select
    from_field

from child
left join parent
    on child.from_field = parent.to_field

where parent.to_field is null`,
      '1',
    ],
  ])('%s', async (_, sql, failures) => {
    const failed = String(failures !== '0');
    expect(await verdict(sql)).toEqual([[failures, failed, failed]]);
  });
});

describe('a snapshot', () => {
  const SOURCE = `
    select unit_id, group_name from ${relation('groups_now')}
  `;
  const NOW = 'cast(now() as timestamp)';
  const SCD = `to_hex(md5(to_utf8(coalesce(cast(unit_id as varchar ), '')
         || '|' || coalesce(cast(${NOW} as varchar ), '')
        )))`;
  const VALID_TO = `
  
  coalesce(nullif(${NOW}, ${NOW}), null)
  as dbt_valid_to
`;
  const setGroups = (treated: string, most: number) =>
    commented(`create or replace view
    ${relation('groups_now')}
  as
    select name as unit_id, case when name = '${treated}' then 'treatment' else 'control' end as group_name
    from "awsdatacatalog"."db"."events" where ds = date '2026-11-20' and id < ${most}`);

  /** The staging table of the strategy `check`, with deletions that invalidate. */
  const staging = `with snapshot_query as (
        ${SOURCE}
    ),

    snapshotted_data as (

        select *, unit_id as dbt_unique_key
        from ${relation('groups')}
        where
            dbt_valid_to is null
    ),

    insertions_source_data as (

        select *, unit_id as dbt_unique_key,
            ${NOW} as dbt_updated_at,
            ${NOW} as dbt_valid_from,
            ${VALID_TO},
            ${SCD} as dbt_scd_id

        from snapshot_query
    ),

    updates_source_data as (

        select *, unit_id as dbt_unique_key,
            ${NOW} as dbt_updated_at,
            ${NOW} as dbt_valid_from,
            ${NOW} as dbt_valid_to

        from snapshot_query
    ),

    deletes_source_data as (

        select *, unit_id as dbt_unique_key
        from snapshot_query
    ),
    

    insertions as (

        select
            'insert' as dbt_change_type,
            source_data.*

        from insertions_source_data as source_data
        left outer join snapshotted_data
            on snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
            where snapshotted_data.dbt_unique_key is null
            or (snapshotted_data.dbt_unique_key is not null and (
               (snapshotted_data."group_name" != source_data."group_name"
        or
        (
            ((snapshotted_data."group_name" is null) and not (source_data."group_name" is null))
            or
            ((not snapshotted_data."group_name" is null) and (source_data."group_name" is null))
        ))
            )

        )

    ),

    updates as (

        select
            'update' as dbt_change_type,
            source_data.*,
            snapshotted_data.dbt_scd_id

        from updates_source_data as source_data
        join snapshotted_data
            on snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
        where (
            (snapshotted_data."group_name" != source_data."group_name")
        )
    )
    ,
    deletes as (

        select
            'delete' as dbt_change_type,
            source_data.*,
            ${NOW} as dbt_valid_from,
            ${NOW} as dbt_updated_at,
            ${NOW} as dbt_valid_to,
            snapshotted_data.dbt_scd_id
        from snapshotted_data
        left join deletes_source_data as source_data
            on snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
            where source_data.dbt_unique_key is null
    )

    select * from insertions
    union all
    select * from updates
    union all
    select * from deletes

`;
  const OWN = ['unit_id', 'group_name', 'dbt_updated_at', 'dbt_valid_from', 'dbt_valid_to', 'dbt_scd_id'];
  const from = (side: 'source' | 'dest') =>
    OWN.map((column) => `dbt_internal_${side}."${column}"`).join(', ');
  const updated = OWN.map(
    (column) => `dbt_internal_${column === 'dbt_valid_to' ? 'source' : 'dest'}."${column}"`,
  ).join(', ');
  const merged = `-- Unchanged rows
      select ${from('dest')}
      from ${relation('groups')} as dbt_internal_dest
      left join ${relation('groups__dbt_tmp')} as dbt_internal_source
      on dbt_internal_source.dbt_scd_id = dbt_internal_dest.dbt_scd_id
      where dbt_internal_source.dbt_scd_id is null

      union all

      -- Updated or deleted rows
      select ${updated}
      from ${relation('groups')} as dbt_internal_dest
      inner join ${relation('groups__dbt_tmp')} as dbt_internal_source
      on dbt_internal_source.dbt_scd_id = dbt_internal_dest.dbt_scd_id
      where dbt_internal_dest.dbt_valid_to is null
        and dbt_internal_source.dbt_change_type in ('update', 'delete')

      union all

      -- New rows
      select ${from('source')}
      from ${relation('groups__dbt_tmp')} as dbt_internal_source
      left join ${relation('groups')} as dbt_internal_dest
      on dbt_internal_dest.dbt_scd_id = dbt_internal_source.dbt_scd_id
      where dbt_internal_dest.dbt_scd_id is null
`;

  it('keeps what a row was, until when', async () => {
    await setGroups('none', 3);
    await createTableAs(
      'groups',
      `
    select *,
        ${SCD} as dbt_scd_id,
        ${NOW} as dbt_updated_at,
        ${NOW} as dbt_valid_from,
        ${VALID_TO}
    from (
        ${SOURCE}
    ) sbq
`,
    );
    expect(lake.catalog.table('marts', 'groups').input.StorageDescriptor?.Columns?.slice(2)).toEqual([
      { Name: 'dbt_scd_id', Type: 'string' },
      { Name: 'dbt_updated_at', Type: 'timestamp' },
      { Name: 'dbt_valid_from', Type: 'timestamp' },
      { Name: 'dbt_valid_to', Type: 'timestamp' },
    ]);

    lake.athena.clock.advance(60_000);
    await setGroups('n1', 4);
    await createTableAs('groups__dbt_tmp', staging);
    await createTableAs('groups__dbt_tmp_snapshot', merged);
    drop('groups');
    await createTableAs('groups', `select * from ${relation('groups__dbt_tmp_snapshot')};`);
    drop('groups__dbt_tmp');
    drop('groups__dbt_tmp_snapshot');

    expect(
      await rows(
        `select unit_id, group_name, dbt_valid_from, dbt_valid_to from ${relation('groups')} order by 1, 3`,
      ),
    ).toEqual([
      ['n0', 'control', '2026-11-20 07:32:00.000', undefined],
      ['n1', 'control', '2026-11-20 07:32:00.000', '2026-11-20 07:33:00.000'],
      ['n1', 'treatment', '2026-11-20 07:33:00.000', undefined],
      ['n2', 'control', '2026-11-20 07:32:00.000', undefined],
      ['n3', 'control', '2026-11-20 07:33:00.000', undefined],
    ]);
  });
});

describe('renames of Hive tables, and changes of their rows', () => {
  it.each([
    ['alter table `marts`.`daily` rename to `marts`.`other`', /NOT_SUPPORTED: ALTER TABLE RENAME/],
    [
      `merge into ${relation('daily')} as target using ${relation('few')} as src on target.name = src.name when matched then delete`,
      /NOT_SUPPORTED: MERGE is not emulated/,
    ],
  ])('is refused by name: %s', async (sql, what) => {
    const refused = await lake.ask(sql, SCHEMA).then(
      ({ reason }) => reason,
      (error: Error) => error.message,
    );
    expect(refused).toMatch(what);
  });
});
