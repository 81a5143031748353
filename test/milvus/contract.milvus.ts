import { afterAll } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { indexEnginesOf } from '../../src/services/index-engines.ts';
import { describeEngine } from '../index/engine-contract.ts';
import { kind } from './kind.ts';
import { skipWithout } from './started.ts';

skipWithout();
const engines = indexEnginesOf(readConfig(process.env, '/x'));
afterAll(() => engines.milvus?.close());

describeEngine(`milvus (${kind})`, () => engines);
