import { configJsonSchema } from '../config/json-schema.ts';

/** `upstairs schema`: the JSON Schema of the configuration, for editors. */
export function schema(): void {
  process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
}
