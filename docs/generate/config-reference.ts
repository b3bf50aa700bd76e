import { configJsonSchema } from '../../src/config/json-schema.ts';
import { code, generated, table } from './page.ts';

/** What is read of a JSON Schema. */
interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

interface Option {
  readonly path: string;
  readonly schema: Schema;
  readonly required: boolean;
}

const introduction = `Every option, in the order of the file. Anything that is not here is refused at the start, all problems at once, by path.

- *duration*: a whole number with a unit: \`250ms\`, \`60s\`, \`10m\`, \`24h\`, \`7d\`. *size*: bytes, or a number with a unit: \`64KiB\`, \`512MiB\`, \`5GB\`.
- In values, \`\${NAME}\` and \`\${NAME:-default}\` come from the environment, \`\${file:/path}\` from a file; \`$\${\` is a plain \`\${\`.
- \`[]\` after a name: a list of these. An option of a section that is left out is needed only where the section is there.
- \`upstairs schema\` prints the JSON Schema, for an editor; \`config/upstairs.example.yaml\` is a file with all of this in it.`;

/** The configuration as a page: path, type, default, description. */
export function configReference(): string {
  const sections = Object.entries((configJsonSchema() as Schema).properties ?? {});
  const required = new Set((configJsonSchema() as Schema).required);
  const text = sections.map(([name, schema]) => section(name, schema, required.has(name)));
  return `${generated('Configuration', 'the schema in `src/config/`', introduction)}\n${text.join('\n\n')}\n`;
}

function section(name: string, schema: Schema, required: boolean): string {
  const variants = schema.items?.oneOf;
  const itself = `${schema.description ?? ''}.${required || leaf(schema) ? '' : ' Optional.'}`;
  if (variants === undefined) {
    const options = leaf(schema) ? [{ path: name, schema, required }] : inside(name, schema);
    return `## ${name}\n\n${itself}\n\n${optionTable(options)}`;
  }
  const each = variants.map((variant) => {
    const type = variant.properties?.type;
    const { type: _, ...properties } = variant.properties ?? {};
    const told = `### ${code(`type: ${type?.const}`)}\n\n${type?.description ?? ''}.`;
    return `${told}\n\n${optionTable(inside(`${name}[]`, { ...variant, properties }))}`;
  });
  return `## ${name}\n\n${itself}\n\n${each.join('\n\n')}`;
}

function inside(path: string, { properties = {}, required = [] }: Schema): Option[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const option = { path: `${path}.${name}`, schema, required: required.includes(name) };
    if (schema.items?.properties) return [option, ...inside(`${option.path}[]`, schema.items)];
    return schema.properties ? [option, ...inside(option.path, schema)] : [option];
  });
}

function optionTable(options: readonly Option[]): string {
  return table(
    ['option', 'type', 'default', 'what it is'],
    options.map(({ path, schema, required }) => [
      code(path),
      typeOf(schema),
      defaultOf(schema, required),
      schema.description ?? '',
    ]),
  );
}

function leaf(schema: Schema): boolean {
  return schema.properties === undefined && schema.items?.properties === undefined && schema.items?.oneOf === undefined;
}

function defaultOf(schema: Schema, required: boolean): string {
  if (required) return '**required**';
  if (schema.default === undefined) return '';
  return schema.properties ? '' : code(plain(schema.default));
}

function plain(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plain).join(', ')}]`;
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  return value === '' ? '""' : String(value);
}

/** Looks for the forms that units.ts, scalars.ts and listen-address.ts give. */
function typeOf(schema: Schema): string {
  if (schema.items) return schema.items.properties ? 'list' : `list of ${typeOf(schema.items)}`;
  if (schema.properties) return 'section';
  if (typeof schema.additionalProperties === 'object') return `map of ${typeOf(schema.additionalProperties)}`;
  const forms = [schema, ...(schema.anyOf ?? []), ...(schema.anyOf ?? []).flatMap(({ anyOf = [] }) => anyOf)];
  const types = forms.map(({ type }) => type);
  if (types.includes('boolean')) return 'true or false';
  const words = forms.find((form) => form.enum)?.enum;
  if (words) return words.map((word) => code(String(word))).join(' or ');
  const patterns = forms.map(({ pattern = '' }) => pattern).join(' ');
  if (patterns.includes('ms|s|m|h|d')) return 'duration';
  if (patterns.includes('KiB|MiB')) return 'size';
  if (types.includes('integer')) return 'number';
  return patterns.includes(':(\\d{1,5})$') ? 'address:port' : 'text';
}
