import { nearestName } from '../lib/nearest-name.ts';
import { configJsonSchema } from './json-schema.ts';

/** What is read of a JSON Schema. */
interface Schema {
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
}

/**
 * The option that an unknown one was probably meant to be: one of its section whose name is near, else the only one of that name in another
 * section. Undefined: none. Tells only names of ours.
 * @param path of the unknown option
 * @param value the whole configuration: what is in it says which kind of source it is about
 */
export function meantOption(path: readonly string[], value: unknown): string | undefined {
  const schema = configJsonSchema() as Schema;
  const name = path.at(-1) ?? '';
  const near = nearestName(name, namesIn(sectionAt(schema, path.slice(0, -1), value)));
  if (near !== undefined) return near;
  const elsewhere = pathsOf(schema, '').filter((option) => option.endsWith(`.${name}`) || option === name);
  return elsewhere.length === 1 ? elsewhere[0] : undefined;
}

function sectionAt(schema: Schema, path: readonly string[], value: unknown): readonly Schema[] {
  let sections: readonly Schema[] = [schema];
  let inner = value;
  for (const step of path) {
    inner = (inner as Record<string, unknown> | undefined)?.[step];
    const type = (inner as { type?: unknown } | undefined)?.type;
    sections = sections
      .flatMap(({ properties, items }) => properties?.[step] ?? items ?? [])
      .flatMap((one) => (one.oneOf ? kindsOf(one.oneOf, type) : [one]));
  }
  return sections;
}

/** The kind that is meant; all of them, where that is not told. */
function kindsOf(kinds: readonly Schema[], type: unknown): readonly Schema[] {
  const meant = kinds.filter(({ properties }) => properties?.type?.const === type);
  return meant.length > 0 ? meant : kinds;
}

function namesIn(sections: readonly Schema[]): string[] {
  return sections.flatMap(({ properties = {} }) => Object.keys(properties));
}

function pathsOf({ properties = {}, items }: Schema, before: string): string[] {
  const inside = items ? [items, ...(items.oneOf ?? [])].flatMap((one) => pathsOf(one, `${before}[]`)) : [];
  const own = Object.entries(properties).flatMap(([name, schema]) => {
    const path = before === '' ? name : `${before}.${name}`;
    return [path, ...pathsOf(schema, path)];
  });
  return [...new Set([...own, ...inside])];
}
