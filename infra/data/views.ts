import { CURATE_PARAMETER } from '../../lib/curate/ViewCatalog.ts';
import { EXPANDED_TEXT, prestoViewText } from '../../lib/views/prestoView.ts';
import type { View, ViewName } from '../../lib/views/View.ts';
import { viewNames } from '../../lib/views/viewNames.ts';
import { views as viewsOf } from '../../lib/views/views.ts';
import { type Resource, type Resources, ref } from '../template/Resource.ts';
import { idOf, type Stack } from '../template/Stack.ts';
import { databaseName, glueColumn } from './catalog.ts';

/** Logical ID of a view, e.g. `ExperimentExposuresView`. */
export function viewId(name: ViewName): string {
  return idOf(name, 'View');
}

/** The views of lib/views in the catalog. They are deleted with the stack, because they hold no data. */
export function views(stack: Stack): Resources {
  const all = viewsOf(stack.config);
  return Object.fromEntries(viewNames.map((name) => [viewId(name), glueView(stack, all[name])]));
}

/**
 * A view as Athena's own CREATE VIEW stores it in Glue. The text decides what is read, and the columns are only for
 * display. `ds` is one of the columns, because a view has no partitions.
 */
function glueView(stack: Stack, view: View): Resource {
  return {
    Type: 'AWS::Glue::Table',
    Properties: {
      CatalogId: ref('AWS::AccountId'),
      DatabaseName: databaseName(stack),
      TableInput: {
        Name: view.name,
        Description: view.comment,
        TableType: 'VIRTUAL_VIEW',
        Parameters: {
          presto_view: 'true',
          comment: 'Presto View',
          ...(stack.config.curate ? { [CURATE_PARAMETER]: 'true' } : {}),
        },
        PartitionKeys: [],
        StorageDescriptor: {
          Columns: view.columns.map(glueColumn),
          Location: '',
          SerdeInfo: {},
        },
        ViewOriginalText: prestoViewText(view, stack.config.database),
        ViewExpandedText: EXPANDED_TEXT,
      },
    },
  };
}
