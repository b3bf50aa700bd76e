import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedPages } from './pages.ts';
import { program } from './program.ts';

const docs = join(import.meta.dirname, '..');

for (const [path, text] of generatedPages(await program())) writeFileSync(join(docs, path), text);
