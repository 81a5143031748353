/** Writes .env.example and docs/configuration.md from the table in src/config/variables.ts. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { envExample } from '../src/config/env-example.ts';
import { variables } from '../src/config/variables.ts';
import { configurationDoc } from './configuration-doc.ts';

const root = path.resolve(import.meta.dirname, '..');
writeFileSync(path.join(root, '.env.example'), envExample());
writeFileSync(path.join(root, 'docs/configuration.md'), configurationDoc(variables));
