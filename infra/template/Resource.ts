/** What a CloudFormation property may hold, intrinsic functions included. */
export type Value = string | number | boolean | readonly Value[] | { readonly [name: string]: Value };

/**
 * One resource of the template.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html
 */
export interface Resource {
  readonly Type: `AWS::${string}`;
  readonly Properties: { readonly [name: string]: Value };
  readonly DependsOn?: readonly string[];
  /**
   * What outlives the stack; but where the very deployment that makes it fails, it goes again, or every further
   * deployment would find its name taken. `Retain` is for what has no name that could be taken. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
   */
  readonly DeletionPolicy?: 'Retain' | 'RetainExceptOnCreate';
  readonly UpdateReplacePolicy?: 'Retain';
}

/** Resources by logical ID. */
export type Resources = Readonly<Record<string, Resource>>;

/** One output of the stack. */
export interface Output {
  readonly Description: string;
  readonly Value: Value;
}
