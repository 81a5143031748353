/** Writes .env.example from the table in src/config.ts. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { envExample } from '../src/config.ts';

writeFileSync(path.resolve(import.meta.dirname, '../.env.example'), envExample());
